import { Agent } from 'node:http';
import { io, type Socket } from 'socket.io-client';
import type { Connection, Driver } from './driver.ts';

/** Keeps polling connections open between requests, as browsers do; the client's own default does not. */
const pollingAgent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

export const officialSocketio: Driver = {
  name: 'official',
  protocol: 'socketio',
  transports: ['websocket', 'polling'],
  summary: 'socket.io-client, without reconnection',
  connect: ({ url, transport, timeoutMs }) =>
    new Promise((resolve, reject) => {
      const socket = io(url, {
        transports: [transport],
        forceNew: true,
        reconnection: false,
        timeout: timeoutMs,
        ...(transport === 'polling' ? { agent: pollingAgent as unknown as string } : {}),
      });
      const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      const fail = (error: Error) => {
        clearTimeout(timer);
        socket.disconnect();
        reject(new Error(reasonOf(error)));
      };
      socket.once('connect_error', fail);
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.off('connect_error', fail);
        resolve(new SocketioConnection(socket));
      });
    }),
};

/** Engine.IO wraps what happened: the description holds the system's or the parser's own words. */
function reasonOf(error: Error & { description?: unknown; context?: unknown }): string {
  const description = error.description as { message?: string; error?: Error } | number | undefined;
  if (typeof description === 'number') return `${error.message} (HTTP status ${description})`;
  const detail = description?.message || description?.error?.message;
  return detail === undefined ? error.message : `${error.message} (${detail})`;
}

class SocketioConnection implements Connection {
  readonly #socket: Socket;
  #closing = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  emit(event: string, data: unknown): void {
    this.#socket.emit(event, data);
  }

  request(event: string, data: unknown, onReply: (reply: unknown) => void): void {
    this.#socket.emit(event, data, onReply);
  }

  on(event: string, handler: (data: unknown) => void): void {
    this.#socket.on(event, handler);
  }

  answer(event: string, respond: (data: unknown) => unknown): void {
    this.#socket.on(event, (data: unknown, acknowledge?: (reply: unknown) => void) =>
      acknowledge?.(respond(data)),
    );
  }

  onDropped(handler: (reason: string) => void): void {
    this.#socket.once('disconnect', (reason) => {
      if (!this.#closing) handler(reason);
    });
  }

  close(): Promise<void> {
    this.#closing = true;
    return new Promise((resolve) => {
      const engine = this.#socket.io.engine;
      if (engine.readyState === 'closed') {
        resolve();
        return;
      }
      setTimeout(resolve, 1000).unref();
      engine.once('close', () => resolve());
      this.#socket.disconnect();
    });
  }
}
