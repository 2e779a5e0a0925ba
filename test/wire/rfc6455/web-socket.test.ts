import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { realTimers } from '../../../src/measure/timers.ts';
import { WebSocketClient } from '../../../src/wire/rfc6455/web-socket.ts';
import type { WebSocketEnd } from '../../../src/wire/rfc6455/web-socket-handlers.ts';
import type { OpenStream } from '../../../src/wire/sockets/stream.ts';
import { ping } from '../support/frames.ts';
import { startAccepting } from '../support/scripted-server.ts';
import { SOCKETS } from '../support/sockets.ts';

const cleanUps: Array<() => void> = [];
let open: OpenStream;

afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

function portOf(server: { address(): unknown }): number {
  return (server.address() as { port: number }).port;
}

interface Opened {
  readonly client: WebSocketClient;
  readonly messages: Array<readonly [string, string]>;
  readonly pongs: string[];
  readonly opened: Promise<void>;
  readonly closed: Promise<WebSocketEnd>;
  received(count: number): Promise<void>;
}

interface Asked {
  readonly compression?: boolean;
  readonly subprotocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

function connectTo(
  port: number,
  { compression = false, subprotocols = [], headers = {} }: Asked = {},
): Opened {
  const messages: Array<readonly [string, string]> = [];
  const pongs: string[] = [];
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<WebSocketEnd>();
  let onReceived = () => {};
  const client = new WebSocketClient(
    open,
    {
      address: { host: '127.0.0.1', port, tls: null },
      handshake: { host: `127.0.0.1:${port}`, path: '/chat?a=b', headers, subprotocols },
      compression,
      maxMessageBytes: 1024 ** 2,
      timers: realTimers,
    },
    {
      onOpen: () => opened.resolve(),
      onMessage: (kind, payload) => {
        messages.push([kind, payload.toString('latin1')]);
        onReceived();
      },
      onPong: (data) => {
        pongs.push(data.toString());
        onReceived();
      },
      onClosed: closed.resolve,
    },
  );
  cleanUps.push(() => client.destroy());
  return {
    client,
    messages,
    pongs,
    opened: opened.promise,
    closed: closed.promise,
    received: (count) =>
      new Promise((resolve) => {
        onReceived = () => {
          if (messages.length + pongs.length >= count) resolve();
        };
        onReceived();
      }),
  };
}

async function wsServer(
  options: ConstructorParameters<typeof WebSocketServer>[0] = {},
): Promise<WebSocketServer> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options });
  cleanUps.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await once(server, 'listening');
  return server;
}

/** A server that answers a handshake, or any bytes, with what `answer` writes. */
async function rawServer(answer: (socket: Socket, request: string) => void): Promise<Server> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.once('data', (data) => answer(socket, data.toString('latin1')));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return server;
}

describe.each(SOCKETS)('a WebSocket client over %s sockets', (_kind, sockets) => {
  beforeAll(() => {
    open = sockets;
  });

  it.each([false, true])(
    'exchanges messages of all sizes with the ws package, compression %s',
    async (compression) => {
      const server = await wsServer({ perMessageDeflate: compression && { threshold: 0 } });
      server.on('connection', (socket) =>
        socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
      );
      const { client, messages, opened, received } = connectTo(portOf(server), { compression });
      await opened;
      const sent: Array<readonly ['text' | 'binary', string]> = [];
      for (const length of [0, 1, 125, 126, 5000, 65_535, 65_536, 300_000]) {
        for (const kind of ['text', 'binary'] as const)
          sent.push([kind, 'abcdefghij'.repeat(length / 10 + 1).slice(0, length)]);
      }
      for (const [kind, payload] of sent) client.send(kind, payload);
      await received(sent.length);
      expect(messages).toEqual(sent);
    },
  );

  it('closes with a code, and takes that of the server', async () => {
    const server = await wsServer();
    const closedWith = new Promise<number>((resolve) => {
      server.on('connection', (socket) => socket.on('close', resolve));
    });
    const { client, opened, closed } = connectTo(portOf(server));
    await opened;
    client.close(4001);
    expect(await closed).toEqual({ code: 4001, reason: '', problem: null, error: null });
    expect(await closedWith).toBe(4001);
  });

  it('answers the close of the server', async () => {
    const server = await wsServer();
    const answered = new Promise<number>((resolve) => {
      server.on('connection', (socket) => {
        socket.on('close', resolve);
        socket.close(1012, 'restart');
      });
    });
    const { closed } = connectTo(portOf(server));
    expect(await closed).toEqual({ code: 1012, reason: 'restart', problem: null, error: null });
    expect(await answered).toBe(1012);
  });

  it('answers pings, and gets answers to its own', async () => {
    const server = await wsServer();
    const ponged = new Promise<string>((resolve) => {
      server.on('connection', (socket) => {
        socket.on('pong', (data) => resolve(data.toString()));
        socket.ping('from the server');
      });
    });
    const { client, opened, pongs, received } = connectTo(portOf(server));
    await opened;
    client.ping('from the client');
    await received(1);
    expect(pongs).toEqual(['from the client']);
    expect(await ponged).toBe('from the server');
  });

  it('offers subprotocols, and sends headers and the path', async () => {
    const server = await wsServer({ handleProtocols: (protocols) => [...protocols].at(-1) ?? false });
    const asked = new Promise<unknown>((resolve) => {
      server.on('connection', ({ protocol }, { url, headers }) =>
        resolve([protocol, url, headers['x-token']]),
      );
    });
    const { opened } = connectTo(portOf(server), {
      subprotocols: ['a', 'b'],
      headers: { 'X-Token': 'secret' },
    });
    await opened;
    expect(await asked).toEqual(['b', '/chat?a=b', 'secret']);
  });

  it.each<[string, string, string]>([
    ['a status', 'HTTP/1.1 403 Forbidden\r\n\r\n', 'HTTP status 403'],
    [
      'a redirect',
      'HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1/\r\n\r\n',
      'HTTP status 302 (redirects to ws://127.0.0.1/)',
    ],
    ['another protocol', 'SSH-2.0-OpenSSH\r\n\r\n', 'the answer is not HTTP/1.1'],
    ['no upgrade', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', 'Invalid Upgrade header'],
    [
      'a wrong key',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n',
      'Invalid Sec-WebSocket-Accept header',
    ],
    [
      'a broken header',
      'HTTP/1.1 101 Switching Protocols\r\nbroken\r\n\r\n',
      'the answer has a header that cannot be read',
    ],
    [
      'endless headers',
      `HTTP/1.1 101 X\r\n${'a: b\r\n'.repeat(4000)}`,
      'the answer has more than 16 KiB of headers',
    ],
    ['silence and an end', '', 'closed before the handshake was answered'],
  ])('is refused by %s', async (_, answer, problem) => {
    const server = await rawServer((socket) => socket.end(answer));
    const { closed } = connectTo(portOf(server));
    const { code, problem: found } = await closed;
    expect([code, found ?? '']).toEqual([1006, problem]);
  });

  it('reports the error of the system', async () => {
    const server = await rawServer(() => {});
    const port = portOf(server);
    server.close();
    await once(server, 'close');
    const { error } = await connectTo(port).closed;
    expect(error?.message).toMatch(/ECONNREFUSED/);
  });

  it('fails the connection of a server that breaks the protocol, with its code', async () => {
    const server = await wsServer();
    const closedWith = new Promise<number>((resolve) => {
      server.on('connection', (socket, { socket: tcp }) => {
        socket.on('close', resolve);
        tcp.write(Buffer.from([0x83, 0x00]));
      });
    });
    const { problem, code } = await connectTo(portOf(server)).closed;
    expect([code, problem]).toEqual([1006, 'Invalid WebSocket frame: invalid opcode 3']);
    expect(await closedWith).toBe(1002);
  });

  it('keeps one pong for a server that sends pings without end and reads nothing', async () => {
    const part = Buffer.concat(Array.from({ length: 1000 }, () => ping('x'.repeat(125))));
    const enough = Promise.withResolvers<void>();
    let sentBytes = 0;
    const server = await startAccepting((socket) => {
      socket.pause();
      const write = () => {
        while (!socket.destroyed && socket.write(part)) sentBytes += part.length;
        if (sentBytes > 20e6) enough.resolve();
        if (!socket.destroyed) socket.once('drain', write);
      };
      write();
    });
    cleanUps.push(() => void server.close());
    const { client, closed } = connectTo(server.port);
    await enough.promise;
    expect(client.unsentBytes).toBeLessThan(20_000);
    client.destroy();
    expect((await closed).code).toBe(1006);
  });

  it('does not inflate a bomb', async () => {
    const server = await wsServer({ perMessageDeflate: { threshold: 0 } });
    const closedWith = new Promise<number>((resolve) => {
      server.on('connection', (socket) => {
        socket.on('close', resolve);
        socket.send(Buffer.alloc(5 * 1024 ** 2));
      });
    });
    const { problem } = await connectTo(portOf(server), { compression: true }).closed;
    expect(problem).toBe('Max payload size exceeded');
    expect(await closedWith).toBe(1009);
  });
});
