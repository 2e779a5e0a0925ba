import { EventEmitter } from 'node:events';
import type { ServerOptions } from 'socket.io';
import * as msgpackParser from 'socket.io-msgpack-parser';
import { afterEach, describe, expect, it } from 'vitest';
import { Arguments } from '../../src/contract/mapping.ts';
import type { Connection, ConnectOptions } from '../../src/drivers/driver.ts';
import { drivers } from '../../src/drivers/index.ts';
import { plain, type SocketioServer, socketioServer } from './socketio-clients.ts';

const WAYS = drivers
  .filter(({ protocol }) => protocol === 'socketio')
  .flatMap((driver) => driver.transports.map((transport) => [driver.name, transport, driver] as const));

/** Packets as JSON, each in one text message. */
const jsonParser = {
  Encoder: class {
    encode(packet: object): string[] {
      return [JSON.stringify(packet)];
    }
  },
  Decoder: class extends EventEmitter {
    add(message: unknown): void {
      this.emit('decoded', JSON.parse(String(message)));
    }

    destroy(): void {}
  },
};

describe.each(WAYS)('the %s driver of Socket.IO over %s', (_, transport, driver) => {
  const servers: SocketioServer[] = [];
  const connections: Connection[] = [];

  afterEach(async () => {
    await Promise.all(connections.splice(0).map((connection) => connection.close()));
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  async function serve(options: Partial<ServerOptions> = {}) {
    const server = await socketioServer(options);
    servers.push(server);
    const connect = async (given: Partial<ConnectOptions> = {}) => {
      const connection = await driver.connect({ url: server.url, transport, timeoutMs: 5000, ...given });
      connections.push(connection);
      return connection;
    };
    return { io: server.io, connect };
  }

  const next = (connection: Connection, event: string) =>
    new Promise((resolve) => {
      const stop = connection.on(event, (data) => {
        stop();
        resolve(plain(data));
      });
    });
  const request = (connection: Connection, event: string, data: unknown) =>
    new Promise((resolve) => connection.request(event, data, resolve));

  describe('with several namespaces', () => {
    /** Two namespaces, and what is said in one is an event of the other. */
    async function serveRooms() {
      const { io, connect } = await serve({ connectionStateRecovery: {} });
      const entered: string[] = [];
      for (const name of ['/', '/chat', '/presence', /^\/game-\d+$/]) {
        io.of(name).on('connection', (socket) => {
          entered.push(`${socket.nsp.name} ${JSON.stringify(socket.handshake.auth)}`);
          socket.on('say', (text) => io.of('/presence').emit('said', `${text} in ${socket.nsp.name}`));
          socket.on('where', (reply) => reply(socket.nsp.name));
          socket.on('ask', () =>
            socket.emit('question', socket.nsp.name, (answer: unknown) => socket.emit('answered', answer)),
          );
          socket.on('leave', () => socket.disconnect());
        });
      }
      return { io, connect, entered };
    }
    const BOTH = { namespaces: { '/chat': '/chat', '/presence': '/presence' } };

    it('enters all of them over one connection, with its auth', async () => {
      const { io, connect, entered } = await serveRooms();
      await connect({ ...BOTH, auth: { token: 't' } });
      expect(entered.toSorted()).toEqual(['/chat {"token":"t"}', '/presence {"token":"t"}']);
      expect(io.engine.clientsCount).toBe(1);
    });

    it('publishes in one and receives in the other', async () => {
      const { connect } = await serveRooms();
      const connection = await connect(BOTH);
      const said = next(connection, '/presence,said');
      connection.emit('/chat,say', 'hello');
      expect(await said).toBe('hello in /chat');
    });

    it('gives plain names to events of the first one, or of `namespace`', async () => {
      const { connect, entered } = await serveRooms();
      const chat = await connect(BOTH);
      expect(
        await Promise.all(
          ['where', '/chat,where', '/presence,where'].map((each) => request(chat, each, new Arguments([]))),
        ),
      ).toEqual(['/chat', '/chat', '/presence']);
      const main = await connect({ ...BOTH, namespace: '/' });
      expect(await request(main, 'where', new Arguments([]))).toBe('/');
      expect(entered.toSorted()).toEqual(['/ {}', '/chat {}', '/chat {}', '/presence {}', '/presence {}']);
    });

    it('enters dynamic ones, under a name that is the same for every client', async () => {
      const { connect } = await serveRooms();
      const players = await Promise.all(
        [1, 2].map((game) => connect({ namespace: '/', namespaces: { game: `/game-${game}` } })),
      );
      expect(
        await Promise.all(players.map((each) => request(each, 'game,where', new Arguments([])))),
      ).toEqual(['/game-1', '/game-2']);
    });

    it('does not send to one that it has not entered', async () => {
      const { connect } = await serveRooms();
      for (const options of [BOTH, {}]) {
        const connection = await connect(options);
        expect(() => connection.emit('/foo,say', 'hello')).toThrow(
          'the event "/foo,say" is in the namespace /foo, which clients do not enter',
        );
      }
    });

    it('answers where it was asked', async () => {
      const { connect } = await serveRooms();
      const connection = await connect(BOTH);
      connection.answer('question', (data) => `first ${data}`);
      connection.answer('/presence,question', (data) => `second ${data}`);
      const answered = [next(connection, 'answered'), next(connection, '/presence,answered')];
      for (const event of ['/presence,ask', 'ask']) connection.emit(event, new Arguments([]));
      expect(await Promise.all(answered)).toEqual(['first /chat', 'second /presence']);
    });

    it('is refused where one of them is, which the reason names', async () => {
      const { connect } = await serveRooms();
      await expect(connect({ namespaces: { '/chat': '/chat', '/no': '/no' } })).rejects.toThrow(
        'refused by the server: Invalid namespace (/no)',
      );
    });

    it('is dropped where the server ends it in one of them', async () => {
      const { connect } = await serveRooms();
      const connection = await connect(BOTH);
      const dropped = new Promise((resolve) => connection.onDropped(resolve));
      connection.emit('/presence,leave', new Arguments([]));
      expect(await dropped).toBe('io server disconnect (/presence)');
    });
  });

  it('takes a comma in a name as it is where it enters one namespace', async () => {
    const { io, connect } = await serve();
    io.on('connection', (socket) => socket.on('chat,say', (data) => socket.emit('chat,said', data)));
    const connection = await connect();
    const said = next(connection, 'chat,said');
    connection.emit('chat,say', 'hello');
    expect(await said).toBe('hello');
  });

  it.each<[string, ConnectOptions['parser'] & object, unknown]>([
    ['text', jsonParser, { a: [1, 'two', null] }],
    ['bytes', msgpackParser, { a: [1, 'two', Buffer.from('three')] }],
  ])('speaks through a parser of the user that writes %s', async (__, parser, data) => {
    const { io, connect } = await serve({ parser });
    io.of('/chat').on('connection', (socket) => {
      socket.on('say', (said) => socket.emit('said', said));
      socket.on('ask', (asked, reply) => reply(asked));
      socket.emit('question', 1, (answer: unknown) => socket.emit('answered', answer));
    });
    const connection = await connect({ parser, namespaces: { '/chat': '/chat' } });
    const said = next(connection, 'said');
    connection.emit('say', data);
    expect(await said).toEqual(plain(data));
    expect(plain(await request(connection, 'ask', data))).toEqual(plain(data));
    expect(connection.sizeOf?.('say', data)?.messageBytes).toBeGreaterThan(20);
  });

  it('is dropped by a parser that fails, with its reason', async () => {
    const { io, connect } = await serve({ parser: jsonParser });
    const failing = {
      ...jsonParser,
      Decoder: class extends jsonParser.Decoder {
        override add(message: unknown): void {
          if (String(message).includes('"said"')) throw new Error('a broken table');
          super.add(message);
        }
      },
    };
    io.on('connection', (socket) => socket.on('say', (text) => socket.emit('said', text)));
    const connection = await connect({ parser: failing });
    const dropped = new Promise((resolve) => connection.onDropped(resolve));
    connection.emit('say', 'hello');
    expect(await dropped).toMatch(/parse error/);
  });

  if (transport !== 'polling') {
    it('offers subprotocols with its WebSocket', async () => {
      const { io, connect } = await serve();
      const offered = new Promise((resolve) => {
        io.engine.on('connection', (socket) => {
          if (socket.transport.name === 'websocket')
            resolve(socket.request.headers['sec-websocket-protocol']);
          socket.once('upgrade', (upgraded: { ws?: { protocol: string } }) => resolve(upgraded));
        });
      });
      await connect({ protocols: ['a', 'b'] });
      if (transport === 'websocket') expect(String(await offered).replaceAll(' ', '')).toBe('a,b');
      else expect(await offered).toMatchObject({ name: 'websocket' });
    });
  }
});
