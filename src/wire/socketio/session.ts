import { messageOf } from '../../errors.ts';
import type { Arrival } from '../sockets/stream.ts';
import { withoutOffset } from './offset.ts';
import {
  jsonPackets,
  PACKET,
  type Packet,
  type PacketCodec,
  type PacketMessage,
  RESERVED_EVENTS,
} from './packet.ts';

/** What a server that refuses a client says. */
export interface RefusedEntry {
  readonly message: string;
  /** Undefined where the server sends none. */
  readonly data: unknown;
}

/** What happens to a client in its namespace. Methods are called on the object of the connection. */
export interface SessionHandlers {
  /** Sends a message of Engine.IO. */
  sendMessage(message: PacketMessage): void;
  /** The client is in its namespace. */
  onConnected(arrival: Arrival): void;
  /** The server refuses the client, or ends one that was connected with an error packet. */
  onRefused(refusal: RefusedEntry, wasConnected: boolean): void;
  /** `id` is the number to acknowledge; null when the server expects no acknowledgement. */
  onEvent(name: string, args: readonly unknown[], id: number | null, arrival: Arrival): void;
  onAck(id: number, args: readonly unknown[], arrival: Arrival): void;
  /** The server has ended the client. */
  onDisconnected(): void;
  /** The server sent what is no packet, or what no server of this version sends; with the reason. */
  onProblem(reason: string): void;
}

/** One client in one namespace of Socket.IO 5, over messages that somebody else carries. */
export class SocketioSession {
  readonly #namespace: string;
  readonly #codec: PacketCodec;
  readonly #handlers: SessionHandlers;
  #isConnected = false;
  /** Whether the server recovers the state of connections, and so adds an offset to what it broadcasts. */
  #isRecoverable = false;

  constructor(namespace: string, codec: PacketCodec, handlers: SessionHandlers) {
    this.#namespace = namespace;
    this.#codec = codec;
    this.#handlers = handlers;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Whether the server recovers the state of connections. */
  get isRecoverable(): boolean {
    return this.#isRecoverable;
  }

  /** Whether the next text message may be an event. */
  get takesEvents(): boolean {
    return this.#isConnected && !this.#codec.isWaiting();
  }

  /** Enters the namespace; `auth` is for the server, null for none. */
  enter(auth: Readonly<Record<string, unknown>> | null): void {
    this.#send(PACKET.connect, null, auth);
  }

  /** Leaves the namespace. */
  leave(): void {
    if (this.#isConnected) this.#send(PACKET.disconnect, null, null);
    this.#isConnected = false;
  }

  /** Sends an event; with an `id`, it asks for an acknowledgement. Throws an Error for a reserved name. */
  emit(name: string, args: readonly unknown[], id: number | null): void {
    if (RESERVED_EVENTS.has(name)) throw new Error(`"${name}" is a reserved event name`);
    this.#send(PACKET.event, id, [name, ...args]);
  }

  acknowledge(id: number, args: readonly unknown[]): void {
    this.#send(PACKET.ack, id, args);
  }

  /** The messages of Engine.IO that an event becomes. */
  messagesOf(name: string, args: readonly unknown[]): readonly PacketMessage[] {
    return this.#codec.encode({
      type: PACKET.event,
      namespace: this.#namespace,
      id: null,
      data: [name, ...args],
    });
  }

  #send(type: number, id: number | null, data: unknown): void {
    for (const message of this.#codec.encode({ type, namespace: this.#namespace, id, data })) {
      this.#handlers.sendMessage(message);
    }
  }

  /** Takes a message of Engine.IO. */
  receive(kind: 'text' | 'binary', bytes: Buffer, arrival: Arrival): void {
    let packet: Packet | null;
    try {
      // The bytes are lent, and the data of the packet may refer to them.
      packet = this.#codec.take(kind === 'text' ? bytes.toString('utf8') : Buffer.from(bytes));
    } catch (error) {
      this.#handlers.onProblem(`parse error (${messageOf(error)})`);
      return;
    }
    if (packet !== null && packet.namespace === this.#namespace) this.#handle(packet, arrival);
  }

  #handle({ type, id, data }: Packet, arrival: Arrival): void {
    const handlers = this.#handlers;
    switch (type) {
      case PACKET.connect:
        this.#takeConnect(data, arrival);
        break;
      case PACKET.disconnect:
        this.#isConnected = false;
        handlers.onDisconnected();
        break;
      case PACKET.event: {
        const [name, ...args] = data as readonly unknown[];
        // What comes before the client is connected has no handler.
        if (this.#isConnected) {
          const own = this.#isRecoverable && id === null ? withoutOffset(args) : args;
          handlers.onEvent(String(name), own, id, arrival);
        }
        break;
      }
      case PACKET.ack:
        if (id !== null) handlers.onAck(id, data as readonly unknown[], arrival);
        break;
      case PACKET.connectError:
        handlers.onRefused(readRefusal(data), this.#isConnected);
        this.#isConnected = false;
        break;
    }
  }

  #takeConnect(data: unknown, arrival: Arrival): void {
    const { sid, pid } = (data ?? {}) as { readonly sid?: unknown; readonly pid?: unknown };
    if (!sid) {
      this.#handlers.onProblem('the server speaks Socket.IO v2.x, the client version 3 or 4');
      return;
    }
    this.#isRecoverable = Boolean(pid);
    this.#isConnected = true;
    this.#handlers.onConnected(arrival);
  }
}

/**
 * Reads a text message of Engine.IO that is an event of a namespace, as a session does that is connected: for what may be
 * known without one. Null for any other packet. What is none throws an Error.
 */
export function readEvent(
  text: string,
  namespace: string,
  isRecoverable: boolean,
): { readonly name: string; readonly args: readonly unknown[] } | null {
  const packet = jsonPackets().take(text);
  if (packet === null || packet.type !== PACKET.event) return null;
  if (packet.namespace !== namespace || packet.id !== null) return null;
  const [name, ...args] = packet.data as readonly unknown[];
  return { name: String(name), args: isRecoverable ? withoutOffset(args) : args };
}

function readRefusal(refused: unknown): RefusedEntry {
  if (typeof refused === 'string') return { message: refused, data: undefined };
  const { message, data } = refused as { readonly message?: unknown; readonly data?: unknown };
  return { message: typeof message === 'string' ? message : '', data };
}
