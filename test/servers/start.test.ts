import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net';
import { io } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { servers } from '../../servers/index.ts';
import { EVENT } from '../../src/contract/protocol.ts';
import { drivers } from '../../src/drivers/index.ts';
import { everyPair, inNamespaceOf } from '../drivers/pairs.ts';
import { freePort } from '../support/sockbench.ts';
import { killServer, type ServerChild, startServer, urlOf } from './child.ts';

const started: ServerChild[] = [];

async function start(...args: readonly string[]): Promise<ServerChild> {
  const server = await startServer(...args);
  started.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map(killServer));
});

/** Resolves when a new client is served, rejects when the server is gone. */
async function expectStillServing(server: ServerChild, serverName: string): Promise<void> {
  const load = servers[serverName];
  if (load === undefined) throw new Error(`no server ${serverName}`);
  const { server: description } = await load();
  const { protocol, transports } = description;
  const driver = drivers.find((candidate) => candidate.protocol === protocol);
  const transport = driver?.transports.find((candidate) => transports.includes(candidate)) ?? 'websocket';
  const connection =
    driver &&
    (await inNamespaceOf(description, driver).connect({ url: urlOf(server), transport, timeoutMs: 5000 }));
  const reply = await new Promise((resolve) => connection?.request(EVENT.hello, 'still there?', resolve));
  expect(reply).toBe('still there?');
  await connection?.close();
}

const pairs = await everyPair();
/** Both runtimes reject these by themselves; the other servers share their code. */
const BAD_PORTS: Readonly<Record<string, readonly string[]>> = {
  ws: ['port', '65536', '-1'],
  'bun-ws': ['port', '65536', '-1'],
};

describe.each(Object.keys(servers))('the server %s', (name) => {
  it('prints where it listens, outlives SIGINT, and ends on SIGTERM with its clients', async () => {
    const port = await freePort();
    const server = await start(name, '127.0.0.1', `${port}`);
    expect(server.line).toEqual({
      ready: true,
      url: expect.stringMatching(new RegExp(`^(http|ws)://127\\.0\\.0\\.1:${port}$`)),
    });
    // It reaches the whole terminal.
    server.child.kill('SIGINT');
    await expectStillServing(server, name);

    const connections = await Promise.all(
      pairs
        .filter(({ serverName }) => serverName === name)
        .flatMap((pair) => [pair, pair])
        .map(({ driver, transport }) => driver.connect({ url: urlOf(server), transport, timeoutMs: 5000 })),
    );
    const dropped = Promise.all(
      connections.map((connection) => new Promise<string>((resolve) => connection.onDropped(resolve))),
    );
    server.child.kill('SIGTERM');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(await dropped).toHaveLength(connections.length);
    expect(server.lines).toHaveLength(1);
  });

  it('reports that its port is in use, and ends', async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    const { port } = occupant.address() as AddressInfo;
    const server = await start(name, '127.0.0.1', `${port}`);
    expect(server.line).toMatchObject({ ready: false, code: 'EADDRINUSE' });
    expect(server.line.message).toContain(`${port}`);
    expect(await server.ended).toEqual({ code: 1, signal: null });
    occupant.close();
  });

  it.each(BAD_PORTS[name] ?? ['65536'])('rejects "%s" as a port, and ends', async (port) => {
    const server = await start(name, '127.0.0.1', port);
    expect(server.line).toMatchObject({ ready: false, code: 'ERR_SOCKET_BAD_PORT' });
    expect(await server.ended).toEqual({ code: 1, signal: null });
  });

  it('takes a free port of an IPv6 address, which a URL has in brackets, and ends with its parent', async () => {
    let server = await start(name, '::1', '0');
    if (server.line.ready) {
      expect(urlOf(server)).toMatch(/:\/\/\[::1\]:[1-9]\d*$/);
      await expectStillServing(server, name);
    } else {
      // This machine has no IPv6, and the server reports that.
      expect(server.line.code).toMatch(/EADDRNOTAVAIL|EAFNOSUPPORT/);
      server = await start(name, '127.0.0.1', '0');
    }
    server.child.disconnect();
    expect(await server.ended).toEqual({ code: 0, signal: null });
  });
});

describe('a server that is not in the registry', () => {
  it.each(['nonesuch', '', 'toString', '__proto__'])('is rejected by name: "%s"', async (name) => {
    const server = await start(name, '127.0.0.1', '0');
    expect(server.line).toEqual({
      ready: false,
      code: 'UNKNOWN_SERVER',
      message: `there is no reference server "${name}"; available: ${Object.keys(servers).join(', ')}`,
    });
    expect(await server.ended).toEqual({ code: 1, signal: null });
  });
});

describe('the ws server', () => {
  let server: ServerChild;
  beforeAll(async () => {
    server = await startServer('ws', '127.0.0.1', '0');
  });
  afterAll(() => killServer(server));

  /** Sends one message over a connection of its own and resolves with the code with which that is closed. */
  async function closeCodeAfter(message: string | Buffer): Promise<number> {
    const socket = new WebSocket(urlOf(server));
    await once(socket, 'open');
    socket.send(message);
    const [code] = await once(socket, 'close');
    return code;
  }

  it.each<[string, string | Buffer]>([
    ['text that is not JSON', 'hello'],
    ['null', 'null'],
    ['no event', '{"data":1}'],
    ['no rooms', '{"event":"enter_chat","id":1}'],
    ['rooms that are no list', '{"event":"enter_chat","data":7,"id":1}'],
    ['no message to publish', '{"event":"send_message"}'],
    ['nothing, as binary', Buffer.alloc(0)],
    ['binary with a header that is none', Buffer.from([0, 2, 1, 2])],
    ['binary with a header beyond the end', Buffer.from([255, 255, 1])],
  ])('closes a connection that sends %s, and goes on', async (_, message) => {
    expect(await closeCodeAfter(message)).toBe(1007);
    await expectStillServing(server, 'ws');
  });

  it('ignores unknown events and answers without a question', async () => {
    const socket = new WebSocket(urlOf(server));
    await once(socket, 'open');
    socket.send('{"event":"nonesuch","data":1,"id":1}');
    socket.send('{"event":"hello","data":"an answer","ack":99}');
    socket.send('{"event":"echo","data":"still here"}');
    const [message] = await once(socket, 'message');
    expect(JSON.parse(message)).toEqual({ event: 'echo', data: 'still here' });
    socket.close();
  });

  it.each([
    ['without a mask', [0x81, 0x01, 0x61]],
    ['with a reserved bit', [0xf1, 0x81, 0, 0, 0, 0, 0x61]],
    ['of an unknown kind', [0x83, 0x81, 0, 0, 0, 0, 0x61]],
    ['of text that is not UTF-8', [0x81, 0x81, 0, 0, 0, 0, 0xff]],
  ])('goes on after a frame %s', async (_, frame) => {
    const { port } = new URL(urlOf(server));
    const socket = connectTcp(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    await once(socket, 'data');
    socket.write(Buffer.from(frame));
    await once(socket.resume(), 'close');
    await expectStillServing(server, 'ws');
  });
});

describe('the socketio server', () => {
  let server: ServerChild;
  beforeAll(async () => {
    server = await startServer('socketio', '127.0.0.1', '0');
  });
  afterAll(() => killServer(server));

  it.each<[string, string, unknown[]]>([
    ['no rooms', EVENT.enterChat, []],
    ['rooms that are no list', EVENT.enterChat, [7]],
    ['a room that cannot be text', EVENT.enterChat, [[{ toString: 1 }]]],
    ['no message to publish', EVENT.sendMessage, []],
    ['null to publish', EVENT.sendMessage, [null]],
    ['what is not a way to acknowledge', EVENT.hello, ['data', 42]],
    ['what is not a way to acknowledge an answer', EVENT.askMe, ['data', 42]],
  ])('goes on after a client has sent %s', async (_, event, args) => {
    const socket = io(urlOf(server), { transports: ['websocket'], forceNew: true, reconnection: false });
    socket.on(EVENT.hello, (_data, acknowledge) => acknowledge?.('answer'));
    await new Promise<void>((resolve) => socket.on('connect', resolve));
    socket.emit(event, ...args);
    // Whichever comes: the server has handled the event by then.
    await new Promise<void>((resolve) => {
      socket.on('disconnect', () => resolve());
      socket.on(EVENT.echo, () => resolve());
      socket.emit(EVENT.echo, 'after it');
    });
    await expectStillServing(server, 'socketio');
    socket.disconnect();
  });
});
