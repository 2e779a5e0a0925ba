import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { EVENT } from '../../src/contract/protocol.ts';
import type { Connection, ConnectOptions } from '../../src/drivers/driver.ts';
import { httpPolling } from '../../src/drivers/http-polling.ts';
import { killServer, type ServerChild, startServer, urlOf } from '../servers/child.ts';

const servers: Server[] = [];
const children: ServerChild[] = [];
const connections: Connection[] = [];

afterEach(async () => {
  await Promise.all(connections.splice(0).map((connection) => connection.close()));
  await Promise.all(children.splice(0).map(killServer));
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function connect(options: Partial<ConnectOptions> & { readonly url: string }): Promise<Connection> {
  const connection = await httpPolling.connect({ transport: 'short-polling', timeoutMs: 5000, ...options });
  connections.push(connection);
  return connection;
}

/** The URL of the reference server. */
async function reference(): Promise<string> {
  const child = await startServer('http-polling', '127.0.0.1', '0');
  children.push(child);
  return urlOf(child);
}

/** The URL of a server that greets every client and answers the rest as it likes. */
async function other(answer: RequestListener): Promise<string> {
  const server = createServer((request, response) => {
    const isGreeting =
      request.method === 'POST' && new URL(request.url ?? '', 'http://x').pathname === '/clients';
    if (isGreeting) response.writeHead(201).end('{"id":"me"}');
    else answer(request, response);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('polls', () => {
  it('are empty while there is no message', async () => {
    const polled: boolean[] = [];
    await new Promise<void>((resolve, reject) => {
      const onPolled = (isEmpty: boolean) => {
        polled.push(isEmpty);
        if (polled.length === 20) resolve();
      };
      reference()
        .then((url) => connect({ url, pollIntervalMs: 1, onPolled }))
        .catch(reject);
    });
    expect(polled).toEqual(Array(20).fill(true));
  });

  it('wait for a message when the server is asked to wait, so that none is empty', async () => {
    const polled: boolean[] = [];
    const connection = await connect({
      url: await reference(),
      transport: 'long-polling',
      onPolled: (isEmpty) => polled.push(isEmpty),
    });
    for (const message of ['a', 'b', 'c']) {
      const { promise: echoed, resolve } = Promise.withResolvers<unknown>();
      const stop = connection.on(EVENT.echo, resolve);
      connection.emit(EVENT.echo, message);
      expect(await echoed).toBe(message);
      stop();
    }
    expect(polled).toEqual([false, false, false]);
  });

  it('are made one at a time, the next one an interval after the answer', async () => {
    let underWay = 0;
    const most: number[] = [];
    const answeredMs: number[] = [];
    const waitedMs: number[] = [];
    const done = new Promise<void>((resolve, reject) => {
      other((request, response) => {
        if (request.method !== 'GET') {
          response.writeHead(204).end();
          return;
        }
        underWay += 1;
        most.push(underWay);
        const lastMs = answeredMs.at(-1);
        if (lastMs !== undefined) waitedMs.push(performance.now() - lastMs);
        setTimeout(() => {
          underWay -= 1;
          answeredMs.push(performance.now());
          response.end('{"last":0,"messages":[]}');
          if (answeredMs.length === 5) resolve();
        }, 30);
      })
        .then((url) => connect({ url, pollIntervalMs: 20 }))
        .catch(reject);
    });
    await done;
    expect(most).toEqual([1, 1, 1, 1, 1]);
    // A timer may be up to a millisecond early.
    for (const ms of waitedMs) expect(ms).toBeGreaterThan(18);
  });

  it('say which message was the last to arrive', async () => {
    const asked: string[] = [];
    const url = await other((request, response) => {
      if (request.method === 'GET') asked.push(new URL(request.url ?? '', 'http://x').search);
      const isFirst = asked.length === 1;
      response.end(
        isFirst ? '{"last":7,"messages":[{"event":"echo","data":1}]}' : '{"last":7,"messages":[]}',
      );
    });
    await new Promise<void>((resolve, reject) => {
      const onPolled = () => asked.length === 2 && resolve();
      connect({ url: `${url}/?token=t`, pollIntervalMs: 1, onPolled }).catch(reject);
    });
    expect(asked.slice(0, 2)).toEqual(['?token=t&after=0', '?token=t&after=7']);
  });
});

describe('a connection', () => {
  it.each<[string, RequestListener, RegExp]>([
    [
      'the server does not know it any more',
      (_, response) => response.writeHead(404).end(),
      /HTTP status 404/,
    ],
    ['an answer is no JSON', (_, response) => response.end('<html>'), /JSON/],
    [
      'an answer holds what is no envelope',
      (_, response) => response.end('{"last":1,"messages":[1]}'),
      /envelope/,
    ],
    [
      'an answer breaks off',
      (_, response) => response.writeHead(200, { 'content-length': 9 }).write('{', () => response.destroy()),
      /aborted|hang up|ECONNRESET/,
    ],
  ])('is dropped with a reason when %s', async (_, answer, reason) => {
    const url = await other(answer);
    const dropped = new Promise<string>((resolve, reject) => {
      connect({ url })
        .then((connection) => connection.onDropped(resolve))
        .catch(reject);
    });
    expect(await dropped).toMatch(reason);
  });

  it('sends what comes up while a request is under way in the next one, in order', async () => {
    const bodies: string[] = [];
    const all = new Promise<void>((resolve, reject) => {
      other((request, response) => {
        if (request.method !== 'POST') {
          response.end('{"last":0,"messages":[]}');
          return;
        }
        let body = '';
        request.setEncoding('utf8').on('data', (chunk) => {
          body += chunk;
        });
        request.on('end', () => {
          bodies.push(body);
          response.writeHead(204).end();
          if (bodies.length === 2) resolve();
        });
      })
        .then((url) => connect({ url }))
        .then((connection) => ['a', 'b', 'c'].map((data) => connection.emit('echo', data)))
        .catch(reject);
    });
    await all;
    const sent = bodies.map((body) => JSON.parse(body).map(({ data }: { data: string }) => data));
    expect(sent).toEqual([['a'], ['b', 'c']]);
  });

  it('sends what was emitted last before it closes, and leaves the server', async () => {
    const seen: string[] = [];
    const url = await other((request, response) => {
      if (request.method !== 'GET') seen.push(request.method ?? '');
      if (request.method === 'GET') response.end('{"last":0,"messages":[]}');
      else response.writeHead(204).end();
    });
    const connection = await connect({ url });
    connection.emit('echo', 'the last');
    expect(await connection.close()).toBeNull();
    expect(seen).toEqual(['POST', 'DELETE']);
  });

  it('carries headers with every request', async () => {
    const seen: unknown[] = [];
    const url = await other((request, response) => {
      seen.push(request.headers['x-token']);
      if (request.method === 'GET') response.end('{"last":0,"messages":[]}');
      else response.writeHead(204).end();
    });
    const connection = await connect({ url, headers: { 'x-token': 'secret' } });
    connection.emit('echo', 1);
    await connection.close();
    expect(seen.length).toBeGreaterThan(1);
    expect(new Set(seen)).toEqual(new Set(['secret']));
  });
});
