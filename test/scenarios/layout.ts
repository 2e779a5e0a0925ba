import { parseOptions } from '../../src/contract/options.ts';
import type { Layout, Scenario, Speech } from '../../src/contract/scenario.ts';
import { PLAN_OPTIONS } from '../../src/plan/options.ts';

/** Over what a scenario runs when nothing is asked for. */
function usualSpeech({ defaults }: Scenario): Speech {
  const { transport } = parseOptions({ transport: PLAN_OPTIONS.transport }, defaults ?? {});
  return { protocol: 'socketio', transport };
}

/** The layout for options as they would be written on the command line. */
export function layoutOf(
  scenario: Scenario,
  clients: number,
  given: Readonly<Record<string, string>> = {},
  speech = usualSpeech(scenario),
): Layout {
  return scenario.layout(parseOptions(scenario.options, given), clients, speech, null);
}

/** One line per stream: who sends what to whom, such as `0 publish room room-0 -> 0 1 2`. */
export function streamsOf(layout: Layout): string[] {
  return layout.streams.map(({ sender, operation, receivers }) => {
    const what =
      operation.kind === 'publish' ? `publish ${operation.scope} ${operation.room}` : operation.kind;
    return `${sender} ${what} -> ${receivers.join(' ')}`;
  });
}
