import { createServer } from 'node:http';
import { Server, type ServerOptions } from 'socket.io';
import type { Connection, ConnectOptions } from '../../src/drivers/driver.ts';
import { officialSocketio } from '../../src/drivers/official-socketio.ts';
import { wireSocketio } from '../../src/drivers/wire-socketio.ts';
import { listening } from '../support/refusing-servers.ts';
import { SOCKETS } from '../wire/support/sockets.ts';

type Connect = (options: Partial<ConnectOptions> & { url: string }) => Promise<Connection>;

const DEFAULTS = { transport: 'websocket', timeoutMs: 5000 } as const;

/** The official client, with which the others are compared. */
export const connectOfficially: Connect = (options) => officialSocketio.connect({ ...DEFAULTS, ...options });

/** The wire driver over both kinds of sockets. */
export const WIRE_CLIENTS = SOCKETS.map(([kind, openStream]): [name: string, connect: Connect] => [
  `wire over ${kind} sockets`,
  (options) => wireSocketio.connect({ ...DEFAULTS, openStream, ...options }),
]);

export const ALL_CLIENTS = [['official', connectOfficially] as const, ...WIRE_CLIENTS];

export interface SocketioServer {
  readonly io: Server;
  readonly url: string;
  close(): Promise<void>;
}

/** A Socket.IO server in this process. */
export async function socketioServer(options: Partial<ServerOptions> = {}): Promise<SocketioServer> {
  const http = createServer();
  const io = new Server(http, options);
  const { port, close } = await listening(http);
  return {
    io,
    url: `http://127.0.0.1:${port}`,
    async close() {
      io.engine.close();
      await close();
    },
  };
}

/** Bytes as hexadecimal digits, and undefined as a text, so that nothing passes for something else. */
export function plain(value: unknown): unknown {
  if (value === undefined) return 'undefined';
  if (value instanceof ArrayBuffer) return { bytes: Buffer.from(value).toString('hex') };
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    return { bytes: Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('hex') };
  }
  if (value instanceof Date) return { date: value.getTime() };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).map(([name, each]) => [name, plain(each)]);
}
