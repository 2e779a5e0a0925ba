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
import { KnownSessions, type SessionRecovery } from './recovery.ts';

/** What a server that refuses a client says. */
export interface RefusedEntry {
  readonly namespace: string;
  readonly message: string;
  /** Undefined where the server sends none. */
  readonly data: unknown;
}

/** What happens to a client in its namespaces. Methods are called on the object of the connection. */
export interface SessionHandlers {
  /** Sends a message of Engine.IO. */
  sendMessage(message: PacketMessage): void;
  /** The client is in all of its namespaces. */
  onConnected(arrival: Arrival): void;
  /** The server refuses the client, or ends one that was connected with an error packet. */
  onRefused(refusal: RefusedEntry, wasConnected: boolean): void;
  /** `id` is the number to acknowledge; null when the server expects no acknowledgement. */
  onEvent(
    namespace: string,
    name: string,
    args: readonly unknown[],
    id: number | null,
    arrival: Arrival,
  ): void;
  onAck(id: number, args: readonly unknown[], arrival: Arrival): void;
  /** The server has ended the client in one of its namespaces. */
  onDisconnected(namespace: string): void;
  /** The server sent what is no packet, or what no server of this version sends; with the reason. */
  onProblem(reason: string): void;
}

/** A namespace that a client enters. */
export interface EnteredNamespace {
  readonly namespace: string;
  isConnected: boolean;
  /** Whether the server recovers the state of connections, and so adds an offset to what it broadcasts. */
  isRecoverable: boolean;
}

/** One client in its namespaces of Socket.IO 5, over messages that somebody else carries. */
export class SocketioSession {
  readonly entered: readonly EnteredNamespace[];
  readonly #codec: PacketCodec;
  readonly #handlers: SessionHandlers;
  readonly sessions: KnownSessions;
  /** Takes events that came before the client was connected; null for none. */
  #early: Array<() => void> | null = null;

  constructor(
    namespaces: readonly string[],
    codec: PacketCodec,
    handlers: SessionHandlers,
    recovery?: SessionRecovery | null,
  ) {
    this.sessions = new KnownSessions(recovery);
    this.entered = namespaces.map((namespace) => ({ namespace, isConnected: false, isRecoverable: false }));
    this.#codec = codec;
    this.#handlers = handlers;
  }

  /** Whether the client is in all of its namespaces. */
  get isConnected(): boolean {
    return this.entered.every(({ isConnected }) => isConnected);
  }

  /** Whether the next text message may be an event. */
  get takesEvents(): boolean {
    return this.isConnected && !this.#codec.isWaiting();
  }

  /** Enters the namespaces; `auth` is for the server, null for none. */
  enter(auth: Readonly<Record<string, unknown>> | null): void {
    for (const { namespace } of this.entered) {
      const data = this.sessions.entryOf(namespace, auth);
      this.#send({ type: PACKET.connect, namespace, id: null, data });
    }
  }

  /** Leaves the namespaces. */
  leave(): void {
    for (const entry of this.entered) {
      const { namespace } = entry;
      if (entry.isConnected) this.#send({ type: PACKET.disconnect, namespace, id: null, data: null });
      entry.isConnected = false;
    }
  }

  /** Sends an event; with an `id`, it asks for an acknowledgement. Throws an Error for a reserved name. */
  emit(namespace: string, name: string, args: readonly unknown[], id: number | null): void {
    if (RESERVED_EVENTS.has(name)) throw new Error(`"${name}" is a reserved event name`);
    this.#send({ type: PACKET.event, namespace, id, data: [name, ...args] });
  }

  acknowledge(namespace: string, id: number, args: readonly unknown[]): void {
    this.#send({ type: PACKET.ack, namespace, id, data: args });
  }

  /** The messages of Engine.IO that an event becomes. */
  messagesOf(namespace: string, name: string, args: readonly unknown[]): readonly PacketMessage[] {
    return this.#codec.encode({ type: PACKET.event, namespace, id: null, data: [name, ...args] });
  }

  #send(packet: Packet): void {
    for (const message of this.#codec.encode(packet)) this.#handlers.sendMessage(message);
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
    const entry = this.entered.find(({ namespace }) => namespace === packet?.namespace);
    if (packet !== null && entry !== undefined) this.#handle(packet, entry, arrival);
  }

  #handle(packet: Packet, entry: EnteredNamespace, arrival: Arrival): void {
    const { type, namespace, id, data } = packet;
    const handlers = this.#handlers;
    switch (type) {
      case PACKET.connect:
        this.#takeConnect(entry, data, arrival);
        break;
      case PACKET.disconnect:
        entry.isConnected = false;
        handlers.onDisconnected(namespace);
        break;
      case PACKET.event:
        if (this.isConnected) this.#takeEvent(entry, packet, arrival);
        else this.#keepEarly(entry, packet, arrival);
        break;
      case PACKET.ack:
        if (id !== null) handlers.onAck(id, data as readonly unknown[], arrival);
        break;
      case PACKET.connectError:
        handlers.onRefused({ namespace, ...readRefusal(data) }, entry.isConnected);
        entry.isConnected = false;
        break;
    }
  }

  #takeEvent({ namespace, isRecoverable }: EnteredNamespace, { id, data }: Packet, arrival: Arrival): void {
    const [name, ...args] = data as readonly unknown[];
    if (isRecoverable) this.sessions.noteOffset(namespace, args.at(-1));
    const own = isRecoverable && id === null ? withoutOffset(args) : args;
    this.#handlers.onEvent(namespace, String(name), own, id, arrival);
  }

  /** A server that restores a session sends what was missed before it says that the client is connected. */
  #keepEarly(entry: EnteredNamespace, event: Packet, arrival: Arrival): void {
    const arrived = { ...arrival };
    this.#early ??= [];
    this.#early.push(() => this.#takeEvent(entry, event, arrived));
  }

  #takeConnect(entry: EnteredNamespace, data: unknown, arrival: Arrival): void {
    const { sid, pid } = (data ?? {}) as { readonly sid?: unknown; readonly pid?: unknown };
    if (!sid) {
      this.#handlers.onProblem('the server speaks Socket.IO v2.x, the client version 3 or 4');
      return;
    }
    entry.isRecoverable = Boolean(pid);
    entry.isConnected = true;
    this.sessions.note(entry.namespace, pid);
    if (!this.isConnected) return;
    this.#handlers.onConnected(arrival);
    const early = this.#early ?? [];
    this.#early = null;
    for (const take of early) take();
  }
}

/**
 * Reads a text message of Engine.IO that is an event of a namespace, as a session does that is connected: for what may be
 * known without one. Null for any other packet. What is none throws an Error.
 */
export function readEvent(
  text: string,
  entered: readonly EnteredNamespace[],
): { readonly namespace: string; readonly name: string; readonly args: readonly unknown[] } | null {
  const packet = jsonPackets().take(text);
  if (packet === null || packet.type !== PACKET.event || packet.id !== null) return null;
  const { namespace } = packet;
  const entry = entered.find((each) => each.namespace === namespace);
  if (entry === undefined) return null;
  const [name, ...args] = packet.data as readonly unknown[];
  return { namespace, name: String(name), args: entry.isRecoverable ? withoutOffset(args) : args };
}

function readRefusal(refused: unknown): Omit<RefusedEntry, 'namespace'> {
  if (typeof refused === 'string') return { message: refused, data: undefined };
  const { message, data } = refused as { readonly message?: unknown; readonly data?: unknown };
  return { message: typeof message === 'string' ? message : '', data };
}
