import type { Layout } from '../contract/scenario.ts';

/**
 * Spreads clients over workers: client numbers per worker, ascending. When only some clients send and there
 * is more than one worker, the senders have the first worker to themselves, so that sending never waits
 * behind receiving; the others are dealt out in turn.
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

/** Whether some stream has receivers in more than one worker. */
export function fanoutIsSplit(layout: Layout, spread: ReadonlyArray<readonly number[]>): boolean {
  const workerOf = new Map(spread.flatMap((clients, worker) => clients.map((client) => [client, worker])));
  return layout.streams.some(
    (stream) => new Set(stream.receivers.map((client) => workerOf.get(client))).size > 1,
  );
}
