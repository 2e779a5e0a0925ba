import dns from 'node:dns';
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import * as msgpack from 'socket.io-msgpack-parser';
import { describe, expect, it, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import type { Protocol } from '../../../src/contract/target.ts';
import type { ConnectOptions } from '../../../src/drivers/driver.ts';
import { drivers } from '../../../src/drivers/index.ts';
import { messageOf } from '../../../src/errors.ts';
import { explainRefusal } from '../../../src/run/diagnose/explain.ts';
import { ODD_SERVERS } from '../../support/odd-servers.ts';
import { listening, REFUSING_SERVERS, type RefusingServer } from '../../support/refusing-servers.ts';

const TIMEOUT_MS = 1000;

/** Connects as a generator process does, and has explained why it failed. */
async function attempt(protocol: Protocol, connect: ConnectOptions) {
  const driver = drivers.find((each) => each.name === 'official' && each.protocol === protocol);
  if (driver === undefined) throw new Error(`no driver for ${protocol}`);
  const reason = await driver.connect(connect).then(() => 'connected', messageOf);
  expect(reason).not.toBe('connected');
  return await explainRefusal({ protocol, clients: 3, connect, reason, leftMs: TIMEOUT_MS });
}

describe('the explanation when no client could connect', () => {
  it.each(REFUSING_SERVERS.map((server): [string, RefusingServer] => [server.what, server]))(
    '%s',
    async (_, { start, target, transport = 'websocket', namespace, tls, found, hint }) => {
      const { port, close } = await start();
      const filled = (text: string) =>
        text.replaceAll('HOST', `127.0.0.1:${port}`).replaceAll('TIMEOUT', String(TIMEOUT_MS));
      const url = filled(target);
      const refusal = await attempt(url.startsWith('ws') ? 'ws' : 'socketio', {
        url,
        transport,
        timeoutMs: TIMEOUT_MS,
        ...(namespace === undefined ? {} : { namespace }),
        ...(tls === undefined ? {} : { tls }),
      });
      await close();
      expect(refusal).toEqual({
        message: `none of 3 clients could connect to ${url} over ${transport}: ${filled(found)}`,
        hint: filled(hint),
      });
    },
  );
});

describe('the explanation of a Socket.IO server with another parser', () => {
  it.each([
    ['msgpack', 'default', 'websocket'],
    ['default', 'msgpack', 'websocket'],
    ['msgpack', 'default', 'polling'],
  ] as const)('%s, to clients with the parser %s over %s', async (theirs, parser, transport) => {
    const http = createServer();
    const io = new Server(http, theirs === 'msgpack' ? { parser: msgpack } : {});
    const { port, close } = await listening(http);
    const connect = { url: `http://127.0.0.1:${port}`, transport, parser, timeoutMs: TIMEOUT_MS };
    const { message, hint } = await attempt('socketio', connect);
    await io.close();
    await close();
    expect(message).toContain(`: the server uses the ${theirs} parser of Socket.IO, the clients`);
    expect(hint).toBe(`Use --parser ${theirs}.`);
  });
});

describe('the explanation of a WebSocket server that closes with a code', () => {
  it('says what the code means', async () => {
    const reason = 'closed with 4001 bad token';
    const connect: ConnectOptions = {
      url: 'ws://127.0.0.1:9',
      transport: 'websocket',
      timeoutMs: TIMEOUT_MS,
    };
    expect(await explainRefusal({ protocol: 'ws', clients: 3, connect, reason, leftMs: TIMEOUT_MS })).toEqual(
      {
        message: `none of 3 clients could connect to ws://127.0.0.1:9 over websocket: ${reason}`,
        hint: 'The server closes with its own code 4001, with the reason "bad token": look it up in the server.',
      },
    );
  });
});

describe('the explanation of a server that is odd', () => {
  const ways = ODD_SERVERS.flatMap(({ only = 'all', ...server }) =>
    (only === 'all' ? (['http', 'polling', 'ws'] as const) : [only]).map(
      (way): [string, string, typeof server] => [server.what, way, server],
    ),
  );

  it.each(ways)('%s, over %s', async (_, way, { start, found, hint }) => {
    const { port, close } = await start();
    const transport = way === 'polling' ? 'polling' : 'websocket';
    const url = `${way === 'ws' ? 'ws' : 'http'}://127.0.0.1:${port}`;
    const startedMs = performance.now();
    const refusal = await attempt(way === 'ws' ? 'ws' : 'socketio', {
      url,
      transport,
      timeoutMs: TIMEOUT_MS,
    });
    // The limit of the attempt, and half a second to look.
    expect(performance.now() - startedMs).toBeLessThan(TIMEOUT_MS + 10_000);
    await close();
    expect(refusal).toEqual({
      message: `none of 3 clients could connect to ${url} over ${transport}: ${found}`,
      hint: hint.replaceAll('HOST', `127.0.0.1:${port}`),
    });
  });
});

/** Has a made-up failure explained, so that only the looks at the server count. */
async function explain(protocol: Protocol, connect: Pick<ConnectOptions, 'url'> & Partial<ConnectOptions>) {
  return await explainRefusal({
    protocol,
    clients: 1,
    connect: { transport: 'websocket', timeoutMs: TIMEOUT_MS, ...connect },
    reason: 'it was raining',
    leftMs: TIMEOUT_MS,
  });
}

describe('looking at a server', () => {
  it('goes where the clients went: with their path, their query and their headers', async () => {
    const asked: Array<string | undefined> = [];
    const server = await listening(
      createServer((request, response) => {
        if (request.headers.authorization === 'Bearer me') asked.push(request.url);
        response.writeHead(404).end();
      }),
    );
    const url = `http://127.0.0.1:${server.port}/chat?room=1`;
    const headers = { Authorization: 'Bearer me' };
    const { message } = await explain('socketio', { url, headers, query: { me: '7' }, path: '/live' });
    await server.close();
    expect(asked).toContain('/live/?room=1&me=7&EIO=4&transport=polling');
    expect(message).toMatch(/has nothing at \/live\/ \(404 Not Found\)$/);
  });

  it('reports the reason of the driver when the server works', async () => {
    const http = createServer();
    new WebSocketServer({ server: http });
    const server = await listening(http);
    const url = `ws://127.0.0.1:${server.port}`;
    const refusal = await explain('ws', { url });
    await server.close();
    expect(refusal).toEqual({
      message: `none of 1 client could connect to ${url} over websocket: it was raining`,
      hint: 'Check that the server runs there and speaks WebSocket.',
    });
  });

  it('reports the reason of the driver for plain requests that were answered, which only the client knows', async () => {
    const server = await listening(createServer((_, response) => response.writeHead(404).end()));
    const { message } = await explain('http', { url: `http://127.0.0.1:${server.port}` });
    await server.close();
    expect(message).toMatch(/: it was raining$/);
  });

  it.each([
    ['ENOTFOUND', 'the host name in nowhere.test:3000 does not exist (ENOTFOUND)'],
    ['EAI_AGAIN', 'the host name in nowhere.test:3000 could not be resolved (EAI_AGAIN)'],
  ])('names a host that cannot be found: %s', async (code, found) => {
    const lookup = vi
      .spyOn(dns, 'lookup')
      .mockImplementation(((_host: string, _options: object, callback: (error: Error) => void) =>
        callback(Object.assign(new Error(code), { code }))) as unknown as typeof dns.lookup);
    try {
      const { message } = await explain('socketio', { url: 'http://nowhere.test:3000' });
      expect(lookup).toHaveBeenCalled();
      expect(message.endsWith(found)).toBe(true);
    } finally {
      lookup.mockRestore();
    }
  });

  it('does not wait for more of an answer than its beginning', async () => {
    const server = await listening(
      createServer((_, response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: 1\n\n');
      }),
    );
    const { message } = await explain('socketio', { url: `http://127.0.0.1:${server.port}` });
    await server.close();
    expect(message).toMatch(/with text\/event-stream \(200 OK\)/);
  });

  it('survives headers and certificates that Node.js does not take', async () => {
    const url = 'https://127.0.0.1:1';
    const [headers, tls] = [{ 'X-Bad': 'a\nb' }, { ca: 'no certificate' }];
    for (const bad of [{ headers }, { tls }]) {
      expect((await explain('socketio', { url, ...bad })).message).toMatch(/it was raining|ECONNREFUSED/);
    }
  });
});
