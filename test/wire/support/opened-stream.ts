import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Arrival, ByteStream, OpenStream } from '../../../src/wire/sockets/stream.ts';

/** A stream that a test has opened, and what happened on it. */
export interface OpenedStream {
  readonly stream: ByteStream;
  readonly opened: Promise<void>;
  readonly ended: Promise<void>;
  /** Resolves to the error, or to null. */
  readonly closed: Promise<(Error & { code?: string }) | null>;
  /** What arrived so far. */
  received(): Buffer;
  /** Resolves when so many bytes have arrived. */
  arrived(count: number): Promise<void>;
}

export interface StreamHooks {
  readonly onOpen?: (stream: ByteStream) => void;
  /** Called in place of keeping the bytes. */
  readonly onBytes?: (bytes: Buffer, arrival: Arrival, stream: ByteStream) => void;
  readonly onEnd?: (stream: ByteStream) => void;
}

export function openTo(
  open: OpenStream,
  { host = '127.0.0.1', port }: { readonly host?: string; readonly port: number },
  hooks: StreamHooks = {},
): OpenedStream {
  const parts: Buffer[] = [];
  let length = 0;
  let changed = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<Error | null>();
  const stream = open(
    { host, port, tls: null },
    {
      onOpen() {
        hooks.onOpen?.(stream);
        opened.resolve();
      },
      onBytes(bytes, arrival) {
        if (hooks.onBytes === undefined) parts.push(Buffer.from(bytes));
        else hooks.onBytes(bytes, arrival, stream);
        length += bytes.length;
        changed.resolve();
        changed = Promise.withResolvers();
      },
      onEnd() {
        hooks.onEnd?.(stream);
        ended.resolve();
      },
      onClosed(error) {
        closed.resolve(error);
        changed.resolve();
      },
    },
  );
  return {
    stream,
    opened: opened.promise,
    ended: ended.promise,
    closed: closed.promise,
    received: () => Buffer.concat(parts),
    async arrived(count) {
      while (length < count) await changed.promise;
    },
  };
}

/** A server of Node.js on a free port of a loopback address. */
export interface Listening {
  readonly server: Server;
  readonly port: number;
  /** Connections that it has accepted, in order. */
  readonly sockets: readonly Socket[];
  /** Resolves to the connection of this place. */
  accepted(index: number): Promise<Socket>;
  close(): void;
}

export async function listenOn(
  host: string,
  onSocket: (socket: Socket) => void = () => {},
): Promise<Listening> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    onSocket(socket);
    server.emit('accepted');
  });
  server.listen(0, host);
  await once(server, 'listening');
  return {
    server,
    port: (server.address() as { port: number }).port,
    sockets,
    async accepted(index) {
      for (;;) {
        const socket = sockets[index];
        if (socket !== undefined) return socket;
        await once(server, 'accepted');
      }
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
