import type { RunResult } from '../../result/run-result.ts';
import { leadingReasons, list, plural } from '../../text.ts';
import { formatCount } from '../../units.ts';

/** What shows more than {@link receivedInstead}. */
export const SEE_TRACE = 'sockbench trace shows each message';

/** The server's last words are only a hint. */
const OUTPUT_LINES = 2;

/**
 * Says what the clients received of a server that sent nothing that they expect, what they expect, and what the server
 * printed last: `events received: welcome 15; expected: update; last output of the server: ...`.
 */
export function receivedInstead(received: NonNullable<RunResult['received']>): string {
  const { events, acknowledgements, unreadable, expected, serverOutput } = received;
  const others = [
    acknowledgements > 0 ? plural(acknowledgements, 'acknowledgement') : '',
    unreadable > 0 ? `${plural(unreadable, 'message')} without an event` : '',
  ].filter((other) => other !== '');
  const names = leadingReasons(events).map(({ reason, count }) => `${reason} ${formatCount(count)}`);
  const parts = [`events received: ${[...names, ...others].join(', ') || 'none'}`];
  // An event that came was changed, or is encoded: its name is right.
  const came = expected.some((name) => events.some(({ reason }) => reason === name));
  if (expected.length > 0)
    parts.push(`expected: ${list(expected)}${came ? ' with the payload that was sent' : ''}`);
  const output = serverOutput.slice(-OUTPUT_LINES).join(' / ');
  if (output !== '') parts.push(`last output of the server: ${output}`);
  return parts.join('; ');
}
