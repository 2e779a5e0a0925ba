import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { servers } from '../../servers/index.ts';
import { EVENT } from '../../src/contract/protocol.ts';
import { DEFAULT_SERVER_SETTINGS, type RunningServer } from '../../src/contract/server.ts';
import type { Transport } from '../../src/contract/target.ts';
import type { Connection, ConnectOptions } from '../../src/drivers/driver.ts';
import { drivers } from '../../src/drivers/index.ts';
import { officialWs } from '../../src/drivers/ws.ts';
import { NO_TRAFFIC, type Traffic, TrafficSampler, trafficWithin } from '../../src/measure/traffic.ts';
import { CERTIFICATE, TEST_KEY } from '../support/certificates.ts';

/** What the other side saw: bytes of the sockets that it accepted, and requests that it got. */
const accepted: Socket[] = [];
let requestsGot = 0;
subscribe('net.server.socket', (message) => accepted.push((message as { socket: Socket }).socket));
const opened: Socket[] = [];
subscribe('net.client.socket', (message) => opened.push((message as { socket: Socket }).socket));
subscribe('http.server.request.start', () => {
  requestsGot += 1;
});

function seenByServer(): Traffic {
  const sum = (name: 'bytesRead' | 'bytesWritten') =>
    accepted.reduce((total, socket) => total + socket[name], 0);
  const [sentBytes, receivedBytes] = [sum('bytesRead'), sum('bytesWritten')];
  return { ...NO_TRAFFIC, sentBytes, receivedBytes, requests: requestsGot };
}

function difference(a: Traffic, b: Traffic): number[] {
  return [a.sentBytes - b.sentBytes, a.receivedBytes - b.receivedBytes, a.requests - b.requests];
}

// One for all tests, as a process has one.
const sampler = new TrafficSampler();

/** Adds up what the sampler takes from now on. */
function startTotal(): () => Traffic {
  sampler.take();
  const spans = [{ startNs: 0, endNs: 1, traffic: NO_TRAFFIC }];
  return () => {
    spans.push({ startNs: 0, endNs: 1, traffic: sampler.take() });
    return trafficWithin(spans, 0, 1);
  };
}

const running: RunningServer[] = [];
const connections: Connection[] = [];

afterEach(async () => {
  await Promise.all(connections.splice(0).map((connection) => connection.close()));
  await Promise.all(running.splice(0).map((server) => server.close()));
  // What comes in late must not be counted in the next test.
  await expect.poll(() => [...opened, ...accepted].every((socket) => socket.closed)).toBe(true);
  opened.length = 0;
  accepted.length = 0;
  requestsGot = 0;
});

async function connectTo(serverName: string, transport: Transport, more: Partial<ConnectOptions> = {}) {
  const load = servers[serverName];
  if (load === undefined) throw new Error(`no server ${serverName}`);
  const { server } = await load();
  const started = await server.start({ host: '127.0.0.1', port: 0, settings: DEFAULT_SERVER_SETTINGS });
  running.push(started);
  const driver = drivers.find(({ protocol }) => protocol === server.protocol);
  const connection = await driver?.connect({ url: started.url, transport, timeoutMs: 5000, ...more });
  if (connection === undefined) throw new Error('no driver');
  connections.push(connection);
  return connection;
}

function ask(connection: Connection, data: string): Promise<unknown> {
  return new Promise((resolve) => connection.request(EVENT.hello, data, resolve));
}

describe('the sampler', () => {
  // The handshake of WebSocket is a request too, which an HTTP server hands on as an upgrade.
  it.each<[string, Transport, number]>([
    ['socketio', 'websocket', 1],
    ['socketio', 'polling', 0],
    ['ws', 'websocket', 1],
    ['http-polling', 'short-polling', 0],
    ['http-polling', 'long-polling', 0],
  ])('counts the bytes and requests of %s over %s as the server does', async (name, transport, upgrades) => {
    const total = startTotal();
    const connection = await connectTo(name, transport, { pollIntervalMs: 300 });
    await ask(connection, 'x'.repeat(1000));
    // What is under way is seen by one side only.
    await expect.poll(() => difference(total(), seenByServer())).toEqual([0, 0, upgrades]);
    expect(total().sentBytes).toBeGreaterThan(1000);
    expect(total().receivedBytes).toBeGreaterThan(1000);
  });

  it('keeps what closed sockets have brought, and counts it once', async () => {
    sampler.take();
    const connection = await connectTo('ws', 'websocket');
    await ask(connection, 'x'.repeat(1000));
    const before = sampler.take();
    await ask(connection, 'y'.repeat(500));
    await connection.close();
    await expect.poll(() => accepted.every((socket) => socket.closed)).toBe(true);
    const after = sampler.take();
    const all = seenByServer();
    expect(before.sentBytes + after.sentBytes).toBe(all.sentBytes);
    expect(before.receivedBytes + after.receivedBytes).toBe(all.receivedBytes);
    expect(after.sentBytes).toBeGreaterThan(500);
    expect(sampler.take()).toEqual(NO_TRAFFIC);
  });

  it('counts under TLS what TLS carries', async () => {
    const total = startTotal();
    const https = createHttpsServer({ key: TEST_KEY, cert: CERTIFICATE });
    const decrypted = once(https, 'secureConnection');
    const wss = new WebSocketServer({ server: https });
    wss.on('connection', (socket) => socket.on('message', (message) => socket.send(String(message))));
    https.listen(0, '127.0.0.1');
    await once(https, 'listening');
    const { port } = https.address() as AddressInfo;
    const connection = await officialWs.connect({
      url: `wss://localhost:${port}`,
      transport: 'websocket',
      timeoutMs: 5000,
      tls: { ca: CERTIFICATE },
    });
    const echoed = new Promise((resolve) => connection.on(EVENT.echo, resolve));
    connection.emit(EVENT.echo, 'x'.repeat(1000));
    await echoed;
    const [socket] = await decrypted;
    expect(total()).toMatchObject({
      sentBytes: socket.bytesRead,
      receivedBytes: socket.bytesWritten,
      requests: 1,
    });
    await connection.close();
    wss.close();
    https.close();
    await once(https, 'close');
  });

  it('counts exactly one request and one empty poll for each request of a client that gets nothing', async () => {
    sampler.take();
    const polledTimes = (times: number) =>
      new Promise<Traffic>((resolve) => {
        let polls = 0;
        void connectTo('http-polling', 'short-polling', {
          pollIntervalMs: 1,
          onPolled: (isEmpty) => {
            sampler.notePoll(isEmpty);
            polls += 1;
            if (polls === times) resolve(sampler.take());
          },
        });
      });
    const { requests, polls, emptyPolls } = await polledTimes(25);
    // The first one announced the client.
    expect({ requests, polls, emptyPolls }).toEqual({ requests: 1 + 25, polls: 25, emptyPolls: 25 });
  });

  it('tells polls that bring messages from empty ones', () => {
    sampler.take();
    for (const isEmpty of [true, false, false]) sampler.notePoll(isEmpty);
    expect(sampler.take()).toEqual({ ...NO_TRAFFIC, polls: 3, emptyPolls: 1 });
    expect(sampler.take()).toEqual(NO_TRAFFIC);
  });
});

describe('the traffic within a time', () => {
  const traffic = { sentBytes: 100, receivedBytes: 1000, requests: 10, polls: 8, emptyPolls: 4 };

  it.each([
    ['all of a span within it', 0, 10, 1],
    ['half of a span that begins before it', 5, 10, 0.5],
    ['half of a span that ends after it', 0, 5, 0.5],
    ['nothing of a span before it', 10, 20, 0],
    ['nothing of a span after it', -10, 0, 0],
  ])('holds %s', (_, fromNs, toNs, share) => {
    expect(trafficWithin([{ startNs: 0, endNs: 10, traffic }], fromNs, toNs)).toEqual({
      sentBytes: 100 * share,
      receivedBytes: 1000 * share,
      requests: 10 * share,
      polls: 8 * share,
      emptyPolls: 4 * share,
    });
  });

  it('adds up before it rounds', () => {
    const thirds = [0, 1, 2].map(() => ({ startNs: 0, endNs: 3, traffic: { ...NO_TRAFFIC, polls: 1 } }));
    expect(trafficWithin(thirds, 0, 1).polls).toBe(1);
    expect(trafficWithin([], 0, 1)).toEqual(NO_TRAFFIC);
    expect(trafficWithin([{ startNs: 1, endNs: 1, traffic }], 0, 2)).toEqual(NO_TRAFFIC);
  });
});
