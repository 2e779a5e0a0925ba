import fc from 'fast-check';
import * as msgpackParser from 'socket.io-msgpack-parser';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Arguments } from '../../src/contract/mapping.ts';
import type { Connection, ConnectOptions } from '../../src/drivers/driver.ts';
import {
  ALL_CLIENTS,
  connectOfficially,
  plain,
  type SocketioServer,
  socketioServer,
  WIRE_CLIENTS,
} from './socketio-clients.ts';

/** Servers and how clients connect to them. */
const WAYS: ReadonlyArray<
  [name: string, server: Parameters<typeof socketioServer>[0], client: Partial<ConnectOptions>]
> = [
  ['the default parser', {}, {}],
  ['MessagePack', { parser: msgpackParser }, { parser: 'msgpack' }],
  ['connection state recovery', { connectionStateRecovery: {} }, {}],
  ['compression', { perMessageDeflate: { threshold: 0 } }, { compression: true }],
  ['a namespace', {}, { namespace: '/chat/room-1' }],
];

const bytes = (...values: readonly number[]) => Buffer.from(values);
const deep = (depth: number): unknown => (depth === 0 ? bytes(1) : [deep(depth - 1)]);

/** Arguments of one event each. */
const DATA: ReadonlyArray<[what: string, args: readonly unknown[]]> = [
  ['no argument', []],
  ['undefined', [undefined]],
  ['undefined among others', [1, undefined, 'two', undefined]],
  ['null', [null]],
  ['no text', ['']],
  ['empty values', [{}, [], '', bytes()]],
  ['several arguments', [1, 'two', { three: [3] }, false, null]],
  ['several texts', ['one', 'two', 'three']],
  ['numbers', [0, -0, -1, 1.5, 2 ** 53, -(2 ** 31), 1e300, Number.NaN, Number.POSITIVE_INFINITY]],
  ['unicode', ['\u2603 \u{1d4b3} \0 \u2028 "\\/\n', { '\u2603': '\u00e4' }]],
  ['half a character', ['\ud800 and \udc00']],
  ['bytes', [bytes(0, 255, 10)]],
  ['bytes among others', ['a', bytes(1), { b: [bytes(2), { c: bytes() }] }, bytes(3), null]],
  ['ten attachments', Array.from({ length: 10 }, (_, index) => bytes(index))],
  ['bytes at a depth of 200', [deep(200)]],
  ['an array of bytes', [new Uint8Array([1, 2, 3]).buffer]],
  ['a date', [new Date(1e12), { at: new Date(0) }]],
  ['an object that writes itself', [{ toJSON: () => ({ own: true }) }]],
  ['what looks like a placeholder', [{ _placeholder: true, num: 0 }, { _placeholder: false }]],
  [
    'names that objects have',
    [JSON.parse('{"__proto__":{"a":1},"constructor":{"prototype":2},"toString":3}')],
  ],
  ['a long text', ['long \u2603 '.repeat(30_000)]],
  ['many bytes', [Buffer.alloc(200_000, 7), Buffer.alloc(70_000, 8)]],
];

describe.each(WAYS)('with %s, the wire driver and socket.io-client', (_, serverOptions, clientOptions) => {
  let server: SocketioServer;
  let seen: unknown[] = [];
  const connections: Connection[] = [];
  const connectBy = async (connect: typeof connectOfficially, options: Partial<ConnectOptions> = {}) => {
    const connection = await connect({ url: server.url, ...clientOptions, ...options });
    connections.push(connection);
    return connection;
  };

  beforeAll(async () => {
    server = await socketioServer(serverOptions);
    server.io.of(clientOptions.namespace ?? '/').on('connection', (socket) => {
      socket.onAny((event, ...args) => {
        const acknowledge = typeof args.at(-1) === 'function' ? args.pop() : null;
        seen.push([event, acknowledge !== null, plain(args)]);
        if (acknowledge !== null) acknowledge(...args);
        else socket.emit(`${event} again`, ...args);
      });
      socket.on('ask me', () => {
        socket.emit('question', ...[1, 'two', bytes(3)], (...answer: unknown[]) =>
          socket.emit('answered', ...answer),
        );
      });
      socket.on('everyone', (...args) => server.io.of(socket.nsp.name).emit('to everyone', ...args));
    });
  });
  afterEach(async () => {
    await Promise.all(connections.splice(0).map((connection) => connection.close()));
  });
  afterAll(() => server.close());

  /** What server and client see of an event that comes back, and of a request. */
  async function exchange(connection: Connection, event: string, args: readonly unknown[]): Promise<unknown> {
    seen = [];
    const data = args.length === 1 ? args[0] : new Arguments(args);
    const again = new Promise((resolve) => {
      const stop = connection.on(`${event} again`, (back) => {
        stop();
        resolve(plain(back));
      });
    });
    connection.emit(event, data);
    const reply = new Promise((resolve) => connection.request(event, data, (back) => resolve(plain(back))));
    const received = await Promise.all([again, reply]);
    return { received, seen };
  }

  it.each(WIRE_CLIENTS)('exchange the same data: %s', async (__, connect) => {
    const official = await connectBy(connectOfficially);
    const wire = await connectBy(connect);
    for (const [what, args] of DATA) {
      const expected = await exchange(official, 'say', args);
      expect(await exchange(wire, 'say', args), what).toEqual(expected);
    }
    for (const event of ['', 'a "name"', '\u2603', '1', '__proto__', 'message', ',["x"]', '/chat']) {
      const expected = await exchange(official, event, [1]);
      expect(await exchange(wire, event, [1]), event).toEqual(expected);
    }
  });

  it.each(WIRE_CLIENTS)('exchange any data: %s', async (__, connect) => {
    const official = await connectBy(connectOfficially);
    const wire = await connectBy(connect);
    const binary = fc.uint8Array({ maxLength: 8 }).map((values) => Buffer.from(values));
    const value = fc.anything({
      values: [fc.string(), fc.integer(), fc.boolean(), fc.constant(null), binary],
      maxDepth: 3,
      maxKeys: 4,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(value, { maxLength: 4 }), async (args) => {
        const expected = await exchange(official, 'say', args);
        expect(await exchange(wire, 'say', args)).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it.each(ALL_CLIENTS)('answer requests of the server: %s', async (__, connect) => {
    const connection = await connectBy(connect);
    const asked: unknown[] = [];
    connection.on('question', (data) => asked.push(['heard', plain(data)]));
    connection.answer('question', (data) => {
      asked.push(['asked', plain(data)]);
      return { yes: [bytes(1)] };
    });
    const answered = new Promise((resolve) => connection.on('answered', (data) => resolve(plain(data))));
    connection.emit('ask me', null);
    expect(await answered).toEqual(plain({ yes: [bytes(1)] }));
    const question = [1, 'two', { bytes: '03' }];
    expect(asked).toEqual([
      ['heard', question],
      ['asked', question],
    ]);
  });

  it.each(ALL_CLIENTS)('receive all arguments of what goes to everyone: %s', async (__, connect) => {
    const connection = await connectBy(connect);
    const { io } = server;
    const everyone = io.of(clientOptions.namespace ?? '/');
    let next = Promise.withResolvers<unknown>();
    connection.on('to everyone', (data) => next.resolve(plain(data)));
    const received = (send: () => void) => {
      next = Promise.withResolvers();
      send();
      return next.promise;
    };
    for (const args of [
      [],
      ['text'],
      ['two', 'texts'],
      ['Payload'],
      [1, 2],
      [{ a: 1 }, bytes(1)],
      ['r', bytes(2), 'x'],
    ]) {
      const expected = plain(args.length > 1 ? args : args[0]);
      expect(await received(() => everyone.emit('to everyone', ...args))).toEqual(expected);
      // Neither a volatile event nor one that asks for an acknowledgement has an offset.
      expect(await received(() => everyone.volatile.emit('to everyone', ...args))).toEqual(expected);
      const timed = everyone.timeout(1000);
      expect(await received(() => timed.emit('to everyone', ...args, () => {}))).toEqual(expected);
    }
  });
});
