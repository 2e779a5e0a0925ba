import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { fileURLToPath } from 'node:url';
import { io } from 'socket.io-client';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { runtimeCommand, whyUnavailable } from '../../servers/availability.ts';
import { server as socketioBun } from '../../servers/socketio-bun.ts';
import { EVENT, type Scope } from '../../src/contract/protocol.ts';
import type { ServerSettings } from '../../src/contract/server.ts';
import { officialSocketio } from '../../src/drivers/official-socketio.ts';
import { skipWhenMissing } from '../support/need.ts';
import { killServer, type ServerChild, startServer, urlOf } from './child.ts';

const reason = whyUnavailable(socketioBun);
skipWhenMissing(reason);

const START = fileURLToPath(new URL('../../servers/start.ts', import.meta.url));
const started: ServerChild[] = [];

async function start(name: string, settings: Partial<ServerSettings> = {}): Promise<string> {
  const server = await startServer(name, '127.0.0.1', '0', JSON.stringify(settings));
  started.push(server);
  return urlOf(server);
}

afterEach(async () => {
  await Promise.all(started.splice(0).map(killServer));
});

/** An open socket; the first message that it sends again is resolved with by `next`. */
async function open(url: string, perMessageDeflate = false): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: perMessageDeflate && { threshold: 0 } });
  await once(socket, 'open');
  return socket;
}

function say(socket: WebSocket, event: string, data: unknown, id?: number): void {
  socket.send(JSON.stringify({ event, data, id }));
}

async function join(socket: WebSocket, room: string): Promise<void> {
  say(socket, EVENT.enterChat, [room], 1);
  await once(socket, 'message');
}

/** What every socket receives of one message, sent by the first. */
async function received(sockets: readonly WebSocket[], scope: Scope, chatId?: string): Promise<unknown[][]> {
  const inboxes = sockets.map((socket) => {
    const inbox: unknown[] = [];
    const complete = new Promise<void>((resolve) => {
      socket.on('message', (message) => {
        const { data } = JSON.parse(String(message));
        if (data === 'the end') resolve();
        else inbox.push(data);
      });
    });
    return { inbox, complete };
  });
  const [sender] = sockets;
  if (sender === undefined) throw new Error('there is no sender');
  say(sender, EVENT.sendMessage, { message: 'news', scope, chatId });
  say(sender, EVENT.sendMessage, { message: 'the end', scope: 'everyone' });
  await Promise.all(inboxes.map(({ complete }) => complete));
  return inboxes.map(({ inbox }) => inbox);
}

it('the servers for Bun do not start on Node.js', async () => {
  const [file = '', ...flags] = runtimeCommand('node');
  const child = spawn(file, [...flags, START, 'bun-ws', '127.0.0.1', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  expect(JSON.parse(line)).toMatchObject({
    ready: false,
    message: 'this server needs Bun, and runs under another runtime',
  });
});

describe('bun-ws', () => {
  it('accepts messages for a room from clients outside of it', async () => {
    const url = await start('bun-ws');
    for (const scope of ['room', 'room-but-me'] as const) {
      const sockets = await Promise.all([open(url), open(url), open(url)]);
      await join(sockets[1], 'room');
      expect(await received(sockets, scope, 'room')).toEqual([[], ['news'], []]);
      for (const socket of sockets) socket.terminate();
    }
  });

  it('never mistakes a room for everyone, by any name', async () => {
    const url = await start('bun-ws');
    const sockets = await Promise.all([open(url), open(url)]);
    await join(sockets[0], 'everyone');
    expect(await received(sockets, 'room', 'everyone')).toEqual([['news'], []]);
  });

  it('delivers once to a client that joined a room twice', async () => {
    const url = await start('bun-ws');
    const sockets = [await open(url), await open(url)] as const;
    await join(sockets[1], 'room');
    await join(sockets[1], 'room');
    expect(await received(sockets, 'room', 'room')).toEqual([[], ['news']]);
  });

  it.each<[string, string | Buffer]>([
    ['text that is not JSON', 'hello'],
    ['no event', '{"data":1}'],
    ['no rooms', '{"event":"enter_chat","id":1}'],
    ['no message to publish', '{"event":"send_message"}'],
    ['nothing, as binary', Buffer.alloc(0)],
    ['binary with a header beyond the end', Buffer.from([255, 255, 1])],
  ])('closes a connection that sends %s, and goes on', async (_, message) => {
    const url = await start('bun-ws');
    const [bad, good] = [await open(url), await open(url)];
    bad.send(message);
    const [code] = await once(bad, 'close');
    expect(code).toBe(1007);
    say(good, EVENT.echo, 'still there');
    expect(JSON.parse(String((await once(good, 'message'))[0])).data).toBe('still there');
  });

  it('answers plain HTTP with 426', async () => {
    const url = await start('bun-ws');
    expect((await fetch(url.replace('ws:', 'http:'))).status).toBe(426);
  });

  /** Bytes that a broadcast of 10,000 equal letters takes on the wire. */
  async function bytesOfBroadcast(url: string): Promise<number> {
    const socket = new WebSocket(url, { perMessageDeflate: { threshold: 0 } });
    const [[{ socket: tcp }]] = (await Promise.all([once(socket, 'upgrade'), once(socket, 'open')])) as [
      [IncomingMessage],
      unknown,
    ];
    const before = tcp.bytesRead;
    say(socket, EVENT.sendMessage, { message: 'a'.repeat(10_000), scope: 'everyone' });
    const [message] = await once(socket, 'message');
    expect(JSON.parse(message).data).toHaveLength(10_000);
    return tcp.bytesRead - before;
  }

  it('compresses broadcasts with the setting, and only then', async () => {
    expect(await bytesOfBroadcast(await start('bun-ws', { compression: true }))).toBeLessThan(1000);
    expect(await bytesOfBroadcast(await start('bun-ws'))).toBeGreaterThan(10_000);
  });
});

describe('socketio-bun', () => {
  it('uses the namespace and parser of the settings', async () => {
    const url = await start('socketio-bun', { namespace: '/chat', parser: 'msgpack' });
    for (const transport of ['websocket', 'polling'] as const) {
      const connection = await officialSocketio.connect({
        url,
        transport,
        timeoutMs: 5000,
        namespace: '/chat',
        parser: 'msgpack',
      });
      const bytes = Buffer.from([0, 255]);
      const reply = await new Promise((resolve) => connection.request(EVENT.hello, bytes, resolve));
      expect(reply).toEqual(bytes);
      await connection.close();
    }
  });

  it('delivers what a client missed when recovery is on', async () => {
    const url = await start('socketio-bun', { recovery: true });
    const [one, other] = [0, 1].map(() =>
      io(url, { transports: ['websocket'], forceNew: true, reconnectionDelay: 100 }),
    );
    if (one === undefined || other === undefined) throw new Error('unreachable');
    const inbox: unknown[] = [];
    const heard = (message: string) =>
      new Promise<void>((resolve) => {
        one.on(EVENT.receiveMessage, (received) => {
          if (received === message) resolve();
        });
      });
    const connected = () =>
      Promise.all(
        [one, other].map(
          (socket) => socket.connected || new Promise<void>((resolve) => socket.once('connect', resolve)),
        ),
      );
    one.on(EVENT.receiveMessage, (message) => inbox.push(message));
    await connected();
    const before = heard('before');
    other.emit(EVENT.sendMessage, { message: 'before', scope: 'everyone' });
    await before;

    const meanwhile = heard('meanwhile');
    const sent = new Promise<void>((resolve) => other.once(EVENT.receiveMessage, () => resolve()));
    one.io.engine.close();
    other.emit(EVENT.sendMessage, { message: 'meanwhile', scope: 'everyone' });
    await sent;
    await meanwhile;
    await connected();
    expect([one.recovered, inbox]).toEqual([true, ['before', 'meanwhile']]);
    one.disconnect();
    other.disconnect();
  });
});
