import { createServer, type Socket } from 'node:net';
import { deflateRawSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { Connection, ConnectOptions } from '../../src/drivers/driver.ts';
import { wireWs } from '../../src/drivers/wire-ws.ts';
import { messageOf } from '../../src/errors.ts';
import { type Listening, listening } from '../support/refusing-servers.ts';
import { close, FIN_BIT, RSV1_BIT, serverFrame, text } from '../wire/support/frames.ts';
import { acceptanceOf, acceptKeyOf } from '../wire/support/memory-stream.ts';
import { drip, flood, startAccepting, startScripted } from '../wire/support/scripted-server.ts';
import { SOCKETS } from '../wire/support/sockets.ts';

const TIMEOUT_MS = 5000;
const SHORT_MS = 150;

const servers: Listening[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function urlOf(start: Promise<Listening>): Promise<string> {
  const server = await start;
  servers.push(server);
  return `ws://127.0.0.1:${server.port}`;
}

/** Answers every request with these bytes. */
const answering = (answer: string | ((request: string) => string | Buffer)) => () =>
  startScripted((socket, request) => void socket.end(typeof answer === 'string' ? answer : answer(request)));

/** Accepts a request with another head. */
const accepting = (change: (head: string) => string) => answering((request) => change(acceptanceOf(request)));
const withLine = (line: string) => accepting((head) => head.replace(/\r\n\r\n$/, `\r\n${line}\r\n\r\n`));

const LOST = /ECONNRESET|EPIPE|^closed before the handshake was answered$/;

/** Servers that no client connects to, and why. */
const REFUSED: ReadonlyArray<readonly [string, () => Promise<Listening>, RegExp]> = [
  ['401', answering('HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno'), /^HTTP status 401$/],
  ['403 in HTTP/1.0', answering('HTTP/1.0 403 Forbidden\r\n\r\n<html>'), /^HTTP status 403$/],
  ['426', answering('HTTP/1.1 426 Upgrade Required\r\nUpgrade: h2c\r\n\r\n'), /^HTTP status 426$/],
  ['503 without words', answering('HTTP/1.1 503\r\n\r\n'), /^HTTP status 503$/],
  ['200 and a page', answering('HTTP/1.1 200 OK\r\n\r\n<html>'), /^HTTP status 200$/],
  [
    'a redirect',
    answering('HTTP/1.1 302 Found\r\nLocation: ws://elsewhere/chat\r\n\r\n'),
    /^HTTP status 302 \(redirects to ws:\/\/elsewhere\/chat\)$/,
  ],
  ['a redirect without a location', answering('HTTP/1.1 301 Moved\r\n\r\n'), /^HTTP status 301$/],
  [
    '100 and then 403',
    answering('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 No\r\n\r\n'),
    /^HTTP status 403$/,
  ],
  ['101 in HTTP/1.0', accepting((head) => head.replace('/1.1', '/1.0')), /HTTP\/1\.0, which cannot upgrade$/],
  [
    'a wrong accept key',
    accepting((head) => head.replace(/Accept: .*/, 'Accept: AAAA')),
    /^Invalid Sec-WebSocket-Accept header$/,
  ],
  [
    'no accept key',
    accepting((head) => head.replace(/Sec-WebSocket-Accept.*\r\n/, '')),
    /^Invalid Sec-WebSocket-Accept header$/,
  ],
  [
    'the accept key twice',
    answering((request) => acceptanceOf(request, `Sec-WebSocket-Accept: ${acceptKeyOf(request)}\r\n`)),
    /^Invalid Sec-WebSocket-Accept header$/,
  ],
  ['another upgrade', accepting((head) => head.replace('websocket', 'h2c')), /^Invalid Upgrade header$/],
  ['two upgrades', withLine('Upgrade: websocket'), /^Invalid Upgrade header$/],
  [
    'no upgrade of the connection',
    accepting((head) => head.replace('Connection: Upgrade', 'Connection: keep-alive')),
    /^Invalid Connection header$/,
  ],
  [
    'a subprotocol that was not offered',
    withLine('Sec-WebSocket-Protocol: chat'),
    /^Server sent a subprotocol but none was requested$/,
  ],
  [
    'an extension that was not offered',
    withLine('Sec-WebSocket-Extensions: permessage-deflate'),
    /no extension was requested$/,
  ],
  [
    'lines that end with LF',
    accepting((head) => head.replaceAll('\r\n', '\n')),
    /^the answer has a line that does not end with CR LF$/,
  ],
  ['a header without a colon', withLine('nonsense'), /^the answer has a header that cannot be read$/],
  ['a header name with a space', withLine('X Y: z'), /^the answer has a header that cannot be read$/],
  ['a header with a NUL', withLine('X: \0'), /^the answer has a header that cannot be read$/],
  ['another protocol', answering('SSH-2.0-OpenSSH_9.2\r\n'), /^the answer is not HTTP\/1\.1$/],
  ['TLS', answering(() => Buffer.from([0x15, 3, 3, 0, 2, 2, 40])), /^the answer is not HTTP\/1\.1$/],
  [
    'frames before the answer',
    answering((request) => Buffer.concat([text('early'), Buffer.from(acceptanceOf(request))])),
    /^the answer is not HTTP\/1\.1$/,
  ],
  [
    'headers without end',
    () => startScripted((socket) => flood(socket, 'HTTP/1.1 101 Switching Protocols\r\n'.repeat(500))),
    /^the answer has more than 16 KiB of headers$|cannot be read$/,
  ],
  [
    'one header without end',
    () =>
      startScripted((socket) => {
        socket.write('HTTP/1.1 101 X\r\nX: ');
        flood(socket, 'a'.repeat(20_000));
      }),
    /^the answer has more than 16 KiB of headers$/,
  ],
  [
    'interim answers without end',
    () => startScripted((socket) => flood(socket, 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(500))),
    /^the answer has more than 16 KiB of headers$/,
  ],
  [
    'a refusal whose body has no end',
    () =>
      startScripted((socket) => {
        socket.write('HTTP/1.1 500 No\r\n\r\n');
        flood(socket, text('x'.repeat(1000)));
      }),
    /^HTTP status 500$/,
  ],
  ['the end before an answer', answering(''), LOST],
  ['the end within an answer', answering('HTTP/1.1 101 Switching'), LOST],
  ['a reset before an answer', () => startScripted((socket) => void socket.resetAndDestroy()), LOST],
  [
    'a reset within an answer',
    () =>
      startScripted(
        (socket) => void socket.write('HTTP/1.1 101', () => setImmediate(() => socket.resetAndDestroy())),
      ),
    LOST,
  ],
  [
    'a reset before the request',
    () => listening(createServer((socket) => void socket.resetAndDestroy())),
    LOST,
  ],
];

const NO_ANSWER = new RegExp(`^no complete answer within ${SHORT_MS} ms$`);

/** Servers that never complete an answer. */
const SILENT: ReadonlyArray<readonly [string, () => Promise<Listening>]> = [
  ['silence', () => startScripted(() => {})],
  [
    'a byte at a time',
    () =>
      startScripted((socket) =>
        drip(socket, (index) => 'HTTP/1.1 101 Switching Protocols\r\nX: y'[index] ?? 'y', 2),
      ),
  ],
  [
    'an interim answer now and then',
    () => startScripted((socket) => drip(socket, () => 'HTTP/1.1 102 Processing\r\n\r\n', 20)),
  ],
];

/** Answers that are unusual, and accept. */
const ACCEPTED: ReadonlyArray<readonly [string, () => Promise<Listening>]> = [
  [
    'interim answers before it',
    accepting((head) => `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${head}`),
  ],
  [
    'names and tokens in other cases',
    accepting((head) =>
      head
        .replace('Upgrade: websocket', 'UPGRADE: WebSocket')
        .replace('Connection: Upgrade', 'connection: keep-alive, UPGRADE')
        .replace('Sec-WebSocket-Accept', 'sec-websocket-ACCEPT'),
    ),
  ],
  [
    'a folded header',
    accepting((head) => head.replace('Sec-WebSocket-Accept: ', 'Sec-WebSocket-Accept:\r\n\t ')),
  ],
  ['a connection header on two lines', withLine('Connection: keep-alive')],
  ['no reason phrase', accepting((head) => head.replace(' Switching Protocols', ''))],
  ['headers that mean nothing', withLine('Set-Cookie: a=b\r\nSet-Cookie: c=d\r\nServer: \u00e4')],
];

const rawFrame =
  (...bytes: readonly number[]) =>
  (socket: Socket) =>
    void socket.write(Buffer.from(bytes));
const NO_CLOSE_FRAME = /ECONNRESET|^closed without a close frame$/;

/** What a server does with an open WebSocket, and why the client is dropped. More broken frames are in bad-frames.ts. */
const DROPPED: ReadonlyArray<readonly [string, (socket: Socket) => void, RegExp]> = [
  ['a masked frame', rawFrame(0x81, 0x81, 1, 2, 3, 4, 0x30), /MASK must be clear$/],
  [
    'a length of 16 EiB',
    rawFrame(0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255),
    /first bit of the payload length/,
  ],
  [
    'a length of 8 EiB',
    rawFrame(0x82, 127, 127, 255, 255, 255, 255, 255, 255, 255),
    /^Max payload size exceeded$/,
  ],
  [
    'HTTP in place of frames',
    (socket) => void socket.write('HTTP/1.1 200 OK\r\n\r\n'),
    /^Invalid WebSocket frame: /,
  ],
  ['a reset at once', (socket) => void socket.resetAndDestroy(), NO_CLOSE_FRAME],
  [
    'a reset within a frame',
    (socket) =>
      void socket.write(text('hello').subarray(0, 3), () => setImmediate(() => socket.resetAndDestroy())),
    NO_CLOSE_FRAME,
  ],
  ['the end without a close frame', (socket) => void socket.end(), NO_CLOSE_FRAME],
  ['half a frame and the end', (socket) => void socket.end(text('hello').subarray(0, 3)), NO_CLOSE_FRAME],
  [
    'a close frame and then messages without end',
    (socket) => {
      socket.write(close(1001, 'bye'));
      flood(socket, text('more'.repeat(1000)));
    },
    /^closed with 1001 bye$/,
  ],
  [
    'a violation and then messages without end',
    (socket) => {
      socket.write(Buffer.from([0x83, 0]));
      flood(socket, text('more'.repeat(1000)));
    },
    /invalid opcode 3$/,
  ],
  [
    'empty fragments without end',
    (socket) => {
      socket.write(Buffer.from([1, 0]));
      flood(socket, Buffer.alloc(16_384));
    },
    /^Too many message fragments$/,
  ],
];

const BOMB = deflateRawSync(Buffer.alloc(110 * 1024 ** 2), { level: 1 });

describe.each(SOCKETS)('over %s sockets', (_, openStream) => {
  const connect = async (start: Promise<Listening>, options: Partial<ConnectOptions> = {}) =>
    wireWs.connect({
      url: await urlOf(start),
      transport: 'websocket',
      timeoutMs: TIMEOUT_MS,
      openStream,
      ...options,
    });
  const reasonOfFailure = (...of: Parameters<typeof connect>) =>
    connect(...of).then(() => 'connected', messageOf);
  const droppedBy = (connection: Connection) =>
    new Promise<string>((resolve) => connection.onDropped(resolve));

  it.each(REFUSED)('a client is refused by %s', async (...row) => {
    const [, start, reason] = row;
    const startedMs = performance.now();
    expect(await reasonOfFailure(start())).toMatch(reason);
    expect(performance.now() - startedMs).toBeLessThan(TIMEOUT_MS);
  });

  it.each(SILENT)('a client waits for %s no longer than its limit', async (...row) => {
    expect(await reasonOfFailure(row[1](), { timeoutMs: SHORT_MS })).toMatch(NO_ANSWER);
  });

  it.each(ACCEPTED)('a client takes an answer with %s', async (...row) => {
    const connection = await connect(row[1]());
    await connection.close();
  });

  it.each(DROPPED)('a client is dropped by %s', async (...row) => {
    const [, serve, reason] = row;
    const connection = await connect(startAccepting(serve));
    expect(await droppedBy(connection)).toMatch(reason);
    expect(await connection.close()).toBe(null);
  });

  it('a client is dropped by a deflate bomb', async () => {
    const headers = 'Sec-WebSocket-Extensions: permessage-deflate\r\n';
    const frame = serverFrame(FIN_BIT | RSV1_BIT | 2, BOMB);
    const server = startAccepting((socket) => void socket.write(frame), headers);
    expect(await droppedBy(await connect(server, { compression: true }))).toBe('Max payload size exceeded');
  });

  it('frames that are announced and do not come take no memory, and the client closes in time', async () => {
    const header = Buffer.from([0x82, 127, 0, 0, 0, 0, 0x06, 0x40, 0, 0]);
    const url = await urlOf(
      startAccepting((socket) => void socket.write(Buffer.concat([header, Buffer.alloc(1000)]))),
    );
    const heldBefore = process.memoryUsage().arrayBuffers;
    const options = { url, transport: 'websocket', timeoutMs: TIMEOUT_MS, openStream } as const;
    const connections = await Promise.all(Array.from({ length: 30 }, () => wireWs.connect(options)));
    // The bytes that came with the answer, or just after it, are handled before the close.
    const startedMs = performance.now();
    const outcomes = await Promise.all(connections.map((connection) => connection.close()));
    expect(outcomes).toEqual(connections.map(() => null));
    expect(performance.now() - startedMs).toBeLessThan(4000);
    expect(process.memoryUsage().arrayBuffers - heldBefore).toBeLessThan(30 * 1024 ** 2);
  });

  it('a server that goes on sending does not keep a client that closes', async () => {
    const connection = await connect(startAccepting((socket) => flood(socket, text('more'.repeat(1000)))));
    const startedMs = performance.now();
    expect(await connection.close()).toBe(null);
    expect(performance.now() - startedMs).toBeLessThan(4000);
  });

  it('a client that is closed twice ends once, and both calls know how', async () => {
    const server = startAccepting((socket) => {
      socket.once('data', () => socket.end(close(1000, 'bye')));
    });
    const connection = await connect(server);
    const dropped: string[] = [];
    connection.onDropped((reason) => dropped.push(reason));
    const both = [connection.close(), connection.close()];
    connection.emit('late', 1);
    connection.request('late', 1, () => {});
    connection.ping?.(() => {});
    expect(await Promise.all(both)).toEqual([
      { code: 1000, reason: 'bye' },
      { code: 1000, reason: 'bye' },
    ]);
    expect([await connection.close(), dropped]).toEqual([null, []]);
  });

  it('a server that is gone refuses, by the error of the system', async () => {
    const server = await listening(createServer());
    await server.close();
    const url = `ws://127.0.0.1:${server.port}`;
    const reason = await wireWs
      .connect({ url, transport: 'websocket', timeoutMs: TIMEOUT_MS, openStream })
      .then(() => '', messageOf);
    expect(reason).toMatch(/ECONNREFUSED/);
  });

  it('credentials of the URL, a host, and a subprotocol of the headers are sent', async () => {
    const asked = Promise.withResolvers<string>();
    const server = await startScripted((socket, request) => {
      asked.resolve(request);
      socket.write(acceptanceOf(request, 'Sec-WebSocket-Protocol: b\r\n'));
      socket.once('data', () => socket.end(close(1000)));
    });
    servers.push(server);
    const connection = await wireWs.connect({
      url: `ws://us%40er:pass@127.0.0.1:${server.port}/a?b=c`,
      transport: 'websocket',
      timeoutMs: TIMEOUT_MS,
      openStream,
      headers: { HOST: 'named', 'sec-websocket-protocol': 'a, b' },
      query: { d: 'e f' },
    });
    const lines = (await asked.promise).split('\r\n');
    expect(lines[0]).toBe('GET /a?b=c&d=e+f HTTP/1.1');
    expect(lines).toContain('Host: named');
    expect(lines).toContain(`Authorization: Basic ${Buffer.from('us@er:pass').toString('base64')}`);
    expect(lines).toContain('Sec-WebSocket-Protocol: a, b');
    await connection.close();
  });

  it.each([
    ['X-A', 'b\r\nX-B: c'],
    ['X-A', '\u010a'],
    ['X A', 'b'],
    ['', 'b'],
  ])('the header %j: %j is not sent', async (name, value) => {
    let requests = 0;
    const server = startScripted(() => {
      requests += 1;
    });
    expect(await reasonOfFailure(server, { headers: { [name]: value } })).toBe(
      `the header ${name} cannot be sent`,
    );
    expect(requests).toBe(0);
  });
});
