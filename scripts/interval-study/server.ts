/**
 * Child entry: `fork(server.ts, [KIND])` starts a raw WebSocket server that acknowledges every request, sends its port to
 * its parent, and ends with it.
 *
 *     stall    holds all answers back for 20 ms, five times a second on average, at random times
 *     queue    answers one request after the other, each after 1 ms on average from an exponential distribution
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { decodeEnvelope, encodeEnvelope } from '../../src/contract/protocol.ts';

const STALL_MS = 20;
const BETWEEN_STALLS_MS = 180;
const SERVICE_MS = 1;
const exponentialMs = (meanMs: number) => -meanMs * Math.log(1 - Math.random());

const isQueue = process.argv[2] === 'queue';
const waiting: Array<() => void> = [];
let isStalled = false;
/** When the queue is empty. */
let freeMs = 0;

function stallNext(): void {
  setTimeout(() => {
    isStalled = true;
    setTimeout(() => {
      isStalled = false;
      for (const answer of waiting.splice(0)) answer();
      stallNext();
    }, STALL_MS);
  }, exponentialMs(BETWEEN_STALLS_MS));
}

function answerLater(answer: () => void): void {
  if (!isQueue) {
    if (isStalled) waiting.push(answer);
    else answer();
    return;
  }
  const nowMs = performance.now();
  freeMs = Math.max(nowMs, freeMs) + exponentialMs(SERVICE_MS);
  setTimeout(answer, freeMs - nowMs);
}

const studied = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
studied.on('connection', (socket: WebSocket) => {
  socket.on('error', () => {});
  socket.on('message', (raw: Buffer, isBinary) => {
    const { event, data, id } = decodeEnvelope(raw, isBinary);
    if (id !== undefined) answerLater(() => socket.send(encodeEnvelope({ event, data, ack: id })));
  });
});
await once(studied, 'listening');
if (!isQueue) stallNext();
process.on('disconnect', () => process.exit());
process.send?.({ port: (studied.address() as AddressInfo).port });
