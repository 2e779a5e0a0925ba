/**
 * A chat server that breaks its protocol, started like a user's server: `node breaking-server.ts PORT FAULT`. Faults of a
 * message reach one client that does not send, or all clients, when half a second has been measured. Faults of the
 * handshake meet the last of five clients, or all.
 */
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Server } from 'socket.io';
import { type WebSocket, WebSocketServer } from 'ws';
import { decodeEnvelope, EVENT, encodeEnvelope, type SendMessage } from '../../src/contract/protocol.ts';

const [port = '0', fault = ''] = process.argv.slice(2);
const CLIENTS = 5;
const AFTER_MS = 500;
const DEEP = '['.repeat(200_000) + ']'.repeat(200_000);

/** What the sockets of one kind of server are. */
interface Peer {
  /** Sends a text message of WebSocket. */
  readonly text: (text: string) => void;
  /** Writes bytes below WebSocket. */
  readonly bytes: (...bytes: readonly number[]) => void;
  /** The connection below WebSocket; null for Socket.IO. */
  readonly tcp: Duplex | null;
}

/** Writes a part without end, as fast as the client reads, and reads nothing. */
function pour(socket: Duplex | null, part: Buffer): void {
  if (socket === null) return;
  socket.pause();
  const write = () => {
    while (!socket.destroyed && socket.write(part));
    if (!socket.destroyed) socket.once('drain', write);
  };
  write();
}

const times = (count: number, ...bytes: readonly number[]) =>
  Buffer.concat(Array.from({ length: count }, () => Buffer.from(bytes)));

const FAULTS: Readonly<Record<string, (peer: Peer) => void>> = {
  'error-packet': ({ text }) => text('44{"message":"x"}'),
  'empty-error-packet': ({ text }) => text('44'),
  'second-open': ({ text }) => text('0garbage'),
  'deep-event': ({ text }) => text(`42["${EVENT.receiveMessage}",${DEEP}]`),
  'deep-envelope': ({ text }) => text(`{"event":"${EVENT.receiveMessage}","data":${DEEP}}`),
  'deep-request': ({ text }) => text(`{"event":"${EVENT.hello}","data":${DEEP},"id":1}`),
  'long-header': ({ bytes }) => bytes(0x82, 3, 0xff, 0xff, 0x7b),
  masked: ({ bytes }) => bytes(0x81, 0x81, 1, 2, 3, 4, 0x30),
  utf8: ({ bytes }) => bytes(0x81, 2, 0xc3, 0x28),
  opcode: ({ bytes }) => bytes(0x83, 0),
  exbibyte: ({ bytes }) => bytes(0x82, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  half: ({ bytes }) => bytes(0x82, 0x7f, 0, 0, 0, 0, 6, 0, 0, 0, 1, 2, 3),
  reset: ({ tcp }) => void (tcp as Socket).resetAndDestroy(),
  fin: ({ tcp }) => void tcp?.end(),
  fragments: ({ bytes, tcp }) => {
    bytes(1, 0);
    pour(tcp, times(10_000, 0, 0));
  },
  'close-and-data': ({ bytes, tcp }) => {
    bytes(0x88, 5, 3, 0xe9, 0x62, 0x79, 0x65);
    pour(tcp, times(10_000, 0x81, 1, 0x78));
  },
  gibibyte: ({ bytes }) => bytes(0x82, 0x7f, 0, 0, 0, 0, 0x40, 0, 0, 0),
};

const isForAll = fault.startsWith('all-');
const kind = fault.replace(/^all-/, '');
const peers: Peer[] = [];
let measuring = false;

function note(message: unknown, sender: Peer): void {
  if (measuring || !String(message).startsWith('sbm')) return;
  measuring = true;
  setTimeout(() => {
    const others = peers.filter((peer) => peer !== sender);
    for (const peer of isForAll ? peers : others.slice(-1)) FAULTS[kind]?.(peer);
  }, AFTER_MS);
}

const http = createServer((_, response) => response.writeHead(404).end());
const HANDSHAKES: Readonly<Record<string, (socket: Duplex) => void>> = {
  slow: (socket) => drip(socket, 'HTTP/1.1 101 Switching Protocols\r\n', 100),
  continue: (socket) => drip(socket, 'HTTP/1.1 100 Continue\r\n\r\n', 1),
  headers: (socket) => pour(socket, Buffer.from('HTTP/1.1 101 X\r\nX: y\r\n'.repeat(1000))),
  accept: (socket) =>
    void socket.write(
      'HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n',
    ),
  body: (socket) => {
    socket.write('HTTP/1.1 503 Busy\r\n\r\n');
    pour(socket, Buffer.alloc(10_000, 'x'));
  },
  'upgrade-reset': (socket) => void (socket as Socket).resetAndDestroy(),
};

/** Sends a text byte by byte, or a whole interim response each time, without an end. */
function drip(socket: Duplex, text: string, everyMs: number): void {
  let index = 0;
  const timer = setInterval(() => {
    socket.write(text.startsWith('HTTP/1.1 100') ? text : (text[index] ?? 'x'));
    index += 1;
  }, everyMs);
  socket.on('error', () => {}).on('close', () => clearInterval(timer));
}

const spoilHandshake = HANDSHAKES[kind];
const isSocketio = fault.startsWith('open-') || /packet|open|event/.test(kind);
if (isSocketio) serveSocketio();
else serveWebSocket();

function serveSocketio(): void {
  if (fault.startsWith('open-')) {
    const server = new WebSocketServer({ server: http });
    server.on('connection', (socket) => socket.send(fault.slice('open-'.length)));
    return;
  }
  const io = new Server(http, { serveClient: false });
  io.on('connection', (socket) => {
    const { socket: ws } = socket.conn.transport as unknown as { readonly socket: WebSocket };
    const peer = { text: (text: string) => ws.send(text), bytes() {}, tcp: null };
    peers.push(peer);
    socket.on(EVENT.sendMessage, ({ message }: SendMessage) => {
      io.emit(EVENT.receiveMessage, message);
      note(message, peer);
    });
  });
}

function serveWebSocket(): void {
  const server = new WebSocketServer({ noServer: true });
  let upgrades = 0;
  http.on('upgrade', (request, socket, head) => {
    upgrades += 1;
    // The first is the sender.
    // Clients reset what they refuse.
    socket.on('error', () => {});
    if (spoilHandshake !== undefined && (isForAll || upgrades % CLIENTS === 0)) spoilHandshake(socket);
    else server.handleUpgrade(request, socket, head, (webSocket) => accept(webSocket, socket));
  });
  function accept(webSocket: WebSocket, tcp: Duplex): void {
    webSocket.on('error', () => {});
    const peer: Peer = {
      text: (text) => webSocket.send(text),
      bytes: (...bytes) => void tcp.write(Buffer.from(bytes)),
      tcp,
    };
    peers.push(peer);
    webSocket.on('message', (data: Buffer, isBinary) => {
      const { event, data: content } = decodeEnvelope(data, isBinary);
      if (event !== EVENT.sendMessage) return;
      const { message } = content as SendMessage;
      const frame = encodeEnvelope({ event: EVENT.receiveMessage, data: message });
      for (const client of server.clients) client.send(frame);
      note(message, peer);
    });
  }
}

http.listen(Number(port), '127.0.0.1');
