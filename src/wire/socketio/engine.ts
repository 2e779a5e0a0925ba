import { messageOf } from '../../errors.ts';
import { handleArrived, realTimers } from '../../measure/timers.ts';
import type { Arrival } from '../sockets/stream.ts';

/**
 * Packets of the Engine.IO protocol, version 4, over WebSocket: a text message is a type and what follows it, a binary
 * message is a message of the protocol above. Source: https://github.com/socketio/engine.io-protocol, version 4.
 */
export const ENGINE_TYPE = {
  open: '0',
  close: '1',
  ping: '2',
  pong: '3',
  message: '4',
  upgrade: '5',
  noop: '6',
} as const;
const MESSAGE_TYPE = ENGINE_TYPE.message.charCodeAt(0);
const KNOWN_TYPES: ReadonlySet<string> = new Set(Object.values(ENGINE_TYPE));

/** How many bytes a message of the protocol above has as a WebSocket message. */
export function engineBytesOf(message: string | Uint8Array): number {
  return typeof message === 'string'
    ? ENGINE_TYPE.message.length + Buffer.byteLength(message)
    : message.byteLength;
}

/** The message of the protocol above that a text message is; null where it is another packet. */
export function messageOfText(text: string): string | null {
  return text.startsWith(ENGINE_TYPE.message) ? text.slice(ENGINE_TYPE.message.length) : null;
}

/** What the server says in its open packet. */
export interface EngineOpen {
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  /** The largest message that the server takes; null when it does not say. */
  readonly maxPayloadBytes: number | null;
}

/**
 * Why a connection cannot go on: the first message is no open packet, a later one is no packet, or the server has stopped
 * its pings.
 */
export type EngineProblem =
  | { readonly kind: 'no open packet' }
  | { readonly kind: 'bad packet'; readonly problem: string }
  | { readonly kind: 'ping timeout' };

/** What happens on a connection of Engine.IO. Methods are called on the object of the connection. */
export interface EngineHandlers {
  /** Sends a WebSocket message. */
  sendText(text: string): void;
  onEngineOpen(open: EngineOpen): void;
  /** A message of the protocol above; bytes are valid during the call only. */
  onEngineMessage(kind: 'text' | 'binary', bytes: Buffer, arrival: Arrival): void;
  /** Called once; nothing is read afterwards. */
  onEngineProblem(problem: EngineProblem): void;
}

/** The longest timer of Node.js. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** One connection of Engine.IO, over messages that somebody else carries. */
export class EngineSession {
  readonly #handlers: EngineHandlers;
  /** Null before the open packet. */
  #open: EngineOpen | null = null;
  #isOver = false;
  #heartbeat: NodeJS.Timeout | null = null;
  #pings = 0;

  constructor(handlers: EngineHandlers) {
    this.#handlers = handlers;
  }

  /** What the server has said; null before its open packet. */
  get open(): EngineOpen | null {
    return this.#open;
  }

  /** Sends a message of the protocol above as text. */
  send(text: string): void {
    this.#handlers.sendText(`${ENGINE_TYPE.message}${text}`);
  }

  /** Takes a WebSocket message of the server. */
  receive(kind: 'text' | 'binary', bytes: Buffer, arrival: Arrival): void {
    if (this.#isOver) return;
    if (this.#open !== null && (kind === 'binary' || bytes[0] === MESSAGE_TYPE)) {
      this.#handlers.onEngineMessage(kind, kind === 'binary' ? bytes : bytes.subarray(1), arrival);
    } else if (kind === 'binary') {
      this.#end({ kind: 'no open packet' });
    } else {
      this.#takePacket(bytes.toString('utf8'));
    }
  }

  /** Does not give the server up for pings that the client does not read, until the returned function is called. */
  pauseWatch(): () => void {
    if (this.#heartbeat !== null) clearTimeout(this.#heartbeat);
    return () => {
      if (this.#open !== null && !this.#isOver) this.#watchPings(this.#open);
    };
  }

  /** Sends a pong that no ping has asked for. */
  pong(): void {
    if (!this.#isOver) this.#handlers.sendText(ENGINE_TYPE.pong);
  }

  /** Stops watching the pings. */
  end(): void {
    this.#isOver = true;
    if (this.#heartbeat !== null) clearTimeout(this.#heartbeat);
  }

  #takePacket(packet: string): void {
    const type = packet.slice(0, 1);
    if (type === ENGINE_TYPE.open) this.#takeOpen(packet.slice(1));
    else if (this.#open === null) this.#end({ kind: 'no open packet' });
    else if (!KNOWN_TYPES.has(type)) this.#end({ kind: 'bad packet', problem: 'unknown packet type' });
    else if (type === ENGINE_TYPE.ping) {
      this.#handlers.sendText(ENGINE_TYPE.pong);
      this.#pings += 1;
      this.#heartbeat?.refresh();
    }
    // A noop has no meaning here, and a close packet announces the end of the connection, which follows.
  }

  #takeOpen(json: string): void {
    const isFirst = this.#open === null;
    try {
      this.#open = readOpen(json);
    } catch (error) {
      this.#end(isFirst ? { kind: 'no open packet' } : { kind: 'bad packet', problem: messageOf(error) });
      return;
    }
    this.#watchPings(this.#open);
    if (isFirst) this.#handlers.onEngineOpen(this.#open);
  }

  /** The server sends a ping after each interval, and is given up when it is late by the timeout. */
  #watchPings({ pingIntervalMs, pingTimeoutMs }: EngineOpen): void {
    if (this.#heartbeat !== null) clearTimeout(this.#heartbeat);
    this.#heartbeat = setTimeout(() => void this.#giveUp(), pingIntervalMs + pingTimeoutMs);
  }

  /** A process that was held up finds the ping among what has arrived meanwhile. */
  async #giveUp(): Promise<void> {
    const pings = this.#pings;
    await handleArrived(realTimers);
    if (this.#pings === pings) this.#end({ kind: 'ping timeout' });
  }

  #end(problem: EngineProblem): void {
    if (this.#isOver) return;
    this.end();
    this.#handlers.onEngineProblem(problem);
  }
}

/** The times of pings in an open packet, in milliseconds. */
interface PingTimes {
  readonly pingInterval: number;
  readonly pingTimeout: number;
}

/** Throws an Error for the times of an open packet that are none, or that no timer can hold. */
export function requirePingTimes(
  open: Readonly<Record<keyof PingTimes, unknown>>,
): asserts open is PingTimes {
  const { pingInterval, pingTimeout } = open;
  const areNumbers = typeof pingInterval === 'number' && typeof pingTimeout === 'number';
  const timerMs = areNumbers ? pingInterval + pingTimeout : Number.NaN;
  if (timerMs > 0 && timerMs <= MAX_TIMER_MS) return;
  throw new Error('the open packet has no valid times of pings');
}

/** Reads an open packet. Throws an Error for one that is none, or whose times no timer can hold. */
function readOpen(json: string): EngineOpen {
  const open: unknown = JSON.parse(json);
  if (typeof open !== 'object' || open === null) throw new Error('the open packet is not an object');
  const { pingInterval, pingTimeout, maxPayload } = open as Readonly<Record<string, unknown>>;
  const times = { pingInterval, pingTimeout };
  requirePingTimes(times);
  const isLimit = typeof maxPayload === 'number' && maxPayload > 0;
  return {
    pingIntervalMs: times.pingInterval,
    pingTimeoutMs: times.pingTimeout,
    maxPayloadBytes: isLimit ? maxPayload : null,
  };
}
