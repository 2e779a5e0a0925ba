import { Agent, createServer } from 'node:http';
import fc from 'fast-check';
import { Encoder } from 'socket.io-msgpack-parser';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Transport } from '../../src/contract/target.ts';
import type { Connection, Driver } from '../../src/drivers/driver.ts';
import { startRequest } from '../../src/drivers/http.ts';
import { drivers } from '../../src/drivers/index.ts';
import { officialSocketio } from '../../src/drivers/official-socketio.ts';
import { wireSocketio } from '../../src/drivers/wire-socketio.ts';
import { messageOf } from '../../src/errors.ts';
import { damaged } from '../support/damaged.ts';
import { type Peer, type RawServer, startRawServer } from '../support/raw-servers.ts';
import { listening } from '../support/refusing-servers.ts';
import {
  BAD_FRAMES,
  BAD_HANDSHAKES,
  BAD_MSGPACK,
  CORPUS,
  DEEP_ARRAY,
  EVENT_IN,
  REPLY_IN,
  REQUEST_IN,
} from './bad-frames.ts';

const TIMEOUT_MS = 5000;

const clients = drivers.flatMap((driver) =>
  driver.transports.map((transport): [string, Driver, Transport] => [
    `${driver.name} for ${driver.protocol} over ${transport}`,
    driver,
    transport,
  ]),
);

/** The raw servers offer no upgrade. */
const spokenBy = (transport: Transport): Transport => (transport === 'upgrade' ? 'polling' : transport);

describe.each(clients)('a server that breaks the protocol, with %s', (_, driver, transport) => {
  const { protocol } = driver;
  const isWebSocket = transport === 'websocket';
  const connections: Connection[] = [];
  let server: RawServer;
  let connected = 0;

  beforeAll(async () => {
    server = await startRawServer(protocol, spokenBy(transport));
  });
  afterEach(async () => {
    await Promise.all(connections.splice(0).map((connection) => connection.close()));
  });
  afterAll(() => server.close());

  /** A client, the server's end of it, and the next event `sound` or why the client was dropped. */
  async function open(): Promise<{ connection: Connection; peer: Peer; next: Promise<string> }> {
    const connection = await driver.connect({ url: server.url, transport, timeoutMs: TIMEOUT_MS });
    connections.push(connection);
    const peer = await server.peer(connected);
    connected += 1;
    const { promise: next, resolve } = Promise.withResolvers<string>();
    connection.on('sound', () => resolve('goes on'));
    connection.onDropped(resolve);
    return { connection, peer, next };
  }
  const sound = EVENT_IN[protocol]('sound', '1');
  const { webSocket, messages } = BAD_FRAMES[protocol];

  it.each([...(isWebSocket ? webSocket : []), ...messages])('%s', async (__, send, reason) => {
    const [victim, other] = [await open(), await open()];
    send(victim.peer);
    if (reason === null) victim.peer.send(sound);
    expect(await victim.next).toMatch(reason ?? /^goes on$/);
    other.peer.send(sound);
    expect(await other.next).toBe('goes on');
  });

  const overflow = /^a message could not be handled: Maximum call stack size exceeded$/;

  it('data of any depth reach the handler, whose error drops this client only', async () => {
    const [first, second] = [await open(), await open()];
    first.connection.on('deep', (data) => void JSON.stringify(data));
    const arrived = new Promise((resolve) => second.connection.on('deep', resolve));
    for (const { peer } of [first, second]) peer.send(EVENT_IN[protocol]('deep', DEEP_ARRAY));
    expect(await first.next).toMatch(overflow);
    expect(await arrived).toBeInstanceOf(Array);
    second.peer.send(sound);
    expect(await second.next).toBe('goes on');
  });

  it('a request of the server that cannot be answered drops the client', async () => {
    const { connection, peer, next } = await open();
    connection.answer('ask', (data) => data);
    peer.send(REQUEST_IN[protocol]('ask', DEEP_ARRAY));
    expect(await next).toMatch(overflow);
  });

  it('a reply whose handler throws drops the client', async () => {
    const { connection, peer, next } = await open();
    connection.request('hello', 1, () => {
      throw new Error('no');
    });
    // The numbers of socket.io-client begin at 0, ours at 1.
    peer.send(
      driver.name === 'official' && protocol === 'socketio' ? '430[1]' : REPLY_IN[protocol]('hello', '1'),
    );
    expect(await next).toBe('a message could not be handled: no');
  });

  it('a client that was dropped before anyone asked is reported', async () => {
    const connection = await driver.connect({ url: server.url, transport, timeoutMs: TIMEOUT_MS });
    const peer = await server.peer(connected);
    connected += 1;
    connection.on('sound', () => {
      throw new Error('no');
    });
    const closed = new Promise((resolve) => connection.onDropped(resolve));
    peer.send(sound);
    await closed;
    expect(await new Promise((resolve) => connection.onDropped(resolve))).toMatch(/could not be handled: no/);
  });
});

describe.each(clients.filter(([, { protocol }]) => protocol === 'socketio'))(
  'a handshake that is none of Socket.IO, with %s',
  (_, driver, transport) => {
    it.each(BAD_HANDSHAKES)('%j, then %j', async (handshake, entered, reason) => {
      const server = await startRawServer('socketio', spokenBy(transport), {
        handshake,
        ...(entered === undefined ? {} : { entered }),
      });
      const options = { url: server.url, transport, timeoutMs: 500 };
      expect(await driver.connect(options).then(() => 'connected', messageOf)).toMatch(reason);
      await server.close();
    });
  },
);

it.each([
  ['official', 'websocket', officialSocketio],
  ['official', 'polling', officialSocketio],
  ['wire', 'websocket', wireSocketio],
] as const)(
  'a Socket.IO server that stops its pings drops the client: %s over %s',
  async (_, transport, driver) => {
    const handshake = '0{"sid":"raw","upgrades":[],"pingInterval":40,"pingTimeout":40}';
    const server = await startRawServer('socketio', transport, { handshake });
    const connection = await driver.connect({ url: server.url, transport, timeoutMs: TIMEOUT_MS });
    expect(await new Promise((resolve) => connection.onDropped(resolve))).toBe('ping timeout');
    await server.close();
  },
);

it('an HTTP answer that is not complete in time is given up, however much of it has arrived', async () => {
  const drip = createServer((_request, response) => {
    const timer = setInterval(() => response.write('x'), 10);
    response.on('close', () => clearInterval(timer));
  });
  const { port, close } = await listening(drip);
  const agent = new Agent();
  const url = new URL(`http://127.0.0.1:${port}`);
  const { answer } = startRequest(url, { method: 'GET', agent, timeoutMs: 200 });
  await expect(answer).rejects.toThrow('no complete answer within 200 ms');
  await close();
});

describe.each([
  ['official', officialSocketio],
  ['wire', wireSocketio],
] as const)('a server that breaks MessagePack, with %s', (__, driver) => {
  it.each(BAD_MSGPACK)('%s', async (_, send, reason) => {
    const packet = { type: 0, nsp: '/', data: { sid: 'raw' } };
    const [entered = ''] = new Encoder().encode(packet) as unknown as Buffer[];
    const server = await startRawServer('socketio', 'websocket', { entered });
    const options = {
      url: server.url,
      transport: 'websocket',
      parser: 'msgpack',
      timeoutMs: TIMEOUT_MS,
    } as const;
    const connection = await driver.connect(options);
    const dropped = new Promise((resolve) => connection.onDropped(resolve));
    send(await server.peer(0));
    expect(await dropped).toMatch(reason ?? /never/);
    await server.close();
  });
});

/** Messages of the corpus, damaged. */
const damagedMessages = (corpus: ReadonlyArray<string | Buffer>) =>
  fc.record({ original: fc.constantFrom(...corpus), damage: damaged }).map(({ original, damage }) => {
    const bytes = damage(Buffer.from(original));
    return typeof original === 'string' ? bytes.toString() : bytes;
  });

describe.each(clients)('200 damaged messages to 20 clients, with %s', (_, driver, transport) => {
  const { protocol } = driver;
  const ways = transport === 'websocket' ? (['messages', 'bytes'] as const) : (['messages'] as const);

  it.each(ways)('as %s: each client goes on or is dropped with a reason, once', async (way) => {
    const server = await startRawServer(protocol, spokenBy(transport));
    const reasons: string[][] = [];
    const messages = fc.sample(damagedMessages(CORPUS[protocol]), 200);
    for (let client = 0; client < 20; client++) {
      const connection = await driver.connect({ url: server.url, transport, timeoutMs: TIMEOUT_MS });
      const own: string[] = [];
      reasons.push(own);
      connection.on('sound', (data) => data);
      connection.answer('ask', (data) => data);
      connection.request('hello', 1, (data) => data);
      connection.onDropped((reason) => own.push(reason));
      const peer = await server.peer(client);
      for (const message of messages.slice(client * 10, client * 10 + 10)) {
        if (way === 'bytes')
          peer.tcp?.write(Buffer.concat([Buffer.from([0x81, message.length]), Buffer.from(message)]));
        else peer.send(message);
      }
    }
    const untouched = await driver.connect({ url: server.url, transport, timeoutMs: TIMEOUT_MS });
    const arrived = new Promise((resolve) => untouched.on('sound', resolve));
    (await server.peer(20)).send(EVENT_IN[protocol]('sound', '1'));
    expect(await arrived).toBe(1);
    await untouched.close();
    const gone = reasons.map((own) => vi.waitUntil(() => own.length > 0, TIMEOUT_MS));
    await server.close();
    await Promise.all(gone);
    expect(reasons.map((own) => own.length)).toEqual(Array(20).fill(1));
    // A message of the ws driver that is no envelope changes nothing.
    const areAllSound = protocol === 'ws' && way === 'messages';
    expect(new Set(reasons.flat()).size > 1).toBe(!areAllSound);
    for (const [reason = ''] of reasons) expect(reason).toMatch(/\w/);
  });
});
