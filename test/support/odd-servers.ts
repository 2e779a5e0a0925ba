import { createHash } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { type Listening, listening, type RefusingServer } from './refusing-servers.ts';

type OddServer = Pick<RefusingServer, 'what' | 'start' | 'found' | 'hint'> & {
  /** All of them unless given: Socket.IO over WebSocket and over polling, raw WebSocket. */
  readonly only?: 'http' | 'polling' | 'ws';
};

const tcp = (onSocket: (socket: Socket) => void) => () => listening(createTcpServer(onSocket));

/** Sends bytes after the request. */
const answering = (...bytes: ReadonlyArray<string | Buffer>) =>
  tcp((socket) =>
    socket.once('data', () => socket.end(Buffer.concat(bytes.map((each) => Buffer.from(each))))),
  );

/** Sends the next part of an answer again and again, until the client has enough. */
const repeating = (head: string, part: (index: number) => string, everyMs: number) =>
  tcp((socket) => {
    socket.once('data', () => {
      socket.write(head);
      let index = 0;
      const timer = setInterval(() => {
        if (socket.writableNeedDrain) return;
        socket.write(part(index));
        index += 1;
      }, everyMs);
      socket.once('close', () => clearInterval(timer));
    });
  });

const PAGE = 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n';

/** Accepts every WebSocket handshake, whatever the key, with these headers. */
const accepting = (headers: (accept: string) => string) =>
  tcp((socket) => {
    socket.once('data', (request) => {
      const [, key = ''] = /Sec-WebSocket-Key: (\S+)/i.exec(String(request)) ?? [];
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n${headers(accept)}\r\n`);
    });
  });

/** A WebSocket server that sends this first. */
const greeting = (message: string) => (): Promise<Listening> => {
  const server = createHttpServer((_, response) => response.writeHead(426).end());
  new WebSocketServer({ server }).on('connection', (socket) => socket.send(message));
  return listening(server);
};

const NOT_HTTP = 'Check host and port.';
const PROXY = 'Check that this is the port of the server, and the proxy in front of it.';
const INCOMPLETE = {
  found: 'it begins to answer, but does not complete its answer in time',
  hint: 'Check that this is the port of the server, and read its log, or that of the proxy in front of it. If it is only slow, increase --connect-timeout.',
};
const HANDSHAKE = 'Check the WebSocket implementation of the server, and the proxy in front of it.';

/** Servers that no one would build, and that exist: with what sockbench says when no client can connect to them. */
export const ODD_SERVERS: readonly OddServer[] = [
  {
    what: 'HTTP/0.9',
    start: answering('<html>hello</html>'),
    found: 'the service at this port does not speak HTTP (its answer begins "<html>hello</html>")',
    hint: NOT_HTTP,
  },
  {
    what: 'HTTP/2 without TLS',
    start: () => listening(createHttp2Server() as unknown as Server),
    found: 'the service at this port does not speak HTTP',
    hint: NOT_HTTP,
  },
  {
    what: 'Redis',
    start: answering("-ERR unknown command 'GET'\r\n"),
    found: `the service at this port does not speak HTTP (its answer begins "-ERR unknown command 'GET'")`,
    hint: NOT_HTTP,
  },
  {
    what: 'a header without an end',
    start: repeating('HTTP/1.1 200 OK\r\n', () => 'X-More: aaaaaaaaaaaaaaaa\r\n'.repeat(200), 1),
    found: 'its answer is not valid HTTP (Header overflow)',
    hint: PROXY,
  },
  {
    what: 'a header of 20 KB',
    start: answering(`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(20_000)}\r\nContent-Length: 0\r\n\r\n`),
    found: 'its answer is not valid HTTP (Header overflow)',
    hint: PROXY,
  },
  {
    what: 'a length that is no number',
    start: answering('HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n'),
    found: 'its answer is not valid HTTP (Invalid character in Content-Length)',
    hint: PROXY,
  },
  {
    what: 'chunks that are none',
    start: answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nhello\r\n'),
    found: 'its answer is not valid HTTP (Invalid character in chunk size)',
    hint: PROXY,
  },
  {
    what: 'a body without an end',
    start: repeating('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n', () => 'x'.repeat(65_536), 1),
    only: 'polling',
    found: 'a web server answers at /socket.io/ with text/plain (200 OK) instead of Socket.IO',
    hint: 'Check the port. If Socket.IO has another path there, give it as path in a target file.',
  },
  { what: 'a byte at a time', start: repeating('', (index) => PAGE[index] ?? 'x', 60), ...INCOMPLETE },
  {
    what: '100 Continue without an end',
    start: repeating('', () => 'HTTP/1.1 100 Continue\r\n\r\n', 1),
    ...INCOMPLETE,
  },
  {
    what: 'a header without a body',
    start: tcp((socket) => socket.once('data', () => socket.write(PAGE))),
    only: 'polling',
    ...INCOMPLETE,
  },
  {
    what: 'a limit of connections',
    start: () => listening(createHttpServer((_, response) => response.writeHead(429).end())),
    found: 'it limits the rate of connections (429 Too Many Requests)',
    hint: 'Use a lower --connect-rate or fewer --clients, or raise the limit of the server or of the proxy in front of it.',
  },
  {
    what: 'a WebSocket handshake without the right key',
    start: accepting(() => 'Upgrade: websocket\r\nSec-WebSocket-Accept: wrong\r\n'),
    only: 'ws',
    found: 'it answers the WebSocket handshake wrongly (Invalid Sec-WebSocket-Accept header)',
    hint: HANDSHAKE,
  },
  {
    what: 'a subprotocol that was not asked for',
    start: accepting(
      (accept) => `Upgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: mqtt\r\n`,
    ),
    only: 'ws',
    found: 'it chose a subprotocol although none was offered',
    hint: 'Set protocols in the target file to the subprotocols that the server supports.',
  },
  ...['0null', '05', '0{"sid":"a"}', 'welcome'].map(
    (message): OddServer => ({
      what: `a WebSocket that begins with ${message}`,
      start: greeting(message),
      only: 'http',
      found: 'it does not speak Socket.IO: the answer is not in the protocol of Engine.IO 4',
      hint: 'Check the port, and the path of Socket.IO. If the server speaks raw WebSocket, use ws://HOST.',
    }),
  ),
];
