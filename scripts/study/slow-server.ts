/**
 * A raw WebSocket server that is slower by a known amount: `node slow-server.ts PORT SHAPE MICROSECONDS`, shape and
 * amount left out for the server itself. Every message goes to everyone.
 *
 *     message      busy for so long before each message is sent on
 *     tail         one message in a hundred is held back for so long, without being busy
 *     recipient    busy for so long before each recipient
 */
import { WebSocket, WebSocketServer } from 'ws';
import { decodeEnvelope, EVENT, encodeEnvelope, type SendMessage } from '../../src/contract/protocol.ts';

const [port = '0', shape = 'none', microseconds = '0'] = process.argv.slice(2);
const delayMs = Number(microseconds) / 1000;
const TAIL_EVERY = 100;

const slowServer = new WebSocketServer({ port: Number(port), host: '127.0.0.1' });
let published = 0;

function busy(): void {
  const endMs = performance.now() + delayMs;
  while (performance.now() < endMs);
}

function broadcast({ message }: SendMessage): void {
  const frame = encodeEnvelope({ event: EVENT.receiveMessage, data: message });
  for (const client of slowServer.clients) {
    if (shape === 'recipient') busy();
    if (client.readyState === WebSocket.OPEN) client.send(frame);
  }
}

function publish(message: SendMessage): void {
  published += 1;
  if (shape === 'message') busy();
  if (shape === 'tail' && published % TAIL_EVERY === 0) setTimeout(() => broadcast(message), delayMs);
  else broadcast(message);
}

slowServer.on('connection', (socket) => {
  socket.on('message', (raw: Buffer, isBinary) => {
    const { event, data, id } = decodeEnvelope(raw, isBinary);
    if (event === EVENT.hello) socket.send(encodeEnvelope({ event, data, ack: id ?? 0 }));
    if (event === EVENT.sendMessage) publish(data as SendMessage);
  });
});
