/**
 * Two gaps of @socket.io/sticky 2.0.1 that show on loopback, where a client answers at once. Without what is here,
 * 30 of 400 WebSocket connections made one after another and 7 of 1,500 upgrades heard nothing any more, and now and
 * then a request of polling was answered with 400.
 */
import type { Worker } from 'node:cluster';
import { Socket } from 'node:net';
import type { Server } from 'socket.io';
import { isMessage } from './plan.ts';

/** To a serving process: the primary process knows whose this session is. */
const BOUND = 'sockbench:bound';
/** Sticky's own, from a serving process: this session is mine. */
const BIND = 'sticky:connection';

/**
 * In the primary process: a connection that is handed over is no longer read here. Node.js goes on until the
 * other process has confirmed it, and throws away what comes in the meantime.
 */
export function handOverUnread(worker: Worker): void {
  const { send } = worker;
  const sendUnread = (...args: readonly unknown[]): boolean => {
    const [, connection] = args;
    if (connection instanceof Socket) stopReading(connection);
    return Reflect.apply(send, worker, args);
  };
  Object.assign(worker, { send: sendUnread });
}

/** There is no other way: `pause` leaves the handle as it is. */
function stopReading(socket: Socket & { readonly _handle?: { readStop(): void } | null }): void {
  socket._handle?.readStop();
}

/** In the primary process: tells a serving process when its session is known. */
export function confirmSessions(worker: Worker): void {
  // Comes after sticky's own listener, which was there when the worker was made.
  worker.on('message', (message) => {
    if (isMessage(message, BIND)) worker.send({ type: BOUND, data: message.data });
  });
}

/**
 * In a serving process: a client learns the name of its session after the primary process did. Else the client's
 * next request can overtake the word about it, and goes to a process that does not know the session.
 */
export function bindBeforeAnswer(io: Server): void {
  const waiting = new Map<unknown, () => void>();
  process.on('message', (message) => {
    if (!isMessage(message, BOUND)) return;
    waiting.get(message.data)?.();
    waiting.delete(message.data);
  });
  const { engine } = io;
  const generateId = engine.generateId.bind(engine);
  engine.generateId = async (request) => {
    const id = await generateId(request);
    const bound = new Promise<void>((resolve) => {
      waiting.set(id, resolve);
    });
    process.send?.({ type: BIND, data: id });
    await bound;
    return id;
  };
}
