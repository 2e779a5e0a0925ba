import type { Agent as HttpAgent } from 'node:http';
import { io, type Socket } from 'socket.io-client';
import * as msgpackParser from 'socket.io-msgpack-parser';
import type { WebSocket } from 'ws';
import { Arguments, type Transport } from '../contract/target.ts';
import {
  type CloseOutcome,
  type Connection,
  type ConnectOptions,
  DEFAULT_FORGET_AFTER_MS,
  type Driver,
  given,
} from './driver.ts';
import { clientAgent } from './http-polling.ts';
import { closeOutcome, NO_ANSWER_OF_NAMESPACE, REFUSED_BY_SERVER, reasonOf } from './reason.ts';

/** Engine.IO's transports in the order in which they are used. */
const ENGINE_TRANSPORTS: Readonly<Partial<Record<Transport, string[]>>> = {
  websocket: ['websocket'],
  polling: ['polling'],
  upgrade: ['polling', 'websocket'],
};

export const officialSocketio: Driver = {
  name: 'official',
  protocol: 'socketio',
  transports: ['websocket', 'polling', 'upgrade'],
  summary: 'socket.io-client, without reconnection',
  connect: (options) =>
    new Promise((resolve, reject) => {
      const { transport, timeoutMs } = options;
      const address = namespaceUrl(options);
      // Polling: without an agent the client closes the connection after each request. TLS: Engine.IO passes the server
      // name to a WebSocket only by way of an agent.
      const needsAgent = transport !== 'websocket' || options.tls?.servername !== undefined;
      const agent = needsAgent ? clientAgent(new URL(address), options.tls ?? {}) : null;
      const socket = io(address, managerOptions(options, agent));
      const within = `within ${timeoutMs} ms`;
      // Socket.IO's own timeout, which comes first, ends when Engine.IO is open.
      const timer = setTimeout(() => fail(new Error(`${NO_ANSWER_OF_NAMESPACE} ${within}`)), timeoutMs);
      const fail = (error: Error) => {
        clearTimeout(timer);
        socket.disconnect();
        // The client waits for the answer to its first request before it closes, and there may never be one.
        agent?.destroy();
        reject(new Error(error.message === 'timeout' ? `no answer ${within}` : engineReasonOf(error)));
      };
      socket.once('connect_error', fail);
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.off('connect_error', fail);
        watchEngine(socket, options);
        resolve(new SocketioConnection(socket, options.forgetAfterMs ?? DEFAULT_FORGET_AFTER_MS));
      });
    }),
};

/** The URL whose path is the namespace; the given URL where there is no namespace. */
function namespaceUrl({ url, namespace }: ConnectOptions): string {
  if (namespace === undefined) return url;
  const address = new URL(url);
  address.pathname = namespace;
  return address.href;
}

function managerOptions(options: ConnectOptions, agent: HttpAgent | null): Parameters<typeof io>[1] {
  const { transport, timeoutMs, path, auth, headers, query, tls = {}, parser, compression } = options;
  return {
    transports: ENGINE_TRANSPORTS[transport] ?? [],
    forceNew: true,
    reconnection: false,
    timeout: timeoutMs,
    ...tls,
    ...given({ path, auth, extraHeaders: headers, query }),
    ...(parser === 'msgpack' ? { parser: msgpackParser } : {}),
    // The client's own default offers it and compresses from 1 KiB.
    perMessageDeflate: (compression === true ? { threshold: 0 } : false) as { threshold: number },
    ...(agent === null ? {} : { agent: agent as unknown as string }),
  };
}

/** Reports the upgrade, and for each request for messages whether it brought one. */
function watchEngine(socket: Socket, { transport, onUpgraded, onPolled }: ConnectOptions): void {
  const { engine } = socket.io;
  if (transport === 'upgrade' && onUpgraded !== undefined) {
    if (engine.transport.name === 'websocket') onUpgraded();
    else engine.once('upgrade', onUpgraded);
  }
  if (onPolled === undefined || engine.transport.name !== 'polling') return;
  let messages = 0;
  engine.on('packet', ({ type }) => {
    if (type === 'message') messages += 1;
  });
  engine.transport.on('pollComplete', () => {
    onPolled(messages === 0);
    messages = 0;
  });
}

/** An error of Engine.IO, which wraps that of the system, or one that Socket.IO's server sent. */
interface EngineError extends Error {
  /** Present in every error that the server sent. */
  readonly data?: unknown;
  /** `parser error` for an answer that is no packet. */
  readonly code?: unknown;
  /** The HTTP status, 0 when there was no answer; with WebSocket the event that holds the error. */
  readonly description?: number | { readonly error?: unknown };
  /** The request of polling: its status text is the error when there was no answer. */
  readonly context?: { readonly statusText?: unknown };
}

function engineReasonOf(error: EngineError): string {
  const { message, code, description, context } = error;
  if ('data' in error) return `${REFUSED_BY_SERVER}${message}`;
  if (code === 'parser error') return 'the answer is not in the protocol of Engine.IO 4';
  const wrapped = typeof description === 'object' ? description.error : context?.statusText;
  if (wrapped instanceof Error) return `${message} (${reasonOf(wrapped)})`;
  return typeof description === 'number' ? `${message} (HTTP status ${description})` : message;
}

class SocketioConnection implements Connection {
  readonly #socket: Socket;
  readonly #forgetAfterMs: number;
  #closing = false;

  constructor(socket: Socket, forgetAfterMs: number) {
    this.#socket = socket;
    this.#forgetAfterMs = forgetAfterMs;
  }

  emit(event: string, data: unknown): void {
    this.#socket.emit(event, ...argumentsOf(data));
  }

  request(event: string, data: unknown, onReply: (reply: unknown) => void): void {
    // Without a timeout the client keeps what is never acknowledged.
    const socket = this.#socket.timeout(this.#forgetAfterMs);
    socket.emit(event, ...argumentsOf(data), (error: Error | null, ...reply: unknown[]) => {
      if (error === null) onReply(oneOrAll(reply));
    });
  }

  on(event: string, handler: (data: unknown) => void): () => void {
    const onEvent = (...data: unknown[]) => handler(this.#dataOf(data));
    this.#socket.on(event, onEvent);
    return () => void this.#socket.off(event, onEvent);
  }

  /** Connection state recovery appends an offset to every broadcast, which the client does not remove. */
  #dataOf(data: readonly unknown[]): unknown {
    const { _pid: recoverable } = this.#socket as unknown as { readonly _pid?: string };
    const hasOffset = recoverable !== undefined && data.length > 1;
    return oneOrAll(hasOffset ? data.slice(0, -1) : data);
  }

  answer(event: string, respond: (data: unknown) => unknown): void {
    this.#socket.on(event, (...data: unknown[]) => {
      const acknowledge = data.pop();
      if (typeof acknowledge === 'function') acknowledge(respond(oneOrAll(data)));
    });
  }

  onDropped(handler: (reason: string) => void): void {
    this.#socket.once('disconnect', (reason) => {
      if (!this.#closing) handler(reason);
    });
  }

  close(): Promise<CloseOutcome | null> {
    this.#closing = true;
    return new Promise((resolve) => {
      const { engine } = this.#socket.io;
      if (engine.readyState === 'closed') {
        resolve(null);
        return;
      }
      setTimeout(resolve, 1000, null).unref();
      // Engine.IO is closed at once. The WebSocket under it closes when the server has answered.
      const { ws } = engine.transport as unknown as { readonly ws?: WebSocket };
      if (ws !== undefined) ws.once('close', (code, reason) => resolve(closeOutcome(code, reason)));
      else engine.once('close', () => resolve(null));
      this.#socket.disconnect();
    });
  }
}

function argumentsOf(data: unknown): readonly unknown[] {
  return data instanceof Arguments ? data.list : [data];
}

/** Most events have one argument; of several, the list. */
function oneOrAll(data: readonly unknown[]): unknown {
  return data.length > 1 ? data : data[0];
}
