import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { type ServerOptions, Server as SocketioServer } from 'socket.io';
import { WebSocketServer } from 'ws';
import type { TlsOptions as ClientTls, Transport } from '../../src/contract/target.ts';
import { CERTIFICATE, EXPIRED_CERTIFICATE, TEST_KEY } from './certificates.ts';

/** A server that takes no client of sockbench, and what sockbench is to say of it. */
export interface RefusingServer {
  readonly what: string;
  readonly start: () => Promise<Listening>;
  /** As the user writes it, with HOST for `127.0.0.1:port`. */
  readonly target: string;
  readonly transport?: Transport;
  readonly namespace?: string;
  /** What only a target file can say. */
  readonly tls?: ClientTls;
  /** The end of the first sentence, and the second one, with HOST. */
  readonly found: string;
  readonly hint: string;
}

export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1; closing ends connections too. */
export async function listening(server: Server): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

const tcp = (onSocket: (socket: Socket) => void) => () => listening(createTcpServer(onSocket));
const http = (handle: RequestListener) => () => listening(createHttpServer(handle));
const page: RequestListener = (_, response) => {
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.end('<!doctype html><title>hello</title>');
};
const status = (code: number, headers: Record<string, string> = {}) =>
  http((_, response) => response.writeHead(code, headers).end());
const https = (options: TlsOptions) => () =>
  listening(createHttpsServer({ key: TEST_KEY, cert: CERTIFICATE, ...options }, page));

function socketio(options: Partial<ServerOptions>, prepare: (io: SocketioServer) => void = () => {}) {
  return () => {
    const server = createHttpServer((_, response) => response.writeHead(404).end());
    prepare(new SocketioServer(server, { serveClient: false, ...options }));
    return listening(server);
  };
}

function webSocket(prepare: (server: HttpServer) => void) {
  return () => {
    const server = createHttpServer((_, response) => response.writeHead(426).end('Upgrade Required'));
    prepare(server);
    return listening(server);
  };
}

/** What socket.io 2.5.1 answers, byte by byte, also when it is asked for version 4 (`EIO=4`) of Engine.IO. */
const SOCKETIO_2 = {
  polling:
    '97:0{"sid":"d17HvjyV1Iij7O4JAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}2:40',
  frames: ['0{"sid":"YTDUiIYKF6s7l8SKAAAE","upgrades":[],"pingInterval":25000,"pingTimeout":20000}', '40'],
};

function socketio2(): Promise<Listening> {
  const server = createHttpServer((_, response) => {
    response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
    response.end(SOCKETIO_2.polling);
  });
  new WebSocketServer({ server, path: '/socket.io/' }).on('connection', (socket) => {
    for (const frame of SOCKETIO_2.frames) socket.send(frame);
  });
  return listening(server);
}

/** A port that nothing listens on. */
async function closedPort(): Promise<Listening> {
  const gone = await listening(createTcpServer());
  await gone.close();
  return { port: gone.port, close: async () => {} };
}

const START_IT = 'Start the server, or let --exec CMD start it. If it runs, check host and port.';
const CREDENTIALS =
  'In a target file, give the auth, headers or query that the clients of this server send; see docs/your-own-server.md.';
const SILENT =
  'Check that this is the port of the server, and that the server is not blocked. If it is only slow, increase --connect-timeout.';
const CLOSES =
  'Check that this is the port of the server, and read its log, or that of the proxy in front of it.';
const SOCKETIO_PATH =
  'Check the port. If Socket.IO has another path there, give it as path in a target file.';
const WS_PATH = 'Check the port and the path of the URL.';
const SERVER_LOG = 'Read the log of the server, or of the proxy in front of it.';
const VOUCH =
  'In a target file, give the certificate of its issuer as tls: { ca }, or tls: { rejectUnauthorized: false } to accept any certificate.';

export const REFUSING_SERVERS: readonly RefusingServer[] = [
  ...(['http', 'ws'] as const).flatMap((scheme) => [
    {
      what: `${scheme}: nothing listens`,
      start: closedPort,
      target: `${scheme}://HOST`,
      found: 'no server listens at HOST (ECONNREFUSED)',
      hint: START_IT,
    },
    {
      what: `${scheme}: accepts and never answers`,
      start: tcp((socket) => socket.resume()),
      target: `${scheme}://HOST`,
      found: 'it accepts connections but never answers',
      hint: SILENT,
    },
    {
      what: `${scheme}: accepts and closes at once`,
      start: tcp((socket) => socket.destroy()),
      target: `${scheme}://HOST`,
      found: 'it accepts connections and closes them without an answer',
      hint: CLOSES,
    },
    {
      what: `${scheme}: speaks something else than HTTP`,
      start: tcp((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')),
      target: `${scheme}://HOST`,
      found: 'the service at this port does not speak HTTP (its answer begins "SSH-2.0-OpenSSH_9.2")',
      hint: 'Check host and port.',
    },
    {
      what: `${scheme}: redirects to TLS on another host`,
      start: status(301, { location: 'https://example.org/socket.io/' }),
      target: `${scheme}://HOST`,
      found: `it redirects to ${scheme}s://example.org (301 Moved Permanently)`,
      hint: 'If that is the server under test, give it as --target.',
    },
    {
      what: `${scheme}: demands authentication`,
      start: status(401, { 'WWW-Authenticate': 'Bearer' }),
      target: `${scheme}://HOST`,
      found: 'it requires authentication (401 Unauthorized)',
      hint: CREDENTIALS,
    },
    {
      what: `${scheme}: forbids`,
      start: status(403),
      target: `${scheme}://HOST`,
      found: 'it forbids the connection (403 Forbidden)',
      hint: CREDENTIALS,
    },
    {
      what: `${scheme}: is down behind a proxy`,
      start: status(503),
      target: `${scheme}://HOST`,
      found: 'it answers with an error (503 Service Unavailable)',
      hint: SERVER_LOG,
    },
    {
      what: `${scheme}: speaks TLS`,
      start: https({}),
      target: `${scheme}://HOST`,
      found: 'it speaks TLS, not plain HTTP',
      hint: `Use ${scheme}s://HOST.`,
    },
    {
      what: `${scheme}: speaks TLS and says so`,
      start: () => plainHttpRefusedBesideTls(),
      target: `${scheme}://HOST`,
      found: 'it speaks TLS, not plain HTTP',
      hint: `Use ${scheme}s://HOST.`,
    },
    {
      what: `${scheme}s: has a certificate that it signed itself`,
      start: https({}),
      target: `${scheme}s://HOST`,
      found: 'its certificate is self-signed (DEPTH_ZERO_SELF_SIGNED_CERT)',
      hint: VOUCH,
    },
    {
      what: `${scheme}s: has an expired certificate`,
      start: https({ cert: EXPIRED_CERTIFICATE }),
      target: `${scheme}s://HOST`,
      tls: { ca: EXPIRED_CERTIFICATE, servername: 'localhost' },
      found: 'its certificate has expired (CERT_HAS_EXPIRED)',
      hint: VOUCH,
    },
    {
      what: `${scheme}s: has a certificate for another host`,
      start: https({}),
      target: `${scheme}s://HOST`,
      tls: { ca: CERTIFICATE },
      found: 'its certificate is for another host, localhost',
      hint: 'Use a host that the certificate names. Or, in a target file, give that host as tls: { servername }, or tls: { rejectUnauthorized: false } to accept any certificate.',
    },
    {
      what: `${scheme}s: wants a certificate of the client`,
      start: https({ requestCert: true, rejectUnauthorized: true }),
      target: `${scheme}s://HOST`,
      tls: { rejectUnauthorized: false },
      found: 'it ends the TLS handshake with "certificate required"',
      hint: 'It may require a client certificate: give tls: { cert, key } in a target file.',
    },
    {
      what: `${scheme}s: speaks plain HTTP`,
      start: http(page),
      target: `${scheme}s://HOST`,
      found: 'it speaks plain HTTP, not TLS',
      hint: `Use ${scheme}://HOST.`,
    },
    {
      what: `${scheme}s: speaks neither TLS nor HTTP`,
      start: tcp((socket) => socket.end('220 mail.example.org ESMTP\r\n')),
      target: `${scheme}s://HOST`,
      found: 'the service at this port does not speak TLS',
      hint: 'Check host and port.',
    },
    {
      what: `${scheme}: speaks Socket.IO 2`,
      start: socketio2,
      target: `${scheme}://HOST`,
      found: 'the server speaks Socket.IO 2 (Engine.IO 3), the clients Socket.IO 3 and 4 (Engine.IO 4)',
      hint: 'Upgrade the server to socket.io 3 or later. sockbench has no client for version 2.',
    },
  ]),
  {
    what: 'http: answers with a web page',
    start: http(page),
    target: 'http://HOST',
    found: 'a web server answers at /socket.io/ with text/html (200 OK) instead of Socket.IO',
    hint: SOCKETIO_PATH,
  },
  {
    what: 'http by polling: answers with a web page',
    start: http(page),
    target: 'http://HOST',
    transport: 'polling',
    found: 'a web server answers at /socket.io/ with text/html (200 OK) instead of Socket.IO',
    hint: SOCKETIO_PATH,
  },
  {
    // Over polling the client follows redirects and does not report where.
    what: 'http by polling: redirects',
    start: status(302, { location: 'http://127.0.0.1:1/' }),
    target: 'http://HOST',
    transport: 'polling',
    found: 'it redirects to http://127.0.0.1:1 (302 Found)',
    hint: 'If that is the server under test, give it as --target.',
  },
  {
    what: 'http: has Socket.IO elsewhere',
    start: socketio({ path: '/live' }),
    target: 'http://HOST',
    found: 'a web server answers, but has nothing at /socket.io/ (404 Not Found)',
    hint: SOCKETIO_PATH,
  },
  {
    what: 'http: takes raw WebSockets',
    start: webSocket((server) => new WebSocketServer({ server })),
    target: 'http://HOST',
    found: 'it accepts raw WebSocket connections, but has no Socket.IO at /socket.io/ (426 Upgrade Required)',
    hint: 'Use ws://HOST, or give the path of Socket.IO as path in a target file.',
  },
  {
    what: 'http: speaks Socket.IO by polling only',
    start: socketio({ transports: ['polling'] }),
    target: 'http://HOST',
    found: 'it supports Socket.IO over polling only: websocket error (Unexpected server response: 400)',
    hint: "Use --transport polling, or add websocket to the server's transports.",
  },
  {
    what: 'http by polling: speaks Socket.IO by WebSocket only',
    start: socketio({ transports: ['websocket'] }),
    target: 'http://HOST',
    transport: 'polling',
    found: 'it speaks Socket.IO, but not over polling ("Transport unknown")',
    hint: "Use --transport websocket, or add polling to the server's transports.",
  },
  {
    what: 'http: passes polling on, and no WebSocket',
    start: () => withoutUpgrades(),
    target: 'http://HOST',
    found:
      'it speaks Socket.IO, but does not accept the WebSocket: websocket error (Unexpected server response: 502)',
    hint: 'A proxy in front of it may not forward WebSocket connections. --transport polling needs none.',
  },
  {
    what: 'http by polling: several processes without sticky sessions',
    start: () => forgetful(),
    target: 'http://HOST',
    transport: 'polling',
    found:
      'it answers the Socket.IO handshake, but not the next requests: xhr post error (HTTP status 400, Session ID unknown)',
    hint: 'Several processes behind one address need sticky sessions for polling. --transport websocket needs none.',
  },
  {
    what: 'http: checks the origin',
    start: socketio({ allowRequest: (_, decide) => decide('origin not allowed', false) }),
    target: 'http://HOST',
    found: 'it speaks Socket.IO and forbids the connection ("origin not allowed")',
    hint: CREDENTIALS,
  },
  {
    what: 'http: has a middleware that demands a token',
    start: socketio({}, (io) => io.use((_, next) => next(new Error('unauthorized')))),
    target: 'http://HOST',
    found: 'the server rejects them with "unauthorized"',
    hint: CREDENTIALS,
  },
  {
    what: 'http: has a middleware that never ends',
    start: socketio({}, (io) => io.use(() => {})),
    target: 'http://HOST',
    found: 'it speaks Socket.IO, but there is no answer from the namespace within TIMEOUT ms',
    hint: 'Check for a middleware of the server (io.use) that does not call next.',
  },
  {
    what: 'http: has no such namespace',
    start: socketio({}),
    target: 'http://HOST',
    namespace: '/chat',
    found: 'the server has no namespace /chat',
    hint: 'Give an existing one with --namespace NAME. For the main namespace, omit it and the path of the URL.',
  },
  {
    what: "http: the path of the URL is taken for Socket.IO's own",
    start: socketio({}),
    target: 'http://HOST/socket.io/',
    found: 'the server has no namespace /socket.io/',
    hint: 'Give an existing one with --namespace NAME. For the main namespace, omit it and the path of the URL.',
  },
  {
    what: 'ws: speaks Socket.IO',
    start: socketio({}),
    target: 'ws://HOST',
    found: 'this is a Socket.IO server',
    hint: 'Use http://HOST.',
  },
  {
    what: 'ws: answers with a web page',
    start: http(page),
    target: 'ws://HOST/live',
    found: 'a web server answers at /live with text/html (200 OK) instead of a WebSocket',
    hint: WS_PATH,
  },
  {
    what: 'ws: has nothing at that path',
    start: http((_, response) => response.writeHead(404).end()),
    target: 'ws://HOST/live',
    found: 'a web server answers, but has nothing at /live (404 Not Found)',
    hint: WS_PATH,
  },
  {
    what: 'ws: takes WebSockets elsewhere',
    start: webSocket((server) => new WebSocketServer({ server, path: '/live' })),
    target: 'ws://HOST/',
    found: 'it rejects the WebSocket handshake at / (400 Bad Request)',
    hint: WS_PATH,
  },
  {
    what: 'ws: demands authentication of the handshake',
    start: webSocket(
      (server) =>
        new WebSocketServer({ server, verifyClient: (_, decide) => decide(false, 401, 'Unauthorized') }),
    ),
    target: 'ws://HOST',
    found: 'it requires authentication (401 Unauthorized)',
    hint: CREDENTIALS,
  },
  {
    what: 'ws: leaves the handshake without an answer',
    start: webSocket((server) => server.on('upgrade', () => {})),
    target: 'ws://HOST',
    found: 'it answers plain requests (426 Upgrade Required), but never the WebSocket handshake',
    hint: 'Check the path of the URL: this server accepts WebSocket connections at another path, or not at all.',
  },
];

/** As a proxy that knows nothing of WebSocket. */
function withoutUpgrades(): Promise<Listening> {
  const server = createHttpServer();
  new SocketioServer(server, { serveClient: false });
  server.removeAllListeners('upgrade');
  server.on('upgrade', (_, socket) => socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n'));
  return listening(server);
}

/**
 * Opens sessions that it knows nothing of a moment later, as Engine.IO's server says it (error 1). Says so to what a
 * client sends, and leaves what it asks meanwhile: which of the two failed first would else be chance.
 */
function forgetful(): Promise<Listening> {
  const server = createHttpServer((request, response) => {
    const isOpening = !request.url?.includes('sid=');
    if (!isOpening && request.method === 'GET') return;
    response.writeHead(isOpening ? 200 : 400);
    response.end(
      isOpening
        ? '0{"sid":"0YTDUiIYKF6s7l8SAAAB","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'
        : '{"code":1,"message":"Session ID unknown"}',
    );
  });
  return listening(server);
}

/** TLS, with an answer in plain HTTP for those who do not speak it, as nginx, Apache and Go have one. */
async function plainHttpRefusedBesideTls(): Promise<Listening> {
  const tls = createHttpsServer({ key: TEST_KEY, cert: CERTIFICATE }, page);
  return listening(
    createTcpServer((socket) => {
      socket.once('data', (first) => {
        socket.pause();
        socket.unshift(first);
        // 22 is the first byte of a TLS handshake.
        if (first[0] === 22) tls.emit('connection', socket);
        else socket.end('HTTP/1.1 400 Bad Request\r\n\r\nThe plain HTTP request was sent to HTTPS port');
      });
    }),
  );
}
