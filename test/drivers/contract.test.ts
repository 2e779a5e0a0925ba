import dns from 'node:dns';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { setImmediate as nextIteration } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { chat, type OutgoingEvent } from '../../src/contract/mapping.ts';
import { EVENT, type Payload, SCOPES, type Scope } from '../../src/contract/protocol.ts';
import type { Client } from '../../src/contract/target.ts';
import type { Connection } from '../../src/drivers/driver.ts';
import { killServer, type ServerChild, startServer, urlOf } from '../servers/child.ts';
import { everyPair, nullPairs } from './pairs.ts';

const TIMEOUT_MS = 5_000;

const TEXT = 'text with "quotes", a \\ and a snowman \u2603';
const BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const payloads: ReadonlyArray<readonly [kind: string, payload: Payload]> = [
  ['text', TEXT],
  ['no text', ''],
  ['bytes', BYTES],
  ['no bytes', Buffer.alloc(0)],
];

/** Text as it is, bytes as numbers: so that neither passes for the other. */
function plain(payload: unknown): unknown {
  return payload instanceof Uint8Array ? { bytes: [...payload] } : payload;
}

/** Our own mapping is the same for every client. */
const CLIENT: Client = { number: 0, values: {} };

function request(connection: Connection, { event, data }: OutgoingEvent): Promise<unknown> {
  return new Promise((resolve) => connection.request(event, data, resolve));
}

function publish(connection: Connection, payload: Payload, scope: Scope, room: string | null): void {
  const { event, data } = chat.publish({ payload, scope, room, to: null, client: CLIENT, id: 0 });
  connection.emit(event, data);
}

/** Listens for what is delivered to a client. */
function inboxOf(connection: Connection) {
  const received: unknown[] = [];
  let wake = () => {};
  connection.on(chat.delivery.event, (payload) => {
    received.push(plain(payload));
    wake();
  });
  return {
    received,
    /** Resolves when this was delivered. */
    async until(payload: string): Promise<void> {
      while (!received.includes(payload)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A port without a listener. */
async function closedPort(): Promise<number> {
  const server = createTcpServer();
  const port = await listening(server);
  server.close();
  await once(server, 'close');
  return port;
}

const everyone = [...(await everyPair()), ...nullPairs()];

/** The official drivers meet one server for each transport: how they differ from the wire is no matter of servers. */
const pairs = everyone.filter(({ driver, transport }, index) => {
  if (process.env['EXPLORE'] === '1' || driver.name !== 'official') return true;
  return everyone.findIndex((pair) => pair.driver === driver && pair.transport === transport) === index;
});

describe.each(
  pairs.map((pair) => [`${pair.driver.name} over ${pair.transport} to ${pair.serverName}`, pair] as const),
)('%s', (_, { driver, serverName, transport }) => {
  let server: ServerChild;
  const connections: Connection[] = [];

  const options = { transport, timeoutMs: TIMEOUT_MS, pollIntervalMs: 5 };
  const sameClient = pairs.find(
    (pair) =>
      pair.driver.name === driver.name &&
      pair.driver.protocol === driver.protocol &&
      pair.transport === transport,
  );
  const isFirstServer = sameClient?.serverName === serverName;
  const connectTo = async (url: string): Promise<Connection> => {
    const connection = await driver.connect({ ...options, url });
    connections.push(connection);
    return connection;
  };
  const connect = () => connectTo(urlOf(server));
  const attempt = (host: string, timeoutMs = TIMEOUT_MS) =>
    driver.connect({ url: urlOf(server).replace(/127\.0\.0\.1:\d+/, host), transport, timeoutMs });

  beforeAll(async () => {
    server = await startServer(serverName, '127.0.0.1', '0');
  });
  afterEach(async () => {
    await Promise.all(connections.splice(0).map((connection) => connection.close()));
  });
  afterAll(() => killServer(server));

  describe('connecting', () => {
    it('is refused with a reason where no server listens', async () => {
      await expect(attempt(`127.0.0.1:${await closedPort()}`)).rejects.toThrow(/ECONNREFUSED/);
    });

    it('is refused with a reason where a name has several addresses and no server listens on any', async () => {
      const bothFamilies = [
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ];
      const lookup = vi
        .spyOn(dns, 'lookup')
        .mockImplementation(((
          _host: string,
          _options: object,
          callback: (error: null, addresses: object) => void,
        ) => callback(null, bothFamilies)) as unknown as typeof dns.lookup);
      try {
        await expect(attempt(`localhost:${await closedPort()}`)).rejects.toThrow(/ECONNREFUSED/);
        expect(lookup).toHaveBeenCalled();
      } finally {
        lookup.mockRestore();
      }
    });

    it('is given up with a reason when the server accepts and never answers, and leaves no socket behind', async () => {
      const accepted: Socket[] = [];
      const silent = createTcpServer((socket) => {
        accepted.push(socket);
        // A reset is a way of closing too.
        socket.on('error', () => {}).resume();
      });
      const port = await listening(silent);
      const startedMs = performance.now();
      await expect(attempt(`127.0.0.1:${port}`, 200)).rejects.toThrow(/time|answer/);
      expect(performance.now() - startedMs).toBeGreaterThan(190);
      expect(accepted.length).toBeGreaterThan(0);
      await Promise.all(accepted.map((socket) => socket.closed || once(socket, 'close')));
      silent.close();
      await once(silent, 'close');
    });

    it('is refused with the HTTP status when there is another server', async () => {
      const other = createHttpServer((_request, response) => response.writeHead(404).end());
      const port = await listening(other);
      await expect(attempt(`127.0.0.1:${port}`)).rejects.toThrow(/404/);
      other.close();
      other.closeAllConnections();
      await once(other, 'close');
    });
  });

  describe('publishing', () => {
    // Clients 0 and 1 are in the room, client 2 is in another, client 3 in none; client 0 sends.
    const audiences: Record<Scope, number[]> = {
      everyone: [0, 1, 2, 3],
      'everyone-but-me': [1, 2, 3],
      room: [0, 1],
      'room-but-me': [1],
    };

    it.each(SCOPES.flatMap((scope) => payloads.map(([kind, payload]) => [scope, kind, payload] as const)))(
      'to %s delivers %s, exactly, to exactly whom it should',
      async (scope, _kind, payload) => {
        const clients = await Promise.all([connect(), connect(), connect(), connect()]);
        const inboxes = clients.map(inboxOf);
        const [sender, second, third] = clients as [Connection, Connection, Connection, Connection];
        await request(sender, chat.join({ rooms: ['here', 'also here'], client: CLIENT }));
        await request(second, chat.join({ rooms: ['here'], client: CLIENT }));
        await request(third, chat.join({ rooms: ['there'], client: CLIENT }));

        publish(sender, payload, scope, scope.startsWith('room') ? 'here' : null);
        // Comes after it on every connection: who has got this will not get the other any more.
        publish(sender, 'the end', 'everyone', null);
        await Promise.all(inboxes.map((inbox) => inbox.until('the end')));

        const expected = clients.map((__, client) =>
          audiences[scope].includes(client) ? [plain(payload), 'the end'] : ['the end'],
        );
        expect(inboxes.map(({ received }) => received)).toEqual(expected);
      },
    );

    it('to an empty room delivers nothing', async () => {
      const sender = await connect();
      const inbox = inboxOf(sender);
      publish(sender, 'lost', 'room', 'empty');
      publish(sender, 'the end', 'everyone', null);
      await inbox.until('the end');
      expect(inbox.received).toEqual(['the end']);
    });

    it('keeps the order of many messages and loses none', async () => {
      const [sender, receiver] = [await connect(), await connect()];
      const inbox = inboxOf(receiver);
      const messages = Array.from({ length: 500 }, (__, i) => `message ${i}`);
      for (const message of messages) publish(sender, message, 'everyone-but-me', null);
      await inbox.until('message 499');
      expect(inbox.received).toEqual(messages);
    });
  });

  describe('a request', () => {
    it.each(payloads)('is acknowledged with the same %s', async (_kind, payload) => {
      const connection = await connect();
      expect(plain(await request(connection, chat.request({ payload, client: CLIENT, id: 0 })))).toEqual(
        plain(payload),
      );
    });

    it('gets its own reply, however many are under way', async () => {
      const connection = await connect();
      const asked = Array.from({ length: 50 }, (__, i) => `question ${i}`);
      const replies = await Promise.all(
        asked.map((question) =>
          request(connection, chat.request({ payload: question, client: CLIENT, id: 0 })),
        ),
      );
      expect(replies).toEqual(asked);
    });
  });

  describe('a request of the server', () => {
    it.each(payloads)(
      'reaches the client as %s, and the server reports answer and time',
      async (_kind, payload) => {
        const connection = await connect();
        const questions: unknown[] = [];
        connection.answer(chat.asked.event, (question) => {
          questions.push(plain(question));
          return question;
        });
        const reply = chat.asked.read(
          await request(connection, chat.askMe({ payload, client: CLIENT, id: 0 })),
        );
        expect(questions).toEqual([plain(payload)]);
        expect(plain(reply?.answer)).toEqual(plain(payload));
        expect(reply?.roundTripNs).toBeGreaterThan(0);
      },
    );

    it('is answered with what the client makes of it', async () => {
      const connection = await connect();
      connection.answer(chat.asked.event, (question) => `${question}? yes`);
      const reply = chat.asked.read(
        await request(connection, chat.askMe({ payload: 'there', client: CLIENT, id: 0 })),
      );
      expect(reply?.answer).toBe('there? yes');
    });

    it('goes to the client that wanted it and to no other', async () => {
      const [first, second] = [await connect(), await connect()];
      first.answer(chat.asked.event, () => 'first');
      second.answer(chat.asked.event, () => 'second');
      const replies = await Promise.all(
        [first, second, first].map((client) =>
          request(client, chat.askMe({ payload: 'who?', client: CLIENT, id: 0 })),
        ),
      );
      expect(replies.map((reply) => chat.asked.read(reply)?.answer)).toEqual(['first', 'second', 'first']);
    });
  });

  describe('an echo', () => {
    it.each(payloads)('brings %s back to the client alone', async (_kind, payload) => {
      const [connection, other] = [await connect(), await connect()];
      const echoed: unknown[] = [];
      other.on(EVENT.echo, (data) => echoed.push(['other', plain(data)]));
      const answered = new Promise<void>((resolve) => {
        connection.on(EVENT.echo, (data) => {
          echoed.push(plain(data));
          resolve();
        });
      });
      connection.emit(EVENT.echo, payload);
      await answered;
      await request(other, chat.request({ payload: 'the end', client: CLIENT, id: 0 }));
      expect(echoed).toEqual([plain(payload)]);
    });
  });

  describe('a streamed reply', () => {
    it.each(payloads)(
      'has as many parts as were asked for, in order, each with its number and %s',
      async (_kind, payload) => {
        const [connection, other] = [await connect(), await connect()];
        const received: unknown[] = [];
        other.on(chat.streamed.event, (data) => received.push(['other', data]));
        const complete = new Promise<void>((resolve) => {
          connection.on(chat.streamed.event, (data) => {
            const reply = chat.streamed.read(data);
            received.push([reply.item, plain(reply.payload)]);
            if (reply.item === 4) resolve();
          });
        });
        const { event, data } = chat.streamRequest({ payload, count: 4, client: CLIENT });
        connection.emit(event, data);
        await complete;
        await request(other, chat.request({ payload: 'the end', client: CLIENT, id: 0 }));
        expect(received).toEqual([1, 2, 3, 4].map((item) => [item, plain(payload)]));
      },
    );

    it('has the numbers 1 to 3 where no message comes with the request', async () => {
      const connection = await connect();
      const replies: unknown[] = [];
      const complete = new Promise<void>((resolve) => {
        connection.on(EVENT.events, (data) => {
          replies.push(chat.streamed.read(data));
          if (replies.length === 3) resolve();
        });
      });
      connection.emit(EVENT.events, 'anything');
      await complete;
      expect(replies).toEqual([{ item: 1 }, { item: 2 }, { item: 3 }]);
    });
  });

  describe('listening', () => {
    it('ends for a handler that is removed, and for no other', async () => {
      const connection = await connect();
      const received: unknown[] = [];
      const stop = connection.on(EVENT.echo, (data) => {
        received.push(['once', data]);
        stop();
      });
      const complete = new Promise<void>((resolve) => {
        connection.on(EVENT.echo, (data) => {
          received.push(['always', data]);
          if (data === 'second') resolve();
        });
      });
      connection.emit(EVENT.echo, 'first');
      connection.emit(EVENT.echo, 'second');
      await complete;
      expect(received).toEqual([
        ['once', 'first'],
        ['always', 'first'],
        ['always', 'second'],
      ]);
    });
  });

  describe('listening to everything', () => {
    it('begins before the first event, names each, and ends when it is removed', async () => {
      const received: unknown[] = [];
      const connection = await driver.connect({
        ...options,
        url: urlOf(server),
        onReady: (ready) => {
          const stop = ready.onAny((event, data) => {
            received.push([event, data]);
            stop();
          });
        },
      });
      connections.push(connection);
      const complete = new Promise<void>((resolve) => {
        connection.on(EVENT.echo, (data) => data === 'second' && resolve());
      });
      connection.emit(EVENT.echo, 'first');
      connection.emit(EVENT.echo, 'second');
      await complete;
      expect(received).toEqual([[EVENT.echo, 'first']]);
    });
  });

  describe('a ping', () => {
    it('is there where the protocol lets clients ping, and is answered once for each', async () => {
      const connection = await connect();
      expect(connection.ping !== undefined).toBe(driver.protocol === 'ws');
      const answered: string[] = [];
      const pong = (name: string) =>
        new Promise<void>((resolve) => {
          connection.ping?.(() => {
            answered.push(name);
            resolve();
          });
          if (connection.ping === undefined) resolve();
        });
      await Promise.all([pong('first'), pong('second')]);
      await request(connection, chat.request({ payload: 'the end', client: CLIENT, id: 0 }));
      expect(answered).toEqual(driver.protocol === 'ws' ? ['first', 'second'] : []);
    });
  });

  describe('the upgrade', () => {
    it('is reported once where there is one, and messages survive it', async () => {
      let upgrades = 0;
      const upgraded = Promise.withResolvers<void>();
      if (transport !== 'upgrade') upgraded.resolve();
      const onUpgraded = () => {
        upgrades += 1;
        upgraded.resolve();
      };
      const connection = await driver.connect({ ...options, url: urlOf(server), onUpgraded });
      connections.push(connection);
      const replies = [request(connection, chat.request({ payload: 'before', client: CLIENT, id: 0 }))];
      await upgraded.promise;
      replies.push(request(connection, chat.request({ payload: 'after', client: CLIENT, id: 0 })));
      expect(await Promise.all(replies)).toEqual(['before', 'after']);
      expect(upgrades).toBe(transport === 'upgrade' ? 1 : 0);
    });
  });

  describe('the end of a connection', () => {
    it('has the close code that the server answers, where the protocol has one', async () => {
      const connection = await connect();
      const outcome = await connection.close();
      if (driver.protocol === 'ws') expect(outcome).toEqual({ code: 1000, reason: '' });
      // Socket.IO's client closes without a code, which WebSocket calls 1005.
      else if (transport === 'websocket') expect(outcome).toEqual({ code: 1005, reason: '' });
      else if (transport !== 'upgrade') expect(outcome).toBeNull();
    });

    it('is not reported when the client closes it', async () => {
      const connection = await connect();
      const reasons: string[] = [];
      connection.onDropped((reason) => reasons.push(reason));
      await connection.close();
      await nextIteration();
      expect(reasons).toEqual([]);
    });

    it('takes the client out of its rooms', async () => {
      const [leaver, stayer] = [await connect(), await connect()];
      const inbox = inboxOf(stayer);
      const gone = inboxOf(leaver);
      await request(leaver, chat.join({ rooms: ['here'], client: CLIENT }));
      await request(stayer, chat.join({ rooms: ['here'], client: CLIENT }));
      await leaver.close();
      publish(stayer, 'still here', 'room', 'here');
      await inbox.until('still here');
      expect(gone.received).toEqual([]);
    });

    it('comes even when it was closed already', async () => {
      const connection = await connect();
      await connection.close();
      await connection.close();
    });

    // The process is stopped, so the kind of server makes no difference.
    if (isFirstServer) {
      it('comes even when the server does nothing any more', async () => {
        const connection = await connect();
        server.child.kill('SIGSTOP');
        await connection.close();
        server.child.kill('SIGCONT');
      });
    }

    // The last test of this server.
    it('is reported once, with a reason, when the server dies, and sending is harmless from then on', async () => {
      const connection = await connect();
      const reasons: string[] = [];
      const dropped = new Promise<void>((resolve) => {
        connection.onDropped((reason) => {
          reasons.push(reason);
          resolve();
        });
      });
      await killServer(server);
      await dropped;
      publish(connection, 'into the void', 'everyone', null);
      connection.request(EVENT.hello, 'anyone?', () => reasons.push('a reply'));
      await connection.close();
      await nextIteration();
      expect(reasons).toEqual([expect.stringMatching(/\w+/)]);
    });
  });
});

describe('the registries', () => {
  it('have a driver for every transport of every reference server', async () => {
    expect(pairs.map(({ serverName, transport }) => `${serverName} ${transport}`)).toEqual(
      expect.arrayContaining([
        'socketio websocket',
        'socketio polling',
        'ws websocket',
        'http-polling long-polling',
      ]),
    );
  });
});
