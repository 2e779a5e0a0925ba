/**
 * Child entry: `fork(server.ts, [KIND])` starts a raw WebSocket server that acknowledges every request, sends its port to
 * its parent, and ends with it. Its latencies are longer than those of the machine, which differ from start to start.
 *
 *     stall    answers after 4 ms on average from an exponential distribution, but holds all answers back for 20 ms, five
 *              times a second on average, at random times
 *     queue    is busy for 2 ms on average from an exponential distribution with each request, one after the other
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { decodeEnvelope, encodeEnvelope } from '../../src/contract/protocol.ts';

const STALL_MS = 20;
const BETWEEN_STALLS_MS = 180;
const ANSWER_MS = 4;
const SERVICE_MS = 2;
const exponentialMs = (meanMs: number) => -meanMs * Math.log(1 - Math.random());

const isQueue = process.argv[2] === 'queue';
const waiting: Array<() => void> = [];
let isStalled = false;

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

function answerBusily(answer: () => void): void {
  const endMs = performance.now() + exponentialMs(SERVICE_MS);
  while (performance.now() < endMs);
  answer();
}

function answerUnlessStalled(answer: () => void): void {
  setTimeout(() => {
    if (isStalled) waiting.push(answer);
    else answer();
  }, exponentialMs(ANSWER_MS));
}

const studied = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
studied.on('connection', (socket: WebSocket) => {
  socket.on('error', () => {});
  socket.on('message', (raw: Buffer, isBinary) => {
    const { event, data, id } = decodeEnvelope(raw, isBinary);
    if (id === undefined) return;
    const answer = () => socket.send(encodeEnvelope({ event, data, ack: id }));
    if (isQueue) answerBusily(answer);
    else answerUnlessStalled(answer);
  });
});
await once(studied, 'listening');
if (!isQueue) stallNext();
process.on('disconnect', () => process.exit());
process.send?.({ port: (studied.address() as AddressInfo).port });
