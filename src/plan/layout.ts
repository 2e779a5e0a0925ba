import type { Layout, Scenario, Stream } from '../contract/scenario.ts';
import { SockbenchError } from '../errors.ts';
import { seriesOfRun } from '../measure/series.ts';
import { plural } from '../text.ts';

/**
 * Refuses a layout by which messages would be counted wrongly: numbers of clients that there are not, receivers out
 * of order, series that nobody declared, steps that nobody wrote. Throws BAD_LAYOUT.
 */
export function requireSoundLayout(scenario: Scenario, layout: Layout, clients: number): void {
  const refuse = (problem: string, hint: string): never => {
    throw new SockbenchError({
      code: 'BAD_LAYOUT',
      message: `the scenario ${scenario.name}: ${problem}`,
      hint,
    });
  };
  if (!Array.isArray(layout.rooms) || !Array.isArray(layout.streams)) {
    refuse('its layout has no lists called rooms and streams', 'Return { rooms, streams }.');
  }
  const known = new Set(seriesOfRun(scenario.series).map(({ name }) => name));
  const headline = layout.headline ?? scenario.headline;
  if (!known.has(headline)) {
    refuse(
      `its headline ${headline} is no series`,
      'Declare it in series, or take one of every run: iteration, delivery, ack.',
    );
  }
  const { rooms, streams } = layout;
  if (rooms.length !== clients) {
    refuse(
      `its layout has a list of rooms for ${rooms.length} of ${plural(clients, 'client')}`,
      'Return one list for each client, empty for who joins nothing.',
    );
  }
  for (const [index, stream] of streams.entries()) {
    const problem = problemOf(stream, scenario, clients, known);
    if (problem !== null) refuse(`stream ${index} of its layout ${problem.what}`, problem.hint);
  }
}

function problemOf(
  { sender, receivers, operation, series }: Stream,
  scenario: Scenario,
  clients: number,
  known: ReadonlySet<string>,
): { readonly what: string; readonly hint: string } | null {
  const isClient = (number: number) => Number.isInteger(number) && number >= 0 && number < clients;
  const stranger = [sender, ...receivers].find((number) => !isClient(number));
  if (stranger !== undefined) {
    return { what: `names client ${stranger}`, hint: `Clients have the numbers 0 to ${clients - 1}.` };
  }
  if (receivers.some((receiver, place) => receiver <= (receivers[place - 1] ?? -1))) {
    return { what: 'names its receivers out of order', hint: 'Give them ascending, each once.' };
  }
  if (series !== undefined && !known.has(series)) {
    return { what: `goes into ${series}, which is no series`, hint: 'Declare it in series.' };
  }
  if (operation.kind === 'steps' && scenario.steps === undefined) {
    return { what: 'is of steps, and there are none', hint: 'Write steps: async (user) => { ... }.' };
  }
  return null;
}
