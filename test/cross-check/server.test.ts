import { io, type Socket } from 'socket.io-client';
import { expect, it } from 'vitest';
import type { CountingServer, ServerFault } from '../../scripts/cross-check/counting-server.ts';
import { withServer } from '../../scripts/cross-check/experiments.ts';

/** Runs something with one client of a server. */
function withClient<T>(
  fault: ServerFault,
  use: (client: Socket, server: CountingServer) => Promise<T>,
): Promise<T> {
  return withServer(fault, async (server) => {
    const client = io(server.httpUrl, { transports: ['websocket'], reconnection: false });
    try {
      return await use(client, server);
    } finally {
      client.disconnect();
    }
  });
}

/** Resolves to the data of the next event of a name. */
function next(client: Socket, event: string): Promise<unknown> {
  return new Promise((resolve) => client.once(event, resolve));
}

it('counts connections, requests, answers and events by what arrived', async () => {
  await withClient({}, async (client, server) => {
    expect(await client.emitWithAck('hello', 'a')).toBe('a');
    client.emit('hello', 'without ack');
    for (const name of ['ada', 'ada', 'alan']) client.emit('note', name);
    const answer = next(client, 'answer');
    client.emit('ask', 'b');
    expect(await answer).toBe('b');
    expect(await server.counts()).toEqual({
      connections: 1,
      open: 1,
      peak: 1,
      requests: 2,
      acknowledged: 2,
      events: 4,
      distinct: 2,
      connectionsBySecond: [1],
      requestsBySecond: expect.any(Array),
    });
  });
});

it('stalls once, after its first request', async () => {
  await withClient({ stallMs: 200, stallAfterMs: 0 }, async (client) => {
    const startMs = performance.now();
    // The stall begins while these are in flight, and delays one of them.
    for (let request = 0; request < 50; request += 1) await client.emitWithAck('hello', request);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(199);
  });
});

it('never acknowledges when it must not', async () => {
  await withClient({ neverAck: true }, async (client, server) => {
    client.emit('hello', 'a', () => {});
    await expect.poll(() => server.counts()).toMatchObject({ requests: 1, acknowledged: 0 });
  });
});

it('refuses every client when it must', async () => {
  await withClient({ refuse: true }, async (client) => {
    expect(await next(client, 'connect_error')).toMatchObject({ message: 'refused' });
  });
});
