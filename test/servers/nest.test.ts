import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { io, type Socket } from 'socket.io-client';
import * as msgpackParser from 'socket.io-msgpack-parser';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  decodeEnvelope,
  type Envelope,
  EVENT,
  encodeEnvelope,
  type SendMessage,
} from '../../src/contract/protocol.ts';
import { killServer, type ServerChild, startServer, urlOf } from './child.ts';

const endings: Array<() => unknown> = [];
/** One server for each of these that was asked for, as long as the tests run. */
const running = new Map<string, Promise<ServerChild>>();

afterEach(async () => {
  await Promise.all(endings.splice(0).map((end) => end()));
});
afterAll(async () => {
  await Promise.all((await Promise.all(running.values())).map(killServer));
});

/** Starts a server, or returns the running one of the same settings once all its clients have left. */
async function start(name: string, settings: object = {}): Promise<ServerChild> {
  const key = `${name} ${JSON.stringify(settings)}`;
  const starting = running.get(key) ?? startServer(name, '127.0.0.1', '0', JSON.stringify(settings));
  running.set(key, starting);
  const server = await starting;
  await untilClientsAre(server, 0);
  return server;
}

/** The number of clients that the gateway counts in handleConnection and handleDisconnect. */
async function countClients(server: ServerChild): Promise<number> {
  const response = await fetch(`${urlOf(server).replace(/^ws:/, 'http:')}/chats`);
  return ((await response.json()) as { clients: number }).clients;
}

/** The gateway sees a disconnect later than the client. */
async function untilClientsAre(server: ServerChild, count: number): Promise<void> {
  await expect.poll(() => countClients(server), { timeout: 10_000 }).toBe(count);
}

/** Collects items, and resolves when a number of them has come. */
class Inbox {
  readonly received: unknown[] = [];
  #wake = () => {};

  put(item: unknown): void {
    this.received.push(item);
    this.#wake();
  }

  async first(count: number): Promise<unknown[]> {
    while (this.received.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.received;
  }

  async until(item: unknown): Promise<unknown[]> {
    while (!this.received.includes(item)) await this.first(this.received.length + 1);
    return this.received;
  }
}

describe('the descriptors of the Nest servers', () => {
  it('can be read where Nest is not installed', () => {
    const script = `
      import { registerHooks } from 'node:module';
      registerHooks({
        resolve(specifier, context, next) {
          if (/^(@nestjs|rxjs|reflect-metadata|esbuild)/.test(specifier)) throw new Error('no ' + specifier);
          return next(specifier, context);
        },
      });
      for (const name of ['nest-socketio', 'nest-ws']) {
        const { server } = await import('./' + name + '.ts');
        console.log(server.name);
      }`;
    const servers = fileURLToPath(new URL('../../servers', import.meta.url));
    const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: servers,
    });
    expect(String(printed).trim().split('\n')).toEqual(['nest-socketio', 'nest-ws']);
  });
});

describe('the server nest-socketio', () => {
  async function join(server: ServerChild, options: object = {}, namespace = 'chats'): Promise<Socket> {
    const socket = io(`${urlOf(server)}/${namespace}`, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      ...options,
    });
    endings.push(() => socket.disconnect());
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return socket;
  }

  function inboxOf(socket: Socket, event: string = EVENT.receiveMessage): Inbox {
    const inbox = new Inbox();
    socket.on(event, (...data: unknown[]) => inbox.put(data.length > 1 ? data : data[0]));
    return inbox;
  }

  it('calls handleConnection and handleDisconnect of its gateway', async () => {
    const server = await start('nest-socketio');
    expect(await countClients(server)).toBe(0);
    const [first] = [await join(server), await join(server)];
    expect(await countClients(server)).toBe(2);
    first.disconnect();
    await untilClientsAre(server, 1);
  });

  it('counts the clients in its namespace only', async () => {
    const server = await start('nest-socketio');
    await join(server, {}, '');
    expect(await countClients(server)).toBe(0);
  });

  describe('with two clients in room 1, one in room 2 and one in none', () => {
    async function chat(send: (sender: Socket) => void): Promise<unknown[][]> {
      const server = await start('nest-socketio');
      const sockets = await Promise.all([join(server), join(server), join(server), join(server)]);
      const inboxes = sockets.map((socket) => inboxOf(socket));
      const [sender, second, third] = sockets;
      await sender.emitWithAck('enter_chat', [1, 3]);
      await second.emitWithAck('enter_chat', [1]);
      await third.emitWithAck('enter_chat', [2]);
      send(sender);
      sender.emit('send_message', { message: 'the end' });
      const received = await Promise.all(inboxes.map((inbox) => inbox.until('the end')));
      return received.map((messages) => messages.slice(0, -1));
    }

    it.each<[string, object, string[][]]>([
      ['everyone, without a room', { message: 'hi' }, [['hi'], ['hi'], ['hi'], ['hi']]],
      ['the room, by its number alone', { message: 'hi', chatId: 1 }, [['hi'], ['hi'], [], []]],
      ['a room that only the sender is in', { message: 'hi', chatId: 3 }, [['hi'], [], [], []]],
      ['the room but me', { message: 'hi', chatId: 1, scope: 'room-but-me' }, [[], ['hi'], [], []]],
      ['everyone but me', { message: 'hi', scope: 'everyone-but-me' }, [[], ['hi'], ['hi'], ['hi']]],
      ['no client, for an unknown scope', { message: 'hi', scope: 'nonesuch' }, [[], [], [], []]],
    ])('send_message reaches %s', async (_, data, expected) => {
      expect(await chat((sender) => sender.emit('send_message', data))).toEqual(expected);
    });

    it('enter_chat needs no acknowledgement', async () => {
      const received = await chat((sender) => {
        sender.emit('enter_chat', [2]);
        sender.emit('send_message', { message: 'hi', chatId: 2 });
      });
      expect(received).toEqual([['hi'], [], ['hi'], []]);
    });
  });

  it('acknowledges an event to the callback of the client', async () => {
    const socket = await join(await start('nest-socketio'));
    const reply = await new Promise((resolve) => socket.emit('hello', 'world', resolve));
    expect(reply).toBe('world');
  });

  it('receives an acknowledgement for its own event', async () => {
    const socket = await join(await start('nest-socketio'));
    const asked: unknown[] = [];
    socket.on('hello', (message, callback) => {
      asked.push(message);
      callback('수신 양호');
    });
    const reply = await socket.emitWithAck('ask_me', 'world');
    expect(asked).toEqual(['world']);
    expect(reply).toEqual({ answer: '수신 양호', roundTripNs: expect.any(Number) });
  });

  it('answers identity with its data', async () => {
    const socket = await join(await start('nest-socketio'));
    expect(await socket.emitWithAck('identity', 42)).toBe(42);
  });

  it('streams an Observable as events: 1, 2, 3, or as many as requested', async () => {
    const socket = await join(await start('nest-socketio'));
    const inbox = inboxOf(socket, 'events');
    socket.emit('events', 'hello world');
    expect(await inbox.first(3)).toEqual([1, 2, 3]);
    socket.emit('events', { message: 'hi', count: 2 });
    expect((await inbox.first(5)).slice(3)).toEqual([
      { item: 1, message: 'hi' },
      { item: 2, message: 'hi' },
    ]);
  });

  it('serves the namespace of the settings instead of its own', async () => {
    const server = await start('nest-socketio', { namespace: '/other/place' });
    const socket = await join(server, {}, 'other/place');
    expect(await socket.emitWithAck('identity', 'here')).toBe('here');
    await expect(join(server)).rejects.toThrow('Invalid namespace');
  });

  it('can be in the main namespace', async () => {
    const socket = await join(await start('nest-socketio', { namespace: '/' }), {}, '');
    expect(await socket.emitWithAck('identity', 'here')).toBe('here');
  });

  it('speaks msgpack with that setting', async () => {
    const server = await start('nest-socketio', { parser: 'msgpack' });
    const socket = await join(server, { parser: msgpackParser });
    expect(await socket.emitWithAck('identity', 'here')).toBe('here');
  });

  it.each([
    [false, ''],
    [true, 'permessage-deflate'],
  ])('compresses as the settings say: %s', async (compression, extensions) => {
    const server = await start('nest-socketio', { compression });
    const socket = new WebSocket(
      `${urlOf(server).replace(/^http:/, 'ws:')}/socket.io/?EIO=4&transport=websocket`,
    );
    endings.push(() => socket.terminate());
    await once(socket, 'open');
    expect(socket.extensions).toBe(extensions);
  });

  it.each([false, true])('recovers the state of a connection as the settings say: %s', async (recovery) => {
    const server = await start('nest-socketio', { recovery });
    const socket = await join(server);
    const inbox = inboxOf(socket);
    // One broadcast, from which on the client knows where it was.
    socket.emit('send_message', { message: 'before' });
    await inbox.first(1);
    socket.io.engine.close();
    await untilClientsAre(server, 0);
    socket.connect();
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    // Unset by a server that knows of no recovery.
    expect(socket.recovered ?? false).toBe(recovery);
    expect(await socket.emitWithAck('identity', 'back')).toBe('back');
    expect(await countClients(server)).toBe(1);
  });

  it.each<[string, string, unknown[]]>([
    ['no rooms', EVENT.enterChat, []],
    ['rooms that are no list', EVENT.enterChat, [7]],
    ['a room that is nothing', EVENT.enterChat, [[null]]],
    ['a room that cannot be text', EVENT.enterChat, [[{ toString: 1 }]]],
    ['no message to publish', EVENT.sendMessage, []],
    ['null to publish', EVENT.sendMessage, [null]],
    [
      'a room to publish to that cannot be text',
      EVENT.sendMessage,
      [{ message: 1, chatId: { toString: 1 } }],
    ],
    ['what is not a way to acknowledge', EVENT.hello, ['data', 42]],
    ['what is not a way to acknowledge an answer', EVENT.askMe, ['data', 42]],
    ['a request for more replies than a list can hold', EVENT.events, [{ message: '', count: 1e12 }]],
  ])('goes on serving a client that has sent %s, and others', async (_, event, args) => {
    const server = await start('nest-socketio');
    const [rude, other] = [await join(server), await join(server)];
    rude.emit(event, ...args);
    expect(await rude.emitWithAck('identity', 'still here')).toBe('still here');
    expect(await other.emitWithAck('identity', 'still here')).toBe('still here');
  });
});

describe('the server nest-ws', () => {
  async function join(
    server: ServerChild,
    options: object = {},
  ): Promise<{ socket: WebSocket; inbox: Inbox }> {
    const socket = new WebSocket(urlOf(server), options);
    endings.push(() => socket.terminate());
    const inbox = new Inbox();
    socket.on('message', (data: Buffer, isBinary) => inbox.put(isBinary ? data : String(data)));
    await once(socket, 'open');
    return { socket, inbox };
  }

  /** Sends envelopes and resolves with the next message. */
  async function ask(server: ServerChild, ...envelopes: Envelope[]): Promise<unknown> {
    const { socket, inbox } = await join(server);
    for (const envelope of envelopes) socket.send(JSON.stringify(envelope));
    const [message] = await inbox.first(1);
    return JSON.parse(String(message));
  }

  it('calls handleConnection and handleDisconnect of its gateway', async () => {
    const server = await start('nest-ws');
    expect(await countClients(server)).toBe(0);
    const [{ socket }] = [await join(server), await join(server)];
    await untilClientsAre(server, 2);
    socket.close();
    await untilClientsAre(server, 1);
  });

  it("answers the seed's client with a stream of three", async () => {
    const { socket, inbox } = await join(await start('nest-ws'));
    socket.send(JSON.stringify({ event: 'events', data: 'hello world' }));
    expect(await inbox.first(3)).toEqual([
      '{"event":"events","data":1}',
      '{"event":"events","data":2}',
      '{"event":"events","data":3}',
    ]);
  });

  it('answers identity with an event, and under an id with an acknowledgement', async () => {
    const server = await start('nest-ws');
    expect(await ask(server, { event: 'identity', data: 42 })).toEqual({ event: 'identity', data: 42 });
    expect(await ask(server, { event: 'identity', data: 42, id: 0 })).toEqual({
      event: 'identity',
      data: 42,
      ack: 0,
    });
  });

  it('acknowledges bytes with bytes', async () => {
    const { socket, inbox } = await join(await start('nest-ws'));
    socket.send(encodeEnvelope({ event: 'hello', data: Buffer.from([0, 255]), id: 5 }));
    const [message] = await inbox.first(1);
    if (!Buffer.isBuffer(message)) throw new Error(`text: ${message}`);
    expect(decodeEnvelope(message, true)).toEqual({ event: 'hello', data: Buffer.from([0, 255]), ack: 5 });
  });

  it.each<[string, Partial<SendMessage> | object, string[][]]>([
    ['everyone, without a room', { message: 'hi' }, [['hi'], ['hi'], ['hi'], ['hi']]],
    ['the room, by its number alone', { message: 'hi', chatId: 1 }, [['hi'], ['hi'], [], []]],
    ['a room that only the sender is in', { message: 'hi', chatId: 3 }, [['hi'], [], [], []]],
    ['the room but me', { message: 'hi', chatId: 1, scope: 'room-but-me' }, [[], ['hi'], [], []]],
    ['everyone but me', { message: 'hi', scope: 'everyone-but-me' }, [[], ['hi'], ['hi'], ['hi']]],
    ['no client, for an empty room', { message: 'hi', chatId: 4 }, [[], [], [], []]],
  ])('send_message reaches %s', async (_, data, expected) => {
    const server = await start('nest-ws');
    const members = await Promise.all([join(server), join(server), join(server), join(server)]);
    const rooms = [[1, 3], [1], [2], []];
    for (const [index, { socket, inbox }] of members.entries()) {
      socket.send(JSON.stringify({ event: 'enter_chat', data: rooms[index] }));
      expect(await inbox.first(1)).toEqual(['{"event":"enter_chat","data":null}']);
    }
    const [{ socket }] = members;
    socket.send(JSON.stringify({ event: 'send_message', data }));
    socket.send(JSON.stringify({ event: 'send_message', data: { message: 'the end' } }));
    const end = '{"event":"receive_message","data":"the end"}';
    const received = await Promise.all(members.map(({ inbox }) => inbox.until(end)));
    expect(received.map((messages) => messages.slice(1, -1))).toEqual(
      expected.map((texts) => texts.map((text) => JSON.stringify({ event: 'receive_message', data: text }))),
    );
  });

  it('asks a client and takes the answer from no other client', async () => {
    const server = await start('nest-ws');
    const [asked, other] = [await join(server), await join(server)];
    asked.socket.send(JSON.stringify({ event: 'ask_me', data: 'world', id: 1 }));
    const question = JSON.parse(String((await asked.inbox.first(1))[0]));
    expect(question).toEqual({ event: 'hello', data: 'world', id: expect.any(Number) });
    other.socket.send(JSON.stringify({ event: 'hello', data: 'forged', ack: question.id }));
    other.socket.send(JSON.stringify({ event: 'identity', data: 'after it' }));
    await other.inbox.first(1);
    asked.socket.send(JSON.stringify({ event: 'hello', data: '수신 양호', ack: question.id }));
    const [, reply] = await asked.inbox.first(2);
    expect(JSON.parse(String(reply))).toEqual({
      event: 'ask_me',
      data: { answer: '수신 양호', roundTripNs: expect.any(Number) },
      ack: 1,
    });
  });

  it.each([
    [false, ''],
    [true, 'permessage-deflate'],
  ])('compresses as the settings say: %s', async (compression, extensions) => {
    const { socket } = await join(await start('nest-ws', { compression }));
    expect(socket.extensions).toBe(extensions);
  });

  it.each<[string, string | Buffer]>([
    ['text that is not JSON', 'hello'],
    ['null', 'null'],
    ['a number', '5'],
    ['no event', '{"data":1}'],
    ['an event that is no text', '{"event":{},"data":1,"id":1}'],
    ['an unknown event', '{"event":"nonesuch","data":1,"id":1}'],
    ['an answer without a question', '{"event":"hello","data":"an answer","ack":99}'],
    ['an answer in a form of its own', '{"event":"answer"}'],
    ['nothing, as binary', Buffer.alloc(0)],
    ['binary with a header that is none', Buffer.from([0, 2, 1, 2])],
    ['binary with a header beyond the end', Buffer.from([255, 255, 1])],
    ['no rooms', '{"event":"enter_chat","id":1}'],
    ['rooms that are no list', '{"event":"enter_chat","data":7,"id":1}'],
    ['a room that is nothing', '{"event":"enter_chat","data":[null],"id":1}'],
    ['no message to publish', '{"event":"send_message"}'],
    ['a room to publish to that cannot be text', '{"event":"send_message","data":{"chatId":{"toString":1}}}'],
    [
      'a request for more replies than a list can hold',
      '{"event":"events","data":{"message":"","count":1e12}}',
    ],
  ])('goes on serving a client that has sent %s, and others', async (_, message) => {
    const server = await start('nest-ws');
    const [rude, other] = [await join(server), await join(server)];
    const stillHere = JSON.stringify({ event: 'echo', data: 'still here' });
    rude.socket.send(message);
    for (const { socket, inbox } of [rude, other]) {
      socket.send(stillHere);
      await inbox.until(stillHere);
    }
  });
});
