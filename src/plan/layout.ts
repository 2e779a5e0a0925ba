import type { Layout, Scenario, Stream } from '../contract/scenario.ts';
import { fail } from '../errors.ts';
import { seriesOfRun } from '../measure/series.ts';
import { plural } from '../text.ts';

/**
 * Checks that messages of a layout can be counted: every client number exists, receivers are ascending, series are
 * declared, and steps are written. Throws BAD_LAYOUT.
 */
export function requireSoundLayout(scenario: Scenario, layout: Layout, clients: number): void {
  const { rooms, streams } = layout;
  const refuse = (problem: string, hint: string): never =>
    fail('BAD_LAYOUT', `the scenario ${scenario.name}: ${problem}`, hint);
  if (!Array.isArray(rooms) || !Array.isArray(streams)) {
    refuse('its layout has no lists called rooms and streams', 'Return { rooms, streams }.');
  }
  const known = new Set(seriesOfRun(scenario.series).map(({ name }) => name));
  const headline = layout.headline ?? scenario.headline;
  if (!known.has(headline)) {
    refuse(
      `its headline ${headline} is not a series`,
      'Declare it in series, or use a series of every run, such as iteration, delivery or ack.',
    );
  }
  if (rooms.length !== clients) {
    refuse(
      `its layout has a list of rooms for ${rooms.length} of ${plural(clients, 'client')}`,
      'Return one list for each client; an empty one for a client that joins no room.',
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
    return {
      what: 'names its receivers out of order',
      hint: 'List them in ascending order, each once.',
    };
  }
  if (series !== undefined && !known.has(series)) {
    return { what: `records into ${series}, which is not a series`, hint: 'Declare it in series.' };
  }
  if (operation.kind === 'steps' && scenario.steps === undefined) {
    return {
      what: 'has the operation steps, but the scenario has no steps',
      hint: 'Write steps: async (user) => { ... }.',
    };
  }
  return null;
}

/**
 * Distributes clients over workers; returns client numbers per worker, ascending. When only some clients send and there
 * is more than one worker, the senders have the first worker to themselves, so that sending never waits behind
 * receiving; the other workers take the receivers in turn.
 */
export function spreadClients(layout: Layout, clients: number, workers: number): number[][] {
  const spread: number[][] = Array.from({ length: workers }, () => []);
  const senders = new Set(layout.streams.map((stream) => stream.sender));
  const apart = workers > 1 && senders.size < clients;
  let turn = 0;
  for (let client = 0; client < clients; client++) {
    if (apart && senders.has(client)) {
      spread[0]?.push(client);
    } else {
      spread[apart ? 1 + (turn % (workers - 1)) : turn % workers]?.push(client);
      turn += 1;
    }
  }
  return spread;
}

/** Whether a stream has receivers in more than one worker. */
export function fanoutIsSplit(layout: Layout, spread: ReadonlyArray<readonly number[]>): boolean {
  const workerOf = new Map(spread.flatMap((clients, worker) => clients.map((client) => [client, worker])));
  return layout.streams.some(
    (stream) => new Set(stream.receivers.map((client) => workerOf.get(client))).size > 1,
  );
}
