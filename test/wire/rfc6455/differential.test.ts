import type { Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { OPCODE } from '../../../src/wire/rfc6455/frame.ts';
import { FrameReader } from '../../../src/wire/rfc6455/frame-reader.ts';
import { WebSocketClient } from '../../../src/wire/rfc6455/web-socket.ts';
import type { OpenStream } from '../../../src/wire/sockets/stream.ts';
import type { Listening } from '../../support/refusing-servers.ts';
import { streams } from '../support/frame-sequences.ts';
import { readClientFrames, shown } from '../support/frames.ts';
import { acceptanceOf } from '../support/memory-stream.ts';
import { startScripted } from '../support/scripted-server.ts';
import { SOCKETS } from '../support/sockets.ts';

/** What a client makes of a stream of frames. */
interface Seen {
  readonly messages: string[];
  /** The code and reason of the server's close frame, or why the client ended the connection. */
  end: string;
}

interface Outcome extends Seen {
  /** The frames that the server got. */
  sent: string[];
}

interface Script {
  readonly isCompressed: boolean;
  readonly pieces: readonly Buffer[];
}

const MAX_MESSAGE_BYTES = 1000;

/** Whether a stream has a frame that ends the connection. Otherwise it ends within a frame. */
function hasEnd({ isCompressed, pieces }: Script): boolean {
  let isFound = false;
  const find = () => {
    isFound = true;
  };
  const ignore = () => {};
  const reader = new FrameReader(
    { onMessage: ignore, onPing: ignore, onPong: ignore, onClose: find, onViolation: find },
    { maxMessageBytes: MAX_MESSAGE_BYTES },
  );
  if (isCompressed) reader.allowCompression();
  reader.push(Buffer.concat(pieces), { receivedNs: 0, clock: 'kernel', sinceNs: 0, uncertaintyNs: 0 });
  return isFound;
}

function byWs(url: string, { isCompressed }: Script): Promise<Seen> {
  const socket = new WebSocket(url, { maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: isCompressed });
  const seen: Seen = { messages: [], end: '' };
  socket.on('message', (data: Buffer, isBinary) =>
    seen.messages.push(shown(isBinary ? OPCODE.binary : OPCODE.text, data)),
  );
  socket.on('error', (error) => {
    seen.end = error.message;
  });
  return new Promise((resolve) => {
    socket.on('close', (code, reason) => {
      seen.end ||= `${code} ${reason}`;
      resolve(seen);
    });
  });
}

function byWire(open: OpenStream, port: number, path: string, { isCompressed }: Script): Promise<Seen> {
  const messages: string[] = [];
  return new Promise((resolve) => {
    new WebSocketClient(
      open,
      {
        address: { host: '127.0.0.1', port, tls: null },
        handshake: { host: `127.0.0.1:${port}`, path, headers: {}, subprotocols: [] },
        compression: isCompressed,
        maxMessageBytes: MAX_MESSAGE_BYTES,
      },
      {
        onOpen: () => {},
        onMessage: (kind, payload) => messages.push(shown(OPCODE[kind], payload)),
        onPong: () => {},
        onClosed: ({ code, reason, problem }) => resolve({ messages, end: problem ?? `${code} ${reason}` }),
      },
    );
  });
}

/** Serves the streams of a test, each at a path of its own, and returns what it got. */
class StreamServer {
  readonly #scripts: Script[] = [];
  readonly #received = new Map<string, PromiseWithResolvers<string[]>>();
  #server: Listening | null = null;
  #clients = 0;

  async start(): Promise<void> {
    this.#server = await startScripted((socket, request) => this.#serve(socket, request));
  }

  get port(): number {
    return this.#server?.port ?? 0;
  }

  async stop(): Promise<void> {
    await this.#server?.close();
  }

  #serve(socket: Socket, request: string): void {
    const [, path = '', id = ''] = /^GET (\/(\d+)\S*)/.exec(request) ?? [];
    const script = this.#scripts[Number(id)];
    if (script === undefined) throw new Error(`no script for ${path}`);
    const header = 'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n';
    const chunks: Buffer[] = [];
    socket.on('data', (bytes) => {
      chunks.push(bytes);
      // The server ends the connection (section 7.1.1).
      if (readClientFrames(Buffer.concat(chunks)).frames.some(({ opcode }) => opcode === OPCODE.close))
        socket.end();
    });
    socket.once('close', () => {
      const { frames } = readClientFrames(Buffer.concat(chunks));
      this.#received.get(path)?.resolve(frames.map(({ opcode, payload }) => shown(opcode, payload)));
    });
    socket.write(acceptanceOf(request, script.isCompressed ? header : ''));
    const writeFrom = (index: number) => {
      const piece = script.pieces[index];
      if (piece !== undefined && socket.writable)
        socket.write(piece, () => setImmediate(writeFrom, index + 1));
      // A client that is left within a frame sends no close frame.
      else if (piece === undefined && !hasEnd(script)) socket.end();
    };
    writeFrom(0);
  }

  /** Runs a client against a script. */
  async run(script: Script, client: (path: string) => Promise<Seen>): Promise<Outcome> {
    const path = `/${this.#scripts.push(script) - 1}-${this.#clients}`;
    this.#clients += 1;
    const received = Promise.withResolvers<string[]>();
    this.#received.set(path, received);
    const seen = await client(path);
    return { ...seen, sent: await received.promise };
  }

  ws(script: Script): Promise<Outcome> {
    return this.run(script, (path) => byWs(`ws://127.0.0.1:${this.port}${path}`, script));
  }

  wire(open: OpenStream, script: Script): Promise<Outcome> {
    return this.run(script, (path) => byWire(open, this.port, path, script));
  }
}

const server = new StreamServer();
beforeAll(() => server.start());
afterAll(() => server.stop());

/**
 * Our client answers a close frame with its code alone, the ws package with its reason, too (section 5.5.1 asks for the
 * code). What zlib says of data that it cannot inflate is prefixed by our client.
 */
const comparable = ({ end, sent, messages }: Outcome): Outcome => ({
  messages,
  end: end.replace(/^a message cannot be inflated: /, ''),
  sent: sent.map((frame) => frame.replace(/^(close \d+).*/s, '$1')),
});

it('the ws package and our client make the same of any stream, on both kinds of sockets', async () => {
  await fc.assert(
    fc.asyncProperty(streams, async (script) => {
      const [official, ...ours] = await Promise.all([
        server.ws(script),
        ...SOCKETS.map(([, open]) => server.wire(open, script)),
      ]);
      for (const outcome of ours) expect(comparable(outcome)).toEqual(comparable(official));
    }),
    { numRuns: process.env['EXPLORE'] === '1' ? 1000 : 100 },
  );
});

const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex');

/** Streams that the ws package takes otherwise: what our client makes of them, and the section of RFC 6455. */
const DIFFERENCES: ReadonlyArray<
  readonly [what: string, section: string, stream: Buffer, ws: string, wire: string]
> = [
  [
    'a length that is not in its shortest form',
    '5.2',
    hex('81 7e 00 01 61 88 02 03 e8'),
    '1000 ',
    'Invalid WebSocket frame: the payload length is not in its shortest form',
  ],
  [
    'a length whose first bit is set',
    '5.2',
    hex('82 7f ff ff ff ff ff ff ff ff'),
    'Unsupported WebSocket frame: payload length > 2^53 - 1',
    'Invalid WebSocket frame: the first bit of the payload length must be clear',
  ],
  [
    'text that is invalid before its message ends, with another violation after it',
    '8.1',
    hex('01 01 ff 83 00'),
    'Invalid WebSocket frame: invalid opcode 3',
    'Invalid WebSocket frame: invalid UTF-8 sequence',
  ],
];

it.each(DIFFERENCES)('%s is taken otherwise (section %s)', async (...row) => {
  const [, , stream, ws, wire] = row;
  const script = { isCompressed: false, pieces: [stream] };
  expect((await server.ws(script)).end).toBe(ws);
  for (const [, open] of SOCKETS) expect((await server.wire(open, script)).end).toBe(wire);
});

it('a ping that comes after our close frame is answered (section 5.5.2), which the ws package does not do', async () => {
  const frames = hex('89 02 68 69');
  const scene = await startScripted((socket, request) => {
    socket.write(acceptanceOf(request));
    const chunks: Buffer[] = [];
    socket.on('data', (bytes) => {
      chunks.push(bytes);
      const sent = readClientFrames(Buffer.concat(chunks)).frames.map(({ opcode }) => opcode);
      if (sent.length === 1 && sent[0] === OPCODE.close) socket.write(frames);
      if (sent.length === 2) socket.end(sent[1] === OPCODE.pong ? hex('88 02 03 e8') : '');
    });
  });
  for (const [, open] of SOCKETS) {
    const ended = Promise.withResolvers<number>();
    const client = new WebSocketClient(
      open,
      {
        address: { host: '127.0.0.1', port: scene.port, tls: null },
        handshake: { host: 'server', path: '/', headers: {}, subprotocols: [] },
        compression: false,
        maxMessageBytes: MAX_MESSAGE_BYTES,
      },
      {
        onOpen: () => client.close(),
        onMessage: () => {},
        onPong: () => {},
        onClosed: ({ code }) => ended.resolve(code),
      },
    );
    expect(await ended.promise).toBe(1000);
  }
  await scene.close();
});
