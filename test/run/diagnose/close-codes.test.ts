import { expect, it } from 'vitest';
import { closeReason } from '../../../src/drivers/reason.ts';
import { explainClose } from '../../../src/run/diagnose/close-codes.ts';

it.each<[code: number, reason: string, meaning: RegExp | null]>([
  [1000, '', null],
  [1001, 'bye', null],
  [1006, '', /without a close frame \(1006\): the server crashed, or a proxy/],
  [1008, 'rate limit', /rejects the client by its policy: check auth/],
  [1009, '', /does not accept a message of this size: use a smaller --payload/],
  [1011, '', /had an error of its own: read its log/],
  [1012, '', /restarts: wait/],
  [1013, '', /try again later: use a lower --connect-rate/],
  [4001, 'bad token', /its own code 4001, with the reason "bad token": look it up in the server/],
  [
    4001,
    'no heartbeat',
    /the reason "no heartbeat": let clients send heartbeats \(keepAlive of the target file\)/,
  ],
  [4002, 'idle for 30 s', /let clients send heartbeats/],
  [4003, 'wrong shipping address', /look it up in the server/],
  [4999, '', /its own code 4999, without a reason/],
  [4406, 'Subprotocol not acceptable', /set protocols in the target file/],
])('the close code %i with the reason "%s" is explained', (code, reason, meaning) => {
  const ways = [closeReason(code, reason), `transport close (${closeReason(code, reason)})`];
  for (const way of ways) {
    if (meaning === null) expect(explainClose(way)).toBeNull();
    else expect(explainClose(way)).toMatch(meaning);
  }
});

it('a reason without a close code is not explained', () => {
  expect(explainClose('ping timeout')).toBeNull();
});
