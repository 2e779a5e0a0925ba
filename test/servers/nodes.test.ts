import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findProgram, runtimeCommand } from '../../servers/availability.ts';
import { RedisProcess } from '../../servers/cluster/redis-process.ts';
import { EVENT, type Payload, SCOPES, type Scope } from '../../src/contract/protocol.ts';
import { DEFAULT_SERVER_SETTINGS, type ServerSettings } from '../../src/contract/server.ts';
import type { Connection, ConnectOptions } from '../../src/drivers/driver.ts';
import { officialSocketio } from '../../src/drivers/official-socketio.ts';
import { probeUrl } from '../../src/run/server/probe-listener.ts';
import { startReference } from '../../src/run/server/server-process.ts';
import { skipWhenMissing } from '../support/need.ts';
import { isRunning } from '../support/proc.ts';
import { killServer, type ServerChild, startServer, urlOf } from './child.ts';

const START = fileURLToPath(new URL('../../servers/start.ts', import.meta.url));
const REDIS_PROGRAM = findProgram('redis-server');
skipWhenMissing(REDIS_PROGRAM === null ? 'redis-server, of the Debian package redis-server' : null);

const started: ServerChild[] = [];
const connections: Connection[] = [];
const ownRedis: RedisProcess[] = [];

afterEach(async () => {
  await Promise.all(connections.splice(0).map((connection) => connection.close()));
  await Promise.all(started.splice(0).map(killServer));
  await Promise.all(ownRedis.splice(0).map((redis) => redis.stop()));
});

async function start(name: string, settings: Partial<ServerSettings>): Promise<ServerChild> {
  const server = await startServer(name, '127.0.0.1', '0', JSON.stringify(settings));
  started.push(server);
  return server;
}

async function startRedis(): Promise<string> {
  const redis = await RedisProcess.start(REDIS_PROGRAM ?? '');
  ownRedis.push(redis);
  return redis.url;
}

async function connect(url: string, options: Partial<ConnectOptions> = {}): Promise<Connection> {
  const connection = await officialSocketio.connect({
    url,
    transport: 'websocket',
    timeoutMs: 5000,
    ...options,
  });
  connections.push(connection);
  return connection;
}

async function connectMany(count: number, url: string, options?: Partial<ConnectOptions>) {
  const clients: Connection[] = [];
  for (let client = 0; client < count; client += 1) clients.push(await connect(url, options));
  return clients;
}

function request(connection: Connection, event: string, data: unknown): Promise<unknown> {
  return new Promise((resolve) => connection.request(event, data, resolve));
}

const nodeOf = (connection: Connection) => request(connection, EVENT.whichNode, null);
const join = (connection: Connection, ...rooms: string[]) => request(connection, EVENT.enterChat, rooms);

function publish(connection: Connection, message: Payload, scope: Scope, chatId?: string): void {
  connection.emit(EVENT.sendMessage, { message, scope, ...(chatId === undefined ? {} : { chatId }) });
}

/** Collects the messages that a client receives. */
function inboxOf(connection: Connection) {
  const received: unknown[] = [];
  let wake = () => {};
  connection.on(EVENT.receiveMessage, (data) => {
    received.push(data);
    wake();
  });
  return {
    received,
    /** Resolves when this text was delivered `count` times. */
    async until(message: string, count = 1): Promise<void> {
      while (received.filter((each) => each === message).length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

const SERVERS: ReadonlyArray<readonly [what: string, name: string, settings: Partial<ServerSettings>]> = [
  ['node:cluster', 'socketio-cluster', {}],
  ['Redis, pub/sub', 'socketio-redis', { redisAdapter: 'pubsub' }],
  ['Redis, sharded pub/sub', 'socketio-redis', { redisAdapter: 'sharded' }],
  ['Redis, streams', 'socketio-redis', { redisAdapter: 'streams' }],
];

describe.each(SERVERS)('several processes over %s', (_, name, settings) => {
  let server: ServerChild;
  let url = '';
  beforeAll(async () => {
    server = await startServer(name, '127.0.0.1', '0', JSON.stringify({ ...settings, processes: 3 }));
    url = urlOf(server);
  });
  afterAll(() => killServer(server));

  // Comes first: the first messages of all are among these.
  it.each(SCOPES)('deliver to %s exactly once on every one of them', async (scope) => {
    const clients = await connectMany(6, url);
    const inboxes = clients.map(inboxOf);
    const members = [0, 1, 2, 3];
    for (const member of members) await join(clients[member] as Connection, 'room');
    const inRoom = scope.startsWith('room');
    const room = inRoom ? 'room' : undefined;
    const bytes = Buffer.from([0, 1, 255]);
    clients.slice(0, 2).forEach((sender, number) => {
      publish(sender, `from ${number}`, scope, room);
      publish(sender, bytes, scope, room);
      publish(sender, 'the end', 'everyone');
    });
    await Promise.all(inboxes.map((inbox) => inbox.until('the end', 2)));

    expect(new Set(await Promise.all(clients.slice(0, 2).map(nodeOf))).size).toBe(2);
    inboxes.forEach(({ received }, client) => {
      const from = [0, 1].filter(
        (sender) => !(scope.endsWith('but-me') && sender === client) && (!inRoom || members.includes(client)),
      );
      expect(received.filter((message) => typeof message === 'string').sort()).toEqual([
        ...from.map((sender) => `from ${sender}`),
        'the end',
        'the end',
      ]);
      expect(received.filter((message) => typeof message !== 'string')).toEqual(from.map(() => bytes));
    });
  });

  it('share the clients evenly', async () => {
    const nodes = await Promise.all((await connectMany(9, url)).map(nodeOf));
    expect(nodes.sort()).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2]);
  });

  it('deliver to a room from the acknowledgement of the join on', async () => {
    const [member, publisher] = (await connectMany(2, url)) as [Connection, Connection];
    const inbox = inboxOf(member);
    const rooms = Array.from({ length: 100 }, (__, room) => `room ${room}`);
    for (const room of rooms) {
      await join(member, room);
      publish(publisher, room, 'room', room);
    }
    publish(publisher, 'the end', 'everyone');
    await inbox.until('the end');
    expect(inbox.received).toEqual([...rooms, 'the end']);
    expect(await nodeOf(member)).not.toBe(await nodeOf(publisher));
  });

  it('are restarted one at a time, while the others go on', async () => {
    const clients = await connectMany(3, url);
    const nodes = await Promise.all(clients.map(nodeOf));
    const dropped = clients.map(
      (client) => new Promise<void>((resolve) => client.onDropped(() => resolve())),
    );
    const isDropped = [false, false, false];
    dropped.forEach((drop, client) => void drop.then(() => Object.assign(isDropped, { [client]: true })));
    const restarted = once(server.child, 'message');
    server.child.send({ type: 'restart-node', node: 1, signal: 'SIGTERM', downMs: 0 });
    await dropped[nodes.indexOf(1)];
    // No client is sent to the process that is down.
    expect(await nodeOf(await connect(url))).not.toBe(1);
    expect(await restarted).toEqual([{ type: 'node-restarted', node: 1, problem: null }, undefined]);
    const after = await Promise.all((await connectMany(6, url)).map(nodeOf));
    expect(after.sort()).toEqual([0, 0, 1, 1, 2, 2]);
    expect(isDropped).toEqual(nodes.map((node) => node === 1));
  });

  it('use the namespace, parser and compression of the settings', async () => {
    const inChat = urlOf(
      await start(name, { ...settings, namespace: '/chat', parser: 'msgpack', compression: true }),
    );
    const clients = await connectMany(2, inChat, {
      namespace: '/chat',
      parser: 'msgpack',
      compression: true,
    });
    const inboxes = clients.map(inboxOf);
    publish(clients[0] as Connection, 'to all', 'everyone');
    await Promise.all(inboxes.map((inbox) => inbox.until('to all')));
    const other = await connect(inChat, { parser: 'msgpack' });
    other.request(EVENT.whichNode, null, () => expect.unreachable('nothing serves the main namespace'));
    await nodeOf(clients[1] as Connection);
  });
});

describe('sticky sessions', () => {
  let server: ServerChild;
  beforeAll(async () => {
    server = await startServer('socketio-cluster', '127.0.0.1', '0');
  });
  afterAll(() => killServer(server));

  it.each(['websocket', 'polling', 'upgrade'] as const)('lose no connection over %s', async (transport) => {
    const connectOnce = async (attempt: number) => {
      let onUpgraded = () => {};
      const upgraded = new Promise<void>((resolve) => {
        onUpgraded = resolve;
      });
      const connection = await officialSocketio.connect({
        url: urlOf(server),
        transport,
        timeoutMs: 5000,
        onUpgraded,
      });
      if (transport === 'upgrade') await upgraded;
      expect(await request(connection, EVENT.hello, attempt)).toBe(attempt);
      await connection.close();
    };
    const lanes = Array.from({ length: 5 }, async (_, lane) => {
      for (let attempt = 0; attempt < 30; attempt += 1) await connectOnce(lane * 30 + attempt);
    });
    await Promise.all(lanes);
  });
});

describe('the end of a part', () => {
  /** Processes that a process started, directly or not. */
  function descendantsOf(pid: number | undefined): Array<{ pid: number; command: string }> {
    const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
    return pids
      .map(Number)
      .flatMap((child) => [
        { pid: child, command: readFileSync(`/proc/${child}/cmdline`, 'utf8') },
        ...descendantsOf(child),
      ]);
  }
  const stillRunning = (family: ReadonlyArray<{ pid: number }>) => family.filter(({ pid }) => isRunning(pid));
  const hasProc = existsSync(`/proc/${process.pid}/task/${process.pid}/children`);

  it.runIf(hasProc).each([
    ['a serving process of socketio-cluster', 'socketio-cluster', /cluster\/node/],
    ['a serving process of socketio-redis', 'socketio-redis', /cluster\/node/],
    ['the Redis of socketio-redis', 'socketio-redis', /^[^\0]*redis-server/],
  ])('%s ends the whole server, and not with 0', async (_, name, command) => {
    const server = await start(name, {});
    const family = descendantsOf(server.child.pid);
    const victim = family.find((process) => command.test(process.command));
    process.kill(victim?.pid ?? 0, 'SIGKILL');
    expect(await server.ended).toEqual({ code: 1, signal: null });
    await expect.poll(() => stillRunning(family), { timeout: 5000 }).toEqual([]);
  });

  it.runIf(hasProc).each(['socketio-cluster', 'socketio-redis'])(
    'the main process of %s, even by SIGKILL, ends all others',
    async (name) => {
      const server = await start(name, {});
      const family = descendantsOf(server.child.pid);
      expect(family.filter(({ command }) => command.includes('cluster/node'))).toHaveLength(2);
      server.child.kill('SIGKILL');
      await expect.poll(() => stillRunning(family), { timeout: 5000 }).toEqual([]);
    },
  );

  it.each(['socketio-cluster', 'socketio-redis'])(
    'a signal to the whole process group of %s is not a failure',
    async (name) => {
      const [file = '', ...flags] = runtimeCommand('node');
      const child = spawn(file, [...flags, START, name], {
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
        detached: true,
      });
      if (child.stdout !== null) await once(child.stdout, 'data');
      const ended = once(child, 'exit');
      process.kill(-(child.pid ?? 0), 'SIGTERM');
      expect(await ended).toEqual([0, null]);
    },
  );
});

describe('a running Redis', () => {
  // `npm run explore` shares it over every adapter.
  it.each(
    process.env['EXPLORE'] === '1' ? (['pubsub', 'sharded', 'streams'] as const) : (['pubsub'] as const),
  )(
    'is shared by several servers that do not receive from each other, and keeps nothing of them: %s',
    async (redisAdapter) => {
      const redis = await startRedis();
      const settings = { redis, redisAdapter };
      const [one, other] = [await start('socketio-redis', settings), await start('socketio-redis', settings)];
      const mine = await connectMany(2, urlOf(one));
      const theirs = await connectMany(2, urlOf(other));
      const inboxes = [...mine, ...theirs].map(inboxOf);
      publish(mine[0] as Connection, 'mine', 'everyone');
      await Promise.all(inboxes.slice(0, 2).map((inbox) => inbox.until('mine')));
      publish(theirs[0] as Connection, 'theirs', 'everyone');
      await Promise.all(inboxes.slice(2).map((inbox) => inbox.until('theirs')));
      expect(inboxes.map(({ received }) => received)).toEqual([['mine'], ['mine'], ['theirs'], ['theirs']]);

      for (const server of [one, other]) {
        server.child.kill('SIGTERM');
        expect(await server.ended).toEqual({ code: 0, signal: null });
      }
      const client = createClient({ url: redis });
      await client.connect();
      expect(await client.keys('*')).toEqual([]);
      client.destroy();
    },
  );

  it('is rejected with a reason where nothing listens, without its password', async () => {
    const { line, ended } = await start('socketio-redis', { redis: 'redis://:secret@127.0.0.1:1/0' });
    expect(line).toMatchObject({ ready: false, code: 'REDIS_UNREACHABLE' });
    expect(line.message).toBe(
      'the Redis at redis://127.0.0.1:1 cannot be used: connect ECONNREFUSED 127.0.0.1:1',
    );
    expect(await ended).toEqual({ code: 1, signal: null });
  });

  it('is rejected when it accepts connections and never answers', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { line, ended } = await start('socketio-redis', { redis: `redis://127.0.0.1:${port}` });
    expect(line.message).toBe(`the Redis at redis://127.0.0.1:${port} cannot be used: no answer within 4 s`);
    expect(await ended).toEqual({ code: 1, signal: null });
    silent.close();
  });

  it('is rejected when its URL is not one of Redis', async () => {
    const { line } = await start('socketio-redis', { redis: 'http://127.0.0.1' });
    expect(line.message).toMatch(/^the Redis at http:\/\/127\.0\.0\.1 cannot be used: .*protocol/);
  });
});

it('every serving process loads the probe', async () => {
  const path = `${process.env['TMPDIR'] ?? '/tmp'}/sockbench-test-${process.pid}.sock`;
  const pids = new Set<number>();
  let wake = () => {};
  const listener = createServer((socket) => {
    createInterface({ input: socket }).on('line', (line) => {
      pids.add(JSON.parse(line).pid);
      wake();
    });
  }).listen(path);
  await once(listener, 'listening');
  expect(probeUrl).toMatch(/^file:/);
  const server = await startReference(
    'socketio-cluster',
    {
      runtime: 'node',
      program: null,
      version: null,
      hasNodes: true,
      settings: { ...DEFAULT_SERVER_SETTINGS, processes: 3 },
    },
    { host: '127.0.0.1', port: 0 },
    {
      cpus: null,
      env: { SOCKBENCH_PROBE: path, SOCKBENCH_ORIGIN_NS: '0' },
      timeoutMs: 10_000,
      signal: new AbortController().signal,
      onDied: () => {},
    },
  );
  // Three serving processes and the primary.
  while (pids.size < 4) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  expect(pids.has(server.tree.rootPid)).toBe(true);
  await server.stop();
  listener.close();
});
