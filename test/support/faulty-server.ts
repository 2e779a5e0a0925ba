/**
 * A raw WebSocket server with known faults, started like a user's server: `node faulty-server.ts PORT FAULT [N]`.
 * Faults affect measured messages only and are spread evenly over receivers and messages, so that a test can
 * calculate what the ledger must hold.
 */
import { WebSocket, WebSocketServer } from 'ws';
import { decodeEnvelope, EVENT, encodeEnvelope, type SendMessage } from '../../src/contract/protocol.ts';
import { FAULT_EVERY, isFaulted, type MixedFault, STALL, TEXT_FAULTS } from './faults.ts';

const [port = '0', fault = 'none', amount = '0'] = process.argv.slice(2);

const server = new WebSocketServer({ port: Number(port), host: '127.0.0.1' });
const receivers: Array<{ socket: WebSocket; held: string | Buffer | null }> = [];
let measured = 0;

function busyFor(durationMs: number): void {
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs);
}

/** Waits with a timer until a millisecond before the time and then spins, so that the delay is exact. */
function after(dueMs: number, then: () => void): void {
  const leftMs = dueMs - performance.now();
  if (leftMs > 1.5) setTimeout(() => after(dueMs, then), leftMs - 1.2);
  else if (leftMs > 0) setImmediate(() => after(dueMs, then));
  else then();
}

function deliver(
  receiver: (typeof receivers)[number],
  place: number,
  frame: string | Buffer,
  index: number | null,
): void {
  const { socket, held } = receiver;
  if (socket.readyState !== WebSocket.OPEN) return;
  const has = (each: MixedFault) => fault === 'mixed' && index !== null && isFaulted(each, index, place);
  if (has('drop')) return;
  if (has('swap')) {
    receiver.held = frame;
    return;
  }
  socket.send(frame);
  if (has('duplicate')) socket.send(frame);
  if (held !== null) {
    receiver.held = null;
    socket.send(held);
  }
}

function publish({ message }: SendMessage): void {
  const index = String(message).startsWith('sbm') ? measured++ : null;
  const change = index === null ? undefined : TEXT_FAULTS[fault];
  const data = change === undefined ? message : change(String(message), index ?? 0);
  const frame = encodeEnvelope({ event: EVENT.receiveMessage, data });
  for (const [place, receiver] of receivers.entries()) deliver(receiver, place, frame, index);
  if (fault === 'hostile-text' && index === 0) {
    const marks = encodeEnvelope({ event: EVENT.receiveMessage, data: 'sbm'.repeat(Number(amount)) });
    for (const { socket } of receivers) socket.send(marks);
  }
  if (fault === 'die' && measured === Number(amount)) {
    console.error('out of cheese');
    process.exit(7);
  }
}

server.on('connection', (socket) => {
  receivers.push({ socket, held: null });
  socket.on('message', (raw: Buffer, isBinary) => {
    const { event, data, id } = decodeEnvelope(raw, isBinary);
    if (fault === 'busy') busyFor(Number(amount));
    if (event === EVENT.hello) socket.send(encodeEnvelope({ event, data, ack: id ?? 0 }));
    if (event !== EVENT.sendMessage) return;
    if (fault === 'delay') after(performance.now() + Number(amount), () => publish(data as SendMessage));
    else publish(data as SendMessage);
  });
});

if (fault === 'stall') {
  const startMs = performance.now();
  const stallAgain = (turn: number) => {
    setTimeout(
      () => {
        busyFor(STALL.lengthMs);
        stallAgain(turn + 1);
      },
      startMs + turn * STALL.everyMs - performance.now(),
    );
  };
  stallAgain(1);
}

console.log(`faulty server: ${fault} ${amount}, one in ${FAULT_EVERY}`);
