import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { io, type Socket } from 'socket.io-client';
import type { Connection, Driver } from './driver.ts';
import { reasonOf } from './reason.ts';

/**
 * Keeps a polling client's connections open between requests, as browsers do; the client's own default does
 * not. One for each client, so that giving up one client ends its requests and nobody else's.
 */
function pollingAgent(url: string): HttpAgent {
  const options = { keepAlive: true };
  return url.startsWith('https:') ? new HttpsAgent(options) : new HttpAgent(options);
}

export const officialSocketio: Driver = {
  name: 'official',
  protocol: 'socketio',
  transports: ['websocket', 'polling'],
  summary: 'socket.io-client, without reconnection',
  connect: ({ url, transport, timeoutMs }) =>
    new Promise((resolve, reject) => {
      const agent = transport === 'polling' ? pollingAgent(url) : null;
      const socket = io(url, {
        transports: [transport],
        forceNew: true,
        reconnection: false,
        timeout: timeoutMs,
        ...(agent === null ? {} : { agent: agent as unknown as string }),
      });
      const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      const fail = (error: Error) => {
        clearTimeout(timer);
        socket.disconnect();
        // The client waits for the answer to its first request before it closes: there may never be one.
        agent?.destroy();
        reject(new Error(engineReasonOf(error)));
      };
      socket.once('connect_error', fail);
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.off('connect_error', fail);
        resolve(new SocketioConnection(socket));
      });
    }),
};

/** What Engine.IO and its XMLHttpRequest wrap the system's error in. */
interface EngineError extends Error {
  /** The HTTP status, 0 when there was no answer; with WebSocket the event that holds the error. */
  readonly description?: number | { readonly error?: unknown };
  /** The request of polling: its status text is the error when there was no answer. */
  readonly context?: { readonly statusText?: unknown };
}

function engineReasonOf({ message, description, context }: EngineError): string {
  const wrapped = typeof description === 'object' ? description.error : context?.statusText;
  if (wrapped instanceof Error) return `${message} (${reasonOf(wrapped)})`;
  return typeof description === 'number' ? `${message} (HTTP status ${description})` : message;
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
