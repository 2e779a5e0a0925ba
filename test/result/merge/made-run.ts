import fc from 'fast-check';
import type { MadeDelivery, MadeRun } from '../../support/made-shards.ts';

const SECONDS = 4;

/** Clients, streams and messages of any kind: lost, duplicated, delivered seconds later, or received by nobody. */
export const madeRuns: fc.Arbitrary<MadeRun> = fc
  .record({
    clients: fc.integer({ min: 2, max: 9 }),
    streams: fc.array(
      fc.record({ sender: fc.nat(), receivers: fc.array(fc.nat(), { minLength: 1, maxLength: 6 }) }),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
    messages: fc.array(
      fc.record({
        stream: fc.nat(),
        second: fc.nat(SECONDS - 1),
        fates: fc.array(
          fc.record({
            latencyNs: fc.option(fc.integer({ min: 1, max: 5e9 }), { freq: 5 }),
            later: fc.nat(SECONDS - 1),
            copies: fc.integer({ min: 1, max: 3 }),
          }),
          { minLength: 6, maxLength: 6 },
        ),
      }),
      { maxLength: 20 },
    ),
  })
  .map(({ clients, streams, messages }) => {
    const made = streams.map(({ sender, receivers }) => ({
      sender: sender % clients,
      receivers: [...new Set(receivers.map((receiver) => receiver % clients))].sort((a, b) => a - b),
    }));
    const next = made.map(() => 0);
    return {
      clients,
      seconds: SECONDS,
      streams: made,
      messages: messages.map(({ stream: given, second, fates }) => {
        const stream = given % made.length;
        const seq = next[stream] ?? 0;
        next[stream] = seq + 1;
        const deliveries = (made[stream]?.receivers ?? []).map((receiver, place): MadeDelivery => {
          const { latencyNs = null, later = 0, copies = 1 } = fates[place] ?? {};
          return { receiver, latencyNs, second: Math.min(SECONDS - 1, second + later), copies };
        });
        return { stream, seq, second, deliveries };
      }),
    };
  });

/** One broadcast after another to all clients, from client 0: each arrives within its second. */
export function everyoneHears(clients: number, messages = 40, latencyNs = 1e6): MadeRun {
  const receivers = Array.from({ length: clients }, (_, client) => client);
  return {
    clients,
    seconds: SECONDS,
    streams: [{ sender: 0, receivers }],
    messages: Array.from({ length: messages }, (_, seq) => {
      const second = seq % SECONDS;
      const delivery = (receiver: number) => ({
        receiver,
        latencyNs: latencyNs + receiver,
        second,
        copies: 1,
      });
      return { stream: 0, seq, second, deliveries: receivers.map(delivery) };
    }),
  };
}
