/**
 * Cases of the Autobahn test suite for clients (github.com/crossbario/autobahn-testsuite, section numbers of its case
 * list), written anew: the server of a case sends frames, and the client under test echoes messages.
 */
import { OPCODE } from '../../../src/wire/rfc6455/frame.ts';
import { WebSocketClient } from '../../../src/wire/rfc6455/web-socket.ts';
import type { OpenStream } from '../../../src/wire/sockets/stream.ts';
import { close, readClientFrames, shown } from '../support/frames.ts';
import { acceptanceOf, type MemoryPeer, memoryStreams } from '../support/memory-stream.ts';

export interface Case {
  /** The number in the case list. */
  readonly id: string;
  readonly what: string;
  /** What the server sends, in as many writes. A close frame with code 1000 follows. */
  readonly sends: readonly Buffer[];
  /** What the client sends, in order, without its close frame. */
  readonly answers: readonly string[];
  /** The client's close frame: `close 1000`, the answer to that of the server, unless given. */
  readonly ends?: string;
}

export const echo = (kind: 'text' | 'binary', payload: Uint8Array | string) => shown(OPCODE[kind], payload);
export const ponged = (payload: Uint8Array | string = '') => shown(OPCODE.pong, payload);

export const PROTOCOL_ERROR = 'close 1002';
export const INVALID_DATA = 'close 1007';

const MAX_MESSAGE_BYTES = 32 * 1024 ** 2;

/** A client that sends each message back. Resolves when its connection has ended. */
export function echoing(
  open: OpenStream,
  port: number,
  compression = false,
): { readonly client: WebSocketClient; readonly closed: Promise<void> } {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const client = new WebSocketClient(
    open,
    {
      address: { host: '127.0.0.1', port, tls: null },
      handshake: { host: `127.0.0.1:${port}`, path: '/', headers: {}, subprotocols: [] },
      compression,
      maxMessageBytes: MAX_MESSAGE_BYTES,
    },
    {
      onOpen: () => {},
      onMessage: (kind, payload) => client.send(kind, payload),
      onPong: () => {},
      onClosed: () => resolve(),
    },
  );
  return { client, closed };
}

/** How a stream of bytes is cut into reads. */
export const CUTS: Readonly<Record<string, (bytes: Buffer) => Buffer[]>> = {
  'as they are sent': (bytes) => [bytes],
  'octet by octet': (bytes) => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)),
};

/** Runs a case in memory; returns what the client sent. `cut` cuts each write. */
export function runInMemory({ sends }: Case, cut: (bytes: Buffer) => Buffer[]): string[] {
  const peers: MemoryPeer[] = [];
  const { client } = echoing(
    memoryStreams((peer) => peers.push(peer)),
    80,
  );
  const [peer] = peers;
  if (peer === undefined) throw new Error('the client opened no connection');
  peer.open();
  peer.send(acceptanceOf(peer.take().toString('latin1')));
  for (const bytes of [...sends, close(1000)]) for (const piece of cut(bytes)) peer.send(piece);
  client.destroy();
  const { frames, left } = readClientFrames(peer.take());
  if (left.length > 0) throw new Error('the client sent a part of a frame');
  return frames.map(({ opcode, payload }) => shown(opcode, payload));
}
