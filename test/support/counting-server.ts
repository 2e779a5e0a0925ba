import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import { WebSocketServer } from 'ws';

/** A server that counts what its clients do: connections by namespace or path, and events with their data. */
export interface CountingServer {
  readonly url: string;
  /** Each with its number, by name. Identifiers that are random in every run are replaced. */
  counts(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

const UUID = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g;

class Counts extends Map<string, number> {
  add(name: string, data: unknown = ''): void {
    const key = `${name} ${JSON.stringify(data)}`.replaceAll(UUID, 'UUID');
    this.set(key, (this.get(key) ?? 0) + 1);
  }

  get sorted(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/**
 * Acknowledges every event that asks for it: `hello` with its data, any other with `{ ok: true, event }`. Sends the
 * arguments of every event back as `echo`.
 */
export async function countSocketio(): Promise<CountingServer> {
  const http = createServer();
  const server = new Server(http);
  const counts = new Counts();
  const count = (socket: Socket) => {
    const { query, headers } = socket.handshake;
    counts.add(`connected to ${socket.nsp.name}`, {
      version: query['version'],
      team: headers['x-team'],
    });
    socket.onAny((event: string, ...given: unknown[]) => {
      const last = given.at(-1);
      const args = typeof last === 'function' ? given.slice(0, -1) : given;
      counts.add(`${socket.nsp.name} ${event}`, args);
      if (typeof last === 'function') last(event === 'hello' ? args[0] : { ok: true, event });
      socket.emit('echo', ...args);
      if (event === 'send_message') socket.emit('receive_message', Object(args[0])['message']);
    });
  };
  server.on('connection', count);
  server.of(/^\/.+/).on('connection', count);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    counts: () => counts.sorted,
    close: async () => void (await server.close()),
  };
}

/** Answers every envelope with an `id` by one with this `ack`; any other message is only counted. */
export async function countWebSocket(): Promise<CountingServer> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const counts = new Counts();
  server.on('connection', (socket, { url, headers }) => {
    counts.add(`connected to ${url}`, headers['x-team']);
    socket.on('message', (message) => {
      const text = String(message);
      counts.add('message', text);
      const id = /"id":(\d+)/.exec(text)?.[1];
      if (id !== undefined) socket.send(JSON.stringify({ ack: Number(id), data: { place: 'bar' } }));
    });
  });
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts: () => counts.sorted,
    close: async () => {
      for (const client of server.clients) client.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}
