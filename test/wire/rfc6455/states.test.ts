import { describe, expect, it } from 'vitest';
import type { Timers } from '../../../src/measure/timers.ts';
import { WebSocketClient } from '../../../src/wire/rfc6455/web-socket.ts';
import type { WebSocketEnd } from '../../../src/wire/rfc6455/web-socket-handlers.ts';
import { compressedFrames, PARAMETERS, ServerDeflater } from '../autobahn/compression.ts';
import { close, fragments, ping, readClientFrames, shown, text } from '../support/frames.ts';
import { acceptanceOf, type MemoryPeer, memoryStreams } from '../support/memory-stream.ts';

/** Timers that a test runs by hand. */
class HandTimers implements Pick<Timers, 'after'> {
  readonly #waiting = new Set<() => void>();

  after(_: number, callback: () => void): () => void {
    this.#waiting.add(callback);
    return () => void this.#waiting.delete(callback);
  }

  /** Calls back all that wait now. */
  elapse(): void {
    const callbacks = [...this.#waiting];
    this.#waiting.clear();
    for (const callback of callbacks) callback();
  }
}

class Scene {
  readonly timers = new HandTimers();
  readonly messages: string[] = [];
  readonly ends: WebSocketEnd[] = [];
  readonly client: WebSocketClient;
  readonly peer: MemoryPeer;
  request = '';
  onMessage: (message: string) => void = () => {};
  onOpen: () => void = () => {};

  constructor(compression = false) {
    const peers: MemoryPeer[] = [];
    this.client = new WebSocketClient(
      memoryStreams((peer) => peers.push(peer)),
      {
        address: { host: 'server', port: 80, tls: null },
        handshake: { host: 'server', path: '/', headers: {}, subprotocols: [] },
        compression,
        maxMessageBytes: 1000,
        timers: this.timers,
      },
      {
        onOpen: () => this.onOpen(),
        onMessage: (_, payload) => {
          this.messages.push(payload.toString());
          this.onMessage(payload.toString());
        },
        onPong: () => {},
        onClosed: (end) => this.ends.push(end),
      },
    );
    const [peer] = peers;
    if (peer === undefined) throw new Error('the client opened no connection');
    this.peer = peer;
  }

  connect(): this {
    this.peer.open();
    this.request = this.peer.take().toString('latin1');
    return this;
  }

  /** Completes the handshake; `rest` comes with the answer. */
  open(rest: Uint8Array = Buffer.alloc(0), headers = ''): this {
    this.connect();
    this.peer.send(Buffer.concat([Buffer.from(acceptanceOf(this.request, headers)), rest]));
    return this;
  }

  /** The frames that the client sent since the last call. */
  sent(): string[] {
    const { frames, left } = readClientFrames(this.peer.take());
    expect(left).toHaveLength(0);
    return frames.map(({ opcode, payload }) => shown(opcode, payload));
  }

  async end(): Promise<WebSocketEnd | undefined> {
    await Promise.resolve();
    expect(this.ends).toHaveLength(1);
    return this.ends[0];
  }
}

const NO_CLOSE = { code: 1006, reason: '', problem: null, error: null };
const AFTER = text('after');

/** States of a connection, each with what brings a client there. */
const STATES: ReadonlyArray<readonly [string, () => Scene]> = [
  ['before TCP is open', () => new Scene()],
  ['before the handshake is answered', () => new Scene().connect()],
  [
    'within the answer to the handshake',
    () => {
      const scene = new Scene().connect();
      scene.peer.send('HTTP/1.1 101 Swi');
      return scene;
    },
  ],
  ['open', () => new Scene().open()],
  ['within a header', () => new Scene().open(text('long').subarray(0, 1))],
  ['within a frame', () => new Scene().open(text('long').subarray(0, 3))],
  ['within a message', () => new Scene().open(fragments('text', ['a', 'b'])[0])],
  [
    'while it closes',
    () => {
      const scene = new Scene().open();
      scene.client.close();
      return scene;
    },
  ],
  ['when the server has closed', () => new Scene().open(close(1001))],
  ['after a violation', () => new Scene().open(Buffer.from([0x83, 0]))],
];

describe.each(STATES)('a client that is ended %s', (_, begin) => {
  it('reports its end once, and nothing after it', async () => {
    const scene = begin();
    scene.client.destroy();
    scene.client.destroy();
    scene.client.close();
    scene.peer.take();
    scene.client.send('text', 'too late');
    scene.client.ping('too late');
    scene.peer.send(AFTER);
    scene.timers.elapse();
    await scene.end();
    expect([scene.sent(), scene.messages, scene.client.isOpen]).toEqual([[], [], false]);
  });

  it('reports the error of the system once', async () => {
    const scene = begin();
    scene.peer.finish(new Error('reset'));
    scene.timers.elapse();
    scene.client.destroy();
    scene.client.close();
    await scene.end();
    expect(scene.messages).toEqual([]);
  });
});

describe('closing', () => {
  it('before the handshake is answered ends the connection', async () => {
    const scene = new Scene().connect();
    scene.client.close();
    expect(scene.peer.isDestroyed).toBe(true);
    expect(await scene.end()).toEqual(NO_CLOSE);
  });

  it('sends one close frame, then answers pings only, until the server closes', async () => {
    const scene = new Scene().open();
    scene.client.close(4000);
    scene.client.close(4001);
    scene.client.send('text', 'too late');
    scene.peer.send(Buffer.concat([text('still read'), ping('still there')]));
    scene.peer.send(Buffer.concat([close(4000), ping('gone')]));
    expect(scene.sent()).toEqual(['close 4000', 'pong still there']);
    expect(scene.messages).toEqual(['still read']);
    expect(scene.peer.hasEnded).toBe(false);
    scene.peer.end();
    expect(scene.peer.hasEnded).toBe(true);
    scene.peer.finish(null);
    expect(await scene.end()).toEqual({ ...NO_CLOSE, code: 4000 });
  });

  it('gives up a server that does not answer', async () => {
    const scene = new Scene().open();
    scene.client.close();
    expect(scene.peer.isDestroyed).toBe(false);
    scene.timers.elapse();
    expect(scene.peer.isDestroyed).toBe(true);
    expect(await scene.end()).toEqual(NO_CLOSE);
  });

  it('gives up a server that does not end the connection after its close frame', async () => {
    const scene = new Scene().open(close(1012, 'restart'));
    expect(scene.sent()).toEqual(['close 1012']);
    scene.timers.elapse();
    expect(await scene.end()).toEqual({ ...NO_CLOSE, code: 1012, reason: 'restart' });
  });

  it('gives up a server that ends its side and reads nothing', async () => {
    const scene = new Scene().open();
    scene.peer.unsentBytes = 1e6;
    scene.peer.end();
    scene.timers.elapse();
    expect(scene.peer.isDestroyed).toBe(true);
    expect(await scene.end()).toEqual(NO_CLOSE);
  });
});

describe('a violation', () => {
  const OFFERED = 'Sec-WebSocket-Extensions: permessage-deflate\r\n';
  const deflate = (message: string) =>
    compressedFrames(
      'text',
      new ServerDeflater(PARAMETERS['13.2'] ?? { parameters: '', forgets: true, windowBits: 15 }).deflate(
        Buffer.from(message, 'latin1'),
      ),
      1e6,
    )[0] ?? Buffer.alloc(0);

  it.each<[string, Buffer, string]>([
    ['in a frame', Buffer.from([0x83, 0]), 'close 1002'],
    ['of a length', text('x'.repeat(1001)), 'close 1009'],
    ['in compressed data', Buffer.from([0xc1, 3, 7, 8, 9]), 'close 1007'],
    ['of an inflated length', deflate('x'.repeat(1001)), 'close 1009'],
    ['in inflated text', deflate('\xff'), 'close 1007'],
  ])('%s: what came before counts, one close frame is sent, and nothing after it is read', async (...row) => {
    const [, bad, ends] = row;
    const scene = new Scene(true).open(
      Buffer.concat([text('before'), bad, AFTER, ping('after'), close(1000)]),
      OFFERED,
    );
    for (const bytes of [AFTER, bad, ping('after'), close(1000)]) scene.peer.send(bytes);
    expect(scene.messages).toEqual(['before']);
    expect(scene.sent()).toEqual([ends]);
    expect(scene.peer.hasEnded).toBe(true);
    scene.peer.end();
    const { code, problem } = (await scene.end()) ?? NO_CLOSE;
    expect(code).toBe(1006);
    expect(problem).toMatch(
      /^Invalid WebSocket frame: |^Max payload size exceeded$|^a message cannot be inflated: /,
    );
  });

  it('is not answered by a second close frame', async () => {
    const scene = new Scene().open();
    scene.client.close();
    scene.peer.send(Buffer.from([0x83, 0]));
    expect(scene.sent()).toEqual(['close 1000']);
    scene.timers.elapse();
    expect((await scene.end())?.problem).toBe('Invalid WebSocket frame: invalid opcode 3');
  });

  it('may be that the server never ends the connection', async () => {
    const scene = new Scene().open(Buffer.from([0x83, 0]));
    scene.timers.elapse();
    expect(scene.peer.isDestroyed).toBe(true);
    expect((await scene.end())?.problem).toBe('Invalid WebSocket frame: invalid opcode 3');
  });
});

describe('a handler', () => {
  it('that ends the connection gets no more of the same read', async () => {
    const scene = new Scene();
    scene.onMessage = () => scene.client.destroy();
    scene.open(Buffer.concat([text('first'), text('second'), close(1000)]));
    expect(scene.messages).toEqual(['first']);
    expect(await scene.end()).toEqual(NO_CLOSE);
  });

  it('that ends the connection as it opens gets none of what came with the answer', async () => {
    const scene = new Scene();
    scene.onOpen = () => scene.client.destroy();
    scene.open(text('first'));
    expect(scene.messages).toEqual([]);
    await scene.end();
  });

  it('that throws gets nothing more, and its error is not swallowed', () => {
    const scene = new Scene();
    scene.onMessage = () => {
      throw new Error('a bug');
    };
    scene.open();
    expect(() => scene.peer.send(Buffer.concat([text('first'), text('second')]))).toThrow('a bug');
    scene.peer.send(text('third'));
    expect(scene.messages).toEqual(['first']);
  });
});

describe('a flood', () => {
  it('of pings gets one pong, for the last, where the server does not read', () => {
    const scene = new Scene().open();
    scene.peer.unsentBytes = 1e6;
    for (let count = 0; count < 10_000; count++) scene.peer.send(ping(String(count)));
    scene.timers.elapse();
    expect(scene.sent()).toEqual([]);
    scene.peer.unsentBytes = 0;
    scene.timers.elapse();
    expect(scene.sent()).toEqual(['pong 9999']);
    scene.peer.send(ping('next'));
    scene.timers.elapse();
    expect(scene.sent()).toEqual(['pong next']);
  });

  it('of empty fragments ends, at 2^17 of them', async () => {
    const empty = Buffer.concat(Array.from({ length: 2 ** 10 }, () => Buffer.from([0, 0])));
    const scene = new Scene().open(Buffer.from([1, 0]));
    for (let count = 1; count < 2 ** 7; count++) scene.peer.send(empty);
    scene.peer.send(empty.subarray(2));
    expect(scene.sent()).toEqual([]);
    scene.peer.send(Buffer.from([0, 0]));
    expect(scene.sent()).toEqual(['close 1008']);
    scene.timers.elapse();
    expect((await scene.end())?.problem).toBe('Too many message fragments');
  });
});

it('masks every frame with a key of its own, which nothing predicts', () => {
  const scene = new Scene().open();
  for (let count = 0; count < 5000; count++) scene.client.send('text', 'the same');
  const keys = new Set(readClientFrames(scene.peer.take()).frames.map(({ key }) => key));
  expect(keys.size).toBeGreaterThan(4990);
});
