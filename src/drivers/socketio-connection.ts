import type { Socket } from 'socket.io-client';
import type { WebSocket } from 'ws';
import { argumentsOf } from '../contract/mapping.ts';
import { engineBytesOf } from '../wire/socketio/engine.ts';
import { withoutOffset } from '../wire/socketio/offset.ts';
import { PACKET } from '../wire/socketio/packet.ts';
import type { RecoverableSession } from '../wire/socketio/recovery.ts';
import { type ConnectionDisturbance, DisturbableWs, disturbConnection } from './disturbance.ts';
import {
  type AnyHandler,
  type CloseOutcome,
  type Connection,
  type ConnectOptions,
  DEFAULT_FORGET_AFTER_MS,
  type MessageSize,
  type OnRead,
} from './driver.ts';
import type { ConnectionEnding } from './ending.ts';
import { whenResolved } from './envelope-exchange.ts';
import type { Namespaces } from './namespaces.ts';
import { closeOutcome } from './reason.ts';

/** What the client keeps to itself. */
interface OpenSocket {
  readonly nsp: string;
  readonly io: {
    readonly encoder: { encode(packet: object): ReadonlyArray<string | Buffer> };
    readonly engine: { readonly _maxPayload: unknown; readonly transport: { readonly name: string } };
  };
}

/** What the client knows of the session that a server can restore. */
interface RecoveringSocket {
  readonly nsp: string;
  readonly recovered: boolean;
  readonly _pid?: string;
  readonly _lastOffset?: string;
}

/** The engine of a client, whose WebSocket it keeps to itself. */
interface DisturbedManager {
  readonly engine: { readonly transport: { readonly ws?: WebSocket }; sendPacket(type: 'pong'): void };
}

/**
 * Calls a handler of every event in the namespace of a socket; the returned function stops. `asks`: the server asks for an
 * acknowledgement of the event.
 */
export function listenToAny(
  socket: Socket,
  namespaces: Namespaces,
  handler: (event: string, data: unknown, asks: boolean) => void,
): () => void {
  const { nsp } = socket as unknown as OpenSocket;
  const onEvent = (name: string, ...data: unknown[]) =>
    handler(namespaces.eventOf(nsp, name), receivedData(socket, data), typeof data.at(-1) === 'function');
  socket.onAny(onEvent);
  return () => void socket.offAny(onEvent);
}

/** One client of the official package, in its namespaces. */
export class SocketioConnection implements Connection {
  readonly #sockets: readonly Socket[];
  readonly #namespaces: Namespaces;
  readonly #ending: ConnectionEnding;
  readonly #forgetAfterMs: number;
  readonly #onRead: OnRead | undefined;
  readonly #isRestoring: boolean;
  #disturbable: DisturbableWs | null = null;

  /** `sockets`: one for each namespace. */
  constructor(
    sockets: readonly Socket[],
    namespaces: Namespaces,
    ending: ConnectionEnding,
    { forgetAfterMs = DEFAULT_FORGET_AFTER_MS, onRead, recovery = null }: ConnectOptions,
  ) {
    this.#sockets = sockets;
    this.#namespaces = namespaces;
    this.#ending = ending;
    this.#forgetAfterMs = forgetAfterMs;
    this.#onRead = onRead;
    this.#isRestoring = recovery !== null;
  }

  /** The client's end in the namespace of an event, and the name of the event there. */
  #placeOf(event: string): { readonly socket: Socket; readonly name: string } {
    const { namespace, name } = this.#namespaces.placeOf(event);
    const socket = this.#sockets[this.#namespaces.all.indexOf(namespace)];
    if (socket === undefined) throw new Error(`the client is not in the namespace ${namespace}`);
    return { socket, name };
  }

  emit(event: string, data: unknown): void {
    const { socket, name } = this.#placeOf(event);
    socket.emit(name, ...argumentsOf(data));
  }

  request(event: string, data: unknown, onReply: (reply: unknown) => void): void {
    const { socket, name } = this.#placeOf(event);
    // Without a timeout the client keeps what is never acknowledged.
    const timed = socket.timeout(this.#forgetAfterMs);
    timed.emit(name, ...argumentsOf(data), (error: Error | null, ...reply: unknown[]) => {
      if (error !== null) return;
      this.#onRead?.('reply', event, oneOrAll(reply));
      onReply(oneOrAll(reply));
    });
  }

  on(event: string, handler: (data: unknown) => void): () => void {
    const { socket, name } = this.#placeOf(event);
    const onEvent = (...data: unknown[]) => handler(receivedData(socket, data));
    socket.on(name, onEvent);
    return () => void socket.off(name, onEvent);
  }

  onAny(handler: AnyHandler): () => void {
    const stops = this.#sockets.map((socket) =>
      listenToAny(socket, this.#namespaces, (event, data) => handler(event, data)),
    );
    return () => {
      for (const stop of stops) stop();
    };
  }

  sizeOf(event: string, data: unknown): MessageSize | null {
    const { socket, name } = this.#placeOf(event);
    const { io: manager, nsp } = socket as unknown as OpenSocket;
    const { encoder, engine } = manager;
    const maxBytes = engine._maxPayload;
    if (typeof maxBytes !== 'number' || maxBytes <= 0) return null;
    const options = { compress: true };
    const packet = {
      type: PACKET.event,
      data: [name, ...argumentsOf(data)],
      options,
      nsp,
    };
    const isBase64 = engine.transport.name === 'polling';
    const sizes = encoder
      .encode(packet)
      .map((message) =>
        isBase64 && typeof message !== 'string'
          ? engineBytesOf(message.toString('base64'))
          : engineBytesOf(message),
      );
    return { messageBytes: Math.max(...sizes), maxBytes };
  }

  answer(event: string, respond: (data: unknown) => unknown): void {
    const { socket, name } = this.#placeOf(event);
    socket.on(name, (...data: unknown[]) => {
      const acknowledge = data.pop();
      if (typeof acknowledge !== 'function') return;
      whenResolved(respond(oneOrAll(data)), (answer) => acknowledge(...argumentsOf(answer)));
    });
  }

  onDropped(handler: (reason: string) => void): void {
    this.#ending.onDropped(handler);
  }

  session(): RecoverableSession | null {
    const sessions = this.#sockets.map((socket) => socket as unknown as RecoveringSocket);
    const known = sessions.flatMap(({ nsp, _pid: pid, _lastOffset: offset = null }) =>
      pid === undefined ? [] : [[nsp, { pid, offset }] as const],
    );
    if (known.length === 0) return null;
    const isRecovered = this.#isRestoring ? sessions.every(({ recovered }) => recovered) : null;
    return { recovery: Object.fromEntries(known), isRecovered };
  }

  disturb(disturbance: ConnectionDisturbance): () => void {
    const [first] = this.#sockets;
    if (first === undefined) return () => {};
    const { engine } = first.io as unknown as DisturbedManager;
    if (engine.transport.ws !== undefined) this.#disturbable ??= new DisturbableWs(engine.transport.ws);
    // The client watches the pings by itself, and gives the server up.
    return disturbConnection(this.#disturbable, this.#ending, disturbance, {
      leave: () => void this.close(),
      beat: () => engine.sendPacket('pong'),
    });
  }

  close(): Promise<CloseOutcome | null> {
    this.#ending.close();
    return new Promise((resolve) => {
      const [first] = this.#sockets;
      const engine = first?.io.engine;
      if (engine === undefined || engine.readyState === 'closed') {
        resolve(null);
        return;
      }
      setTimeout(resolve, 1000, null).unref();
      // Engine.IO is closed at once. The WebSocket under it closes when the server has answered.
      const { ws } = engine.transport as unknown as { readonly ws?: WebSocket };
      if (ws !== undefined) ws.once('close', (code, reason) => resolve(closeOutcome(code, reason)));
      else engine.once('close', () => resolve(null));
      for (const socket of this.#sockets) socket.disconnect();
    });
  }
}

/**
 * Leaves out what the client adds to the data of an event: the function that acknowledges it, or the offset that
 * connection state recovery appends.
 */
function receivedData(socket: Socket, data: readonly unknown[]): unknown {
  const { _pid: recoverable } = socket as unknown as { readonly _pid?: string };
  if (typeof data.at(-1) === 'function') return oneOrAll(data.slice(0, -1));
  return oneOrAll(recoverable === undefined ? data : withoutOffset(data));
}

/** Most events have one argument; of several, the list. */
export function oneOrAll(data: readonly unknown[]): unknown {
  return data.length > 1 ? data : data[0];
}
