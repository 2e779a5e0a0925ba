import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'socket.io';
import * as msgpackParser from 'socket.io-msgpack-parser';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { Arguments } from '../../src/contract/mapping.ts';
import type { Connection, ConnectOptions } from '../../src/drivers/driver.ts';
import { messageOf } from '../../src/errors.ts';
import {
  ALL_CLIENTS,
  type connectOfficially,
  type SocketioServer,
  socketioServer,
  WIRE_CLIENTS,
} from './socketio-clients.ts';

let server: SocketioServer;
const connections: Connection[] = [];

/** The server's end of the next client. */
const nextSocket = (namespace = '/') =>
  new Promise<Socket>((resolve) => server.io.of(namespace).once('connection', resolve));

async function connectBy(
  connect: typeof connectOfficially,
  options: Partial<ConnectOptions> & { url: string },
): Promise<Connection> {
  const connection = await connect(options);
  connections.push(connection);
  return connection;
}

beforeAll(async () => {
  server = await socketioServer({
    allowRequest: ({ headers }, decide) => decide(null, headers['x-refuse'] === undefined),
  });
  server.io.of('/chat');
  server.io.of('/private').use((socket, next) => {
    const { token, data } = socket.handshake.auth;
    if (token === 'right') next();
    else if (token !== 'silent') next(Object.assign(new Error(`no entry with ${token}`), { data }));
  });
});
afterEach(async () => {
  await Promise.all(connections.splice(0).map((connection) => connection.close()));
});
afterAll(() => server.close());

describe('a handshake', () => {
  const HANDSHAKES: ReadonlyArray<[name: string, path: string, options: Partial<ConnectOptions>]> = [
    ['with nothing more', '', {}],
    ['with headers', '', { headers: { 'X-Token': 'a, b', cookie: 'c=d; e=f', Origin: 'http://elsewhere' } }],
    ['with a query', '', { query: { a: '1 & 2', '\u00e4': '\u2603', empty: '' } }],
    ['with a query that names parameters of Engine.IO', '', { query: { EIO: '3', transport: 'polling' } }],
    ['with a query in the URL', '/?a=1&b=2+3&b=4%20&c', {}],
    ['with both', '/?a=1', { query: { b: '2' } }],
    ['with a namespace in the URL', '/chat', {}],
    ['with a namespace', '', { namespace: '/chat' }],
    ['with a namespace and a URL that has one', '/other?a=1', { namespace: '/chat' }],
    ['with an empty auth', '', { auth: {} }],
    ['with an auth', '/chat', { auth: { token: 'right', list: [1, { a: null }], bytes: '\u2603' } }],
    ['with a user in the URL', '', {}],
  ];

  it.each(HANDSHAKES)('%s is the same as that of socket.io-client', async (name, path, options) => {
    const url = `${name.includes('user') ? server.url.replace('//', '//user:secret@') : server.url}${path}`;
    const namespace = (options.namespace ?? path).startsWith('/chat') ? '/chat' : '/';
    const seen = [];
    for (const [, connect] of ALL_CLIENTS) {
      const arrived = nextSocket(namespace);
      await connectBy(connect, { url, ...options });
      const { nsp, handshake } = await arrived;
      const { url: path, query, auth, headers } = handshake;
      seen.push({ namespace: nsp.name, path, query: { ...query }, auth, headers: steady(headers) });
    }
    const [official, ...others] = seen;
    for (const other of others) expect(other).toEqual(official);
  });

  /** Without the key, which is another one each time. */
  function steady({ 'sec-websocket-key': key, ...headers }: IncomingHttpHeaders): IncomingHttpHeaders {
    expect(key).toMatch(/^[\w+/]{22}==$/);
    return headers;
  }
});

describe('a client that is refused', () => {
  const REFUSALS: ReadonlyArray<
    [name: string, path: string, options: Partial<ConnectOptions>, reason: RegExp]
  > = [
    ['by a namespace that does not exist', '/none', {}, /^refused by the server: Invalid namespace$/],
    ['by a middleware', '/private', { auth: { token: 'x' } }, /^refused by the server: no entry with x$/],
    [
      'by a middleware with data',
      '/private',
      { auth: { token: 'x', data: { code: 7 } } },
      /^refused by the server: no entry with x$/,
    ],
    [
      'by a middleware that does not answer',
      '/private',
      { auth: { token: 'silent' }, timeoutMs: 100 },
      /^no answer from the namespace within 100 ms$/,
    ],
    ['by the handshake', '', { headers: { 'x-refuse': '1' } }, /^websocket error \(.* 400\)$/],
  ];

  it.each(REFUSALS)('%s has the reason of socket.io-client', async (_, path, options, reason) => {
    const reasons = [];
    for (const [, connect] of ALL_CLIENTS) {
      reasons.push(
        await connect({ url: `${server.url}${path}`, ...options }).then(() => 'connected', messageOf),
      );
    }
    for (const each of reasons) expect(each).toMatch(reason);
  });
});

describe('a client that the server ends', () => {
  const webSocketOf = ({ conn }: Socket) =>
    (conn.transport as unknown as { readonly socket: WebSocket }).socket;
  const ENDS: ReadonlyArray<[name: string, end: (socket: Socket) => void, reason: string]> = [
    ['by disconnect()', (socket) => socket.disconnect(), 'io server disconnect'],
    ['by disconnect(true)', (socket) => socket.disconnect(true), 'io server disconnect'],
    ['by closing Engine.IO', ({ conn }) => conn.close(), 'transport close (closed with 1005 no status)'],
    [
      'by closing WebSocket',
      (socket) => webSocketOf(socket).close(1011),
      'transport close (closed with 1011 internal error)',
    ],
    [
      'by a close with a reason',
      (socket) => webSocketOf(socket).close(4000, 'busy'),
      'transport close (closed with 4000 busy)',
    ],
    [
      'by ending TCP',
      ({ conn }) => conn.request.socket.destroy(),
      'transport close (closed without a close frame)',
    ],
  ];

  it.each(ENDS)(
    '%s is dropped once, for the reason of socket.io-client, and sends nothing more',
    async (_, end, reason) => {
      for (const [name, connect] of ALL_CLIENTS) {
        const arrived = nextSocket();
        const connection = await connectBy(connect, { url: server.url });
        const reasons: string[] = [];
        const dropped = new Promise<void>((resolve) => {
          connection.onDropped((each) => {
            reasons.push(each);
            resolve();
          });
        });
        end(await arrived);
        await dropped;
        connection.emit('say', 1);
        connection.request('say', 1, () => reasons.push('a reply'));
        expect(await connection.close(), name).toBeNull();
        expect(reasons, name).toEqual([reason]);
        expect(await new Promise((resolve) => connection.onDropped(resolve))).toBe(reason);
      }
    },
  );
});

describe('a client that closes', () => {
  it.each(ALL_CLIENTS)('leaves its namespace, and hears nothing more: %s', async (_, connect) => {
    const arrived = nextSocket();
    const connection = await connectBy(connect, { url: server.url });
    const socket = await arrived;
    const events: string[] = [];
    connection.on('late', () => events.push('late'));
    connection.onDropped((reason) => events.push(reason));
    const gone = once(socket, 'disconnect');
    const closed = connection.close();
    socket.emit('late', 1);
    expect(await closed).toEqual({ code: 1005, reason: '' });
    expect((await gone)[0]).toBe('client namespace disconnect');
    expect(await Promise.race([connection.close(), connection.close()])).toBeNull();
    expect(events).toEqual([]);
  });

  it.each(WIRE_CLIENTS)('at the same time twice, is closed once: %s', async (_, connect) => {
    const connection = await connectBy(connect, { url: server.url });
    const outcome = { code: 1005, reason: '' };
    expect(await Promise.all([connection.close(), connection.close()])).toEqual([outcome, outcome]);
  });
});

it.each(ALL_CLIENTS)(
  'a request without an acknowledgement is forgotten, and a late one is ignored: %s',
  async (_, connect) => {
    const arrived = nextSocket();
    const connection = await connectBy(connect, { url: server.url, forgetAfterMs: 20 });
    const acknowledge = Promise.withResolvers<(reply: string) => void>();
    const socket = await arrived;
    socket.on('late', (__, reply) => acknowledge.resolve(reply));
    socket.on('soon', (__, reply) => reply('soon'));
    const replies: unknown[] = [];
    connection.request('late', null, (reply) => replies.push(reply));
    const late = await acknowledge.promise;
    await new Promise((resolve) => setTimeout(resolve, 40));
    const done = new Promise<void>((resolve) => {
      connection.request('soon', null, (reply) => {
        replies.push(reply);
        resolve();
      });
      late('late');
    });
    await done;
    expect(replies).toEqual(['soon']);
  },
);

it.each(ALL_CLIENTS)('an event of a reserved name is an error of the sender: %s', async (_, connect) => {
  const connection = await connectBy(connect, { url: server.url });
  for (const name of ['connect', 'disconnect', 'newListener']) {
    expect(() => connection.emit(name, 1)).toThrow(`"${name}" is a reserved event name`);
  }
});

describe.each([undefined, 'msgpack'] as const)('the size of a message, with the parser %s,', (parser) => {
  let sized: SocketioServer;
  beforeAll(async () => {
    sized = await socketioServer({
      maxHttpBufferSize: 12_345,
      ...(parser === undefined ? {} : { parser: msgpackParser }),
    });
  });
  afterAll(() => sized.close());

  it.each([...ALL_CLIENTS])('is what the server receives: %s', async (_, connect) => {
    let largest = 0;
    sized.io.engine.once('connection', ({ transport }: { transport: { socket: WebSocket } }) =>
      transport.socket.on('message', (message: Buffer) => {
        largest = Math.max(largest, message.length);
      }),
    );
    const connection = await connectBy(connect, {
      url: sized.url,
      ...(parser === undefined ? {} : { parser }),
    });
    const DATA = [
      '',
      'text \u2603',
      { a: 1 },
      Buffer.alloc(300),
      [Buffer.alloc(9), 'a'],
      new Arguments([1, 2]),
    ];
    const [socket] = sized.io.sockets.sockets.values();
    for (const data of DATA) {
      largest = 0;
      const arrived = new Promise<void>((resolve) => socket?.prependAny(() => resolve()));
      connection.emit('say', data);
      await arrived;
      expect(connection.sizeOf?.('say', data)).toEqual({ messageBytes: largest, maxBytes: 12_345 });
    }
  });
});
