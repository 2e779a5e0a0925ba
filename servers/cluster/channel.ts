/**
 * What the primary process and the serving processes send each other, and corrections of two faults of
 * @socket.io/sticky 2.0.1. Both show on loopback, where a client answers at once. Without the corrections, 30 of 400
 * WebSocket connections made one after another and 7 of 1,500 upgrades received nothing, and some polling requests
 * were answered with status 400.
 */
import type { Worker } from 'node:cluster';
import { Socket } from 'node:net';
import type { Server } from 'socket.io';
import type { ServerSettings } from '../../src/contract/server.ts';

/** How the serving processes exchange messages. */
export type NodeAdapter = { readonly kind: 'cluster' } | RedisPlan;

export interface RedisPlan {
  readonly kind: ServerSettings['redisAdapter'];
  readonly url: string;
  /** Prefix of all channels and streams, so that several servers can share one Redis. */
  readonly prefix: string;
}

/** The argument of a serving process. */
export interface NodePlan {
  /** Number of the process, from 0. */
  readonly node: number;
  readonly settings: ServerSettings;
  readonly adapter: NodeAdapter;
}

/** From a serving process: it is ready. */
export const SERVING = 'sockbench:serving';
/** To a serving process: close all connections and exit. */
export const CLOSE = 'sockbench:close';
/** To a serving process: the primary process knows which process has this session. */
const BOUND = 'sockbench:bound';
/** Sent by a serving process, defined by sticky: this process has this session. */
const BIND = 'sticky:connection';

/** Whether a message has this type. Other packages use the channel too. */
export function isMessage(
  message: unknown,
  type: string,
): message is { readonly type: string; readonly data?: unknown } {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === type;
}

/**
 * In the primary process: stops reading a connection before it is handed over. Node.js would read until the other
 * process confirms the handover, and discard what it reads.
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

/** Uses the handle, because `pause` does not stop it. */
function stopReading(socket: Socket & { readonly _handle?: { readStop(): void } | null }): void {
  socket._handle?.readStop();
}

/** In the primary process: confirms each session to its serving process once the primary has registered it. */
export function confirmSessions(worker: Worker): void {
  // Runs after sticky's own listener, which was added when the worker was created.
  worker.on('message', (message) => {
    if (isMessage(message, BIND)) worker.send({ type: BOUND, data: message.data });
  });
}

/**
 * In a serving process: sends a client its session id only after the primary process has registered the session.
 * Otherwise the client's next request can arrive first and be routed to a process without that session.
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
