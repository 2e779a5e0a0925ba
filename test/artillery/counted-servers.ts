import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { WebSocketServer } from 'ws';
import { serveChat, socketioOptions } from '../../servers/socketio-chat.ts';
import { serveEnvelopes } from '../../servers/ws.ts';
import { decodeEnvelope } from '../../src/contract/protocol.ts';
import { DEFAULT_SERVER_SETTINGS } from '../../src/contract/server.ts';

/** What a reference server has seen, whatever its clients report. */
export interface ServerCounts {
  /** Connections of the transport: one for all namespaces of a Socket.IO client. */
  connections: number;
  /** Socket.IO clients, counted once in each namespace; equal to `connections` over raw WebSocket. */
  clients: number;
  /** Connections that are open now, and the most at one time. */
  open: number;
  maxOpen: number;
  /** Events from clients by name. */
  readonly received: Record<string, number>;
  /** Events to clients by name, once for each client. Acknowledgements are excluded. */
  readonly sent: Record<string, number>;
}

/** A reference server in this process, with its counts. */
export interface CountedServer {
  readonly url: string;
  readonly counts: ServerCounts;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

function noCounts(): ServerCounts {
  return { connections: 0, clients: 0, open: 0, maxOpen: 0, received: {}, sent: {} };
}

function add(events: Record<string, number>, name: string): void {
  events[name] = (events[name] ?? 0) + 1;
}

function opened(counts: ServerCounts): void {
  counts.connections += 1;
  counts.open += 1;
  counts.maxOpen = Math.max(counts.maxOpen, counts.open);
}

/** Starts the reference server `socketio` with counts. The chat is served in each of the namespaces. */
export async function countedSocketio(
  namespaces: readonly string[] = ['/'],
  port = 0,
): Promise<CountedServer> {
  const counts = noCounts();
  const http = createServer();
  const io = new Server(http, socketioOptions(DEFAULT_SERVER_SETTINGS));
  io.engine.on('connection', (connection) => {
    opened(counts);
    connection.on('close', () => {
      counts.open -= 1;
    });
  });
  for (const namespace of namespaces) {
    io.of(namespace).on('connection', (socket) => {
      counts.clients += 1;
      socket.onAny((event) => add(counts.received, event));
      socket.onAnyOutgoing((event) => add(counts.sent, event));
    });
    serveChat(io, { ...DEFAULT_SERVER_SETTINGS, namespace });
  }
  http.listen(port, HOST);
  await once(http, 'listening');
  const url = `http://${HOST}:${(http.address() as AddressInfo).port}`;
  return { url, counts, close: () => io.close() };
}

/** Starts the reference server `ws` with counts. */
export async function countedWs(port = 0): Promise<CountedServer> {
  const counts = noCounts();
  const wss = new WebSocketServer({ host: HOST, port });
  wss.on('connection', (socket) => {
    opened(counts);
    counts.clients += 1;
    socket.on('close', () => {
      counts.open -= 1;
    });
    socket.on('message', (message: Buffer, isBinary) => {
      add(counts.received, decodeEnvelope(message, isBinary).event);
    });
    const send = socket.send.bind(socket) as (data: string | Buffer, ...rest: unknown[]) => void;
    socket.send = (data: string | Buffer, ...rest: unknown[]) => {
      const { event, ack } = decodeEnvelope(Buffer.from(data), typeof data !== 'string');
      if (ack === undefined) add(counts.sent, event);
      send(data, ...rest);
    };
  });
  serveEnvelopes(wss);
  await once(wss, 'listening');
  const url = `ws://${HOST}:${(wss.address() as AddressInfo).port}`;
  const close = () =>
    new Promise<void>((resolve) => {
      for (const client of wss.clients) client.terminate();
      wss.close(() => resolve());
    });
  return { url, counts, close };
}
