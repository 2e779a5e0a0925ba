import { describe, expect, it } from 'vitest';
import type { Mapping } from '../../src/contract/mapping.ts';
import { handledEvents, ReceivedMessages } from '../../src/generator/received-messages.ts';

const mapping: Mapping = {
  delivery: { event: ['said', 'pinged'] },
  echoed: { event: 'echoed', acknowledge: true },
};
const hooks = { answer: { ping: () => null }, acknowledge: { 'alive?': true } };

/** The reason of a drop after the server sent these events; one with `!` asks for an acknowledgement. */
function reasonAfter(...events: readonly string[]): string {
  const received = new ReceivedMessages(handledEvents({ mapping, hooks }));
  for (const event of events) received.note('event', event.replace('!', ''), null, event.endsWith('!'));
  return received.explainDrop('closed');
}

describe('the reason of a drop', () => {
  it.each([
    [['said', 'pinged', 'ping', 'alive?!', 'echoed!', 'welcome'], 'closed'],
    [['said!'], 'closed (the target does not acknowledge "said")'],
    [['welcome', 'heartbeat', 'heartbeat'], 'closed (the target does not answer "heartbeat")'],
    [['keep-alive', 'check!'], 'closed (the target does not acknowledge "check")'],
    [['alive\u001b[31m'], 'closed (the target does not answer "alive\\x1b[31m")'],
  ])('after %j names what the server did not receive', (events, reason) => {
    expect(reasonAfter(...events)).toBe(reason);
  });
});
