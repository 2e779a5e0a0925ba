/**
 * Child entry: `fork(server.ts, [JSON of ServerFault])` starts the server of the cross-check: Socket.IO at /socket.io/
 * and raw WebSocket at /ws, on one port of loopback. It sends the port to its parent, and its counts whenever the
 * parent sends it a message. Every load generator is judged by these counts. Ends with its parent.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { Server, type Socket } from 'socket.io';
import { type WebSocket, WebSocketServer } from 'ws';
import { listen } from '../../servers/listen.ts';
import { decodeEnvelope, encodeEnvelope } from '../../src/contract/protocol.ts';
import { DEFAULT_SERVER_SETTINGS } from '../../src/contract/server.ts';
import type { ServerCounts, ServerFault } from './counting-server.ts';

const fault: ServerFault = JSON.parse(process.argv[2] ?? '{}');
const counts: ServerCounts = {
  connections: 0,
  open: 0,
  peak: 0,
  requests: 0,
  acknowledged: 0,
  events: 0,
  distinct: 0,
  connectionsBySecond: [],
  requestsBySecond: [],
};
const payloads = new Set<unknown>();
let firstMs = 0;

function countNow(bySecond: number[]): void {
  const second = Math.floor((performance.now() - firstMs) / 1000);
  while (bySecond.length <= second) bySecond.push(0);
  bySecond[second] = (bySecond[second] ?? 0) + 1;
}

function connected(): void {
  if (counts.connections === 0) firstMs = performance.now();
  countNow(counts.connectionsBySecond);
  counts.connections += 1;
  counts.open += 1;
  counts.peak = Math.max(counts.peak, counts.open);
}

function disconnected(): void {
  counts.open -= 1;
}

/** Blocks the event loop, as a long computation or a collection of garbage would. */
function stall(): void {
  const endMs = performance.now() + (fault.stallMs ?? 0);
  while (performance.now() < endMs);
}

function requested(acknowledge: () => void): void {
  counts.requests += 1;
  countNow(counts.requestsBySecond);
  const isFirst = counts.requests === 1;
  if (isFirst && fault.stallMs !== undefined) setTimeout(stall, fault.stallAfterMs ?? 0);
  if (fault.neverAck === true) return;
  const reply = () => {
    counts.acknowledged += 1;
    acknowledge();
  };
  if (fault.ackDelayMs === undefined) reply();
  else setTimeout(reply, fault.ackDelayMs);
}

function serveSocketio(socket: Socket): void {
  socket.on('hello', (data: unknown, acknowledge: unknown) => {
    if (typeof acknowledge === 'function') requested(() => acknowledge(data));
    else counts.events += 1;
  });
  socket.on('note', (data: unknown) => {
    counts.events += 1;
    payloads.add(JSON.stringify(data));
    counts.distinct = payloads.size;
  });
  socket.on('ask', (data: unknown) => requested(() => socket.emit('answer', data)));
}

function serveWebSocket(socket: WebSocket): void {
  connected();
  socket.on('close', disconnected);
  socket.on('error', () => {});
  socket.on('message', (message: Buffer, isBinary) => {
    const { event, data, id } = decodeEnvelope(message, isBinary);
    if (id === undefined) counts.events += 1;
    else requested(() => socket.send(encodeEnvelope({ event, data, ack: id })));
  });
}

const http = createServer();
const url = await listen(http, { host: '127.0.0.1', port: 0, settings: DEFAULT_SERVER_SETTINGS });
const socketServer = new Server(http, {
  serveClient: false,
  perMessageDeflate: false,
  destroyUpgrade: false,
});
// Connections are counted below the namespaces: several sockets of one client may share one.
socketServer.engine.on('connection', (connection: { on(event: 'close', listener: () => void): void }) => {
  connected();
  connection.on('close', disconnected);
});
if (fault.refuse === true) socketServer.use((_socket, next) => next(new Error('refused')));
socketServer.on('connection', serveSocketio);
const ws = new WebSocketServer({ noServer: true, perMessageDeflate: false });
http.on('upgrade', (request: IncomingMessage, socket, head) => {
  if (request.url === '/ws') ws.handleUpgrade(request, socket, head, serveWebSocket);
  else if (request.url?.startsWith('/socket.io/') !== true) socket.destroy();
});

process.on('message', () => process.send?.(counts));
process.on('disconnect', () => process.exit());
process.send?.({ port: Number(url.split(':').at(-1)) });
