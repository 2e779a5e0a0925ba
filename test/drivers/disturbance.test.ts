import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ClientDisruption } from '../../src/contract/disruption.ts';
import { wireWs } from '../../src/drivers/wire-ws.ts';
import { officialWs } from '../../src/drivers/ws.ts';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });

beforeAll(async () => {
  if (server.address() === null) await once(server, 'listening');
});
afterAll(() => void server.close());

/** Connects a client; returns its connection and the server's end. */
async function connect(driver: typeof wireWs) {
  const accepted = once(server, 'connection') as Promise<[WebSocket]>;
  const { port } = server.address() as AddressInfo;
  const connection = await driver.connect({
    url: `ws://127.0.0.1:${port}`,
    transport: 'websocket',
    timeoutMs: 5000,
  });
  const [socket] = await accepted;
  socket.on('error', () => {});
  return { connection, socket };
}

const disturbance = (kind: ClientDisruption) => ({ kind, answersPings: true, readHz: null });

describe.each([
  ['the wire driver', wireWs],
  ['the ws package', officialWs],
] as const)('%s', (_, driver) => {
  it.each([
    ['close', 1000],
    ['leave', 1000],
    ['fin', 1006],
    ['reset', 1006],
  ] as const)('ends a connection by %s, which is no drop', async (kind, code) => {
    const { connection, socket } = await connect(driver);
    const dropped: string[] = [];
    connection.onDropped((reason) => dropped.push(reason));
    const errors: unknown[] = [];
    (socket as unknown as { _socket: NodeJS.EventEmitter })._socket.on(
      'error',
      ({ code }: { code: string }) => errors.push(code),
    );
    const closed = once(socket, 'close');
    connection.disturb?.(disturbance(kind));
    expect((await closed)[0]).toBe(code);
    expect(errors).toEqual(kind === 'reset' ? ['ECONNRESET'] : []);
    expect(dropped).toEqual([]);
  });

  it('neither reads nor writes in silence, and does both afterwards', async () => {
    const { connection, socket } = await connect(driver);
    const received: string[] = [];
    connection.on('hello', () => received.push('hello'));
    const end = connection.disturb?.(disturbance('silence'));
    const heard = once(socket, 'message');
    connection.emit('early', 1);
    socket.send('{"event":"hello"}');
    // Another client is served meanwhile.
    const other = await connect(driver);
    const otherHeard = once(other.socket, 'message');
    other.connection.emit('late', 2);
    expect(String((await otherHeard)[0])).toContain('late');
    expect(received).toEqual([]);
    end?.();
    expect(String((await heard)[0])).toContain('early');
    await expect.poll(() => received).toEqual(['hello']);
    await Promise.all([connection.close(), other.connection.close()]);
  });

  it('reads nothing where it is half-open, and goes on sending', async () => {
    const { connection, socket } = await connect(driver);
    const received: string[] = [];
    connection.on('hello', () => received.push('hello'));
    const ponged = once(socket, 'pong');
    const end = connection.disturb?.(disturbance('half-open'));
    socket.send('{"event":"hello"}');
    const heard = once(socket, 'message');
    connection.emit('event', 1);
    expect(String((await heard)[0])).toContain('event');
    await ponged;
    expect(received).toEqual([]);
    end?.();
    await expect.poll(() => received).toEqual(['hello']);
    await connection.close();
  });
});
