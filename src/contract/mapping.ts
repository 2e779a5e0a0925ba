import { type AskedReply, EVENT, type Payload, type Scope } from './protocol.ts';
import type { Client } from './target.ts';

/** Several arguments of one Socket.IO event: `socket.emit('message', room, text)`. */
export class Arguments {
  readonly list: readonly unknown[];

  constructor(list: readonly unknown[]) {
    this.list = list;
  }

  /** Envelopes have one `data`: the list. */
  toJSON(): readonly unknown[] {
    return this.list;
  }
}

/** The arguments of an event or an acknowledgement that a client sends: none without data. */
export function argumentsOf(data: unknown): readonly unknown[] {
  if (data === undefined) return [];
  return data instanceof Arguments ? data.list : [data];
}

/** An event that a client sends. */
export interface OutgoingEvent {
  /** The name of the event. */
  readonly event: string;
  /** One argument, or {@link Arguments}. Without it, the event has no argument. */
  readonly data?: unknown;
  /**
   * How the server confirms the event: by an acknowledgement, by an event of this name, or not at all. The default is
   * an acknowledgement for joining and requests, and none for publishing. The reply to a published message is recorded
   * in the series `ack`.
   */
  readonly reply?: 'acknowledgement' | 'none' | ReplyEvent;
}

/** An event that replies to another one of the same client. */
export interface ReplyEvent {
  /** The name of the event. */
  readonly event: string;
  /**
   * Reads the `id` that the function of the target was called with, as number or text. Without it, a reply belongs to
   * the message whose payload it contains, and a reply without a payload to the oldest message without a reply.
   */
  readonly id?: (data: unknown) => unknown;
}

/** The event with which the server refuses a message of the client that receives it. */
export interface RefusalEvent {
  /** The name of the event, or a list of names. */
  readonly event: string | readonly string[];
  /**
   * Why; null for an event that refuses nothing. Without it, the `reason`, `message`, `error` or `code` of the data; where
   * the event is also that of deliveries or replies, only data that are a rejection by `reply` without a function.
   */
  readonly reason?: (data: unknown) => string | null;
  /**
   * Extracts the payload of the refused message. Without it, the payload is searched in the whole data. Without a
   * payload, the refused message is the oldest one of the client that has neither been acknowledged nor come back; the
   * last one that it sent where neither is expected.
   */
  readonly payload?: (data: unknown) => unknown;
}

/** An HTTP request that publishes a message. The connection of the sender is not used. */
export interface OutgoingRequest {
  /** Absolute, or relative to the URL of the target. */
  readonly url: string;
  /** POST by default. */
  readonly method?: string;
  /** Added to those of the client. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Text and bytes are sent unchanged, anything else as JSON. */
  readonly body?: unknown;
}

/** An event that carries a payload of sockbench. */
export interface IncomingEvent {
  /** The name of the event, or a list of names. */
  readonly event: string | readonly string[];
  /** Extracts the payload from the data. Without it, the stamp is searched in the whole data. */
  readonly payload?: (data: unknown) => unknown;
  /** The acknowledgement where the server asks for one: a value, {@link Arguments}, or a function of the data. */
  readonly acknowledge?: ((data: unknown) => unknown) | string | number | boolean | object | null;
}

/** The value of a function that may be async. */
export type Awaitable<T> = T | Promise<T>;

type EventOf<Fields> = (of: Fields & { readonly client: Client }) => Awaitable<OutgoingEvent>;
type EventOfPayload = EventOf<{
  readonly payload: Payload;
  /** Number of the message among those of the client, from 1, for {@link ReplyEvent.id}. */
  readonly id: number;
}>;

/** Maps operations to events of the server under test, and its events to replies. Each scenario needs some of them. */
export interface Mapping {
  /** The names of the rooms `room-0`, `room-1` and so on, as `join` and `publish` get them. Each must differ. */
  readonly rooms?: (number: number) => string;
  readonly join?: (join: {
    readonly rooms: readonly string[];
    readonly client: Client;
  }) => Awaitable<OutgoingEvent | readonly OutgoingEvent[]>;
  readonly publish?: (message: {
    readonly payload: Payload;
    readonly scope: Scope;
    readonly room: string | null;
    /** The client that the message is for, where it is a direct message; null otherwise. */
    readonly to: Client | null;
    readonly client: Client;
    /** As that of `request`. */
    readonly id: number;
  }) => Awaitable<OutgoingEvent | OutgoingRequest>;
  /**
   * True where the server changes payloads intentionally: shortens, extends or encodes them behind the timestamp. They are
   * then not compared with what was sent.
   */
  readonly changesPayload?: boolean;
  /**
   * The event with which a published message arrives. With `droppable`, the server may leave receivers out intentionally, as
   * Socket.IO does with volatile events: such deliveries are dropped, not lost.
   */
  readonly delivery?: IncomingEvent & { readonly droppable?: boolean };
  readonly request?: EventOfPayload;
  /**
   * Reads the reply to a request or a published message, which was sent as `event`. It returns the payload, as text, bytes
   * or an object that may contain it, or null to accept the reply without it. What it throws, or returns as `new Rejected(reason)`, is why the server rejected the
   * message. Where it returns nothing, or is not declared, the payload is searched in the whole reply, and an object with
   * a truthy `error` or `errors`, `ok: false` or `success: false` is a rejection.
   */
  readonly reply?: (data: unknown, event: string) => unknown;
  /** The event with which the server refuses what a client sent. */
  readonly refused?: RefusalEvent;
  readonly echo?: EventOfPayload;
  readonly echoed?: IncomingEvent;
  /** Requests `count` replies; the k-th carries the payload and its number k, from 1. */
  readonly streamRequest?: EventOf<{ readonly payload: Payload; readonly count: number }>;
  readonly streamed?: {
    readonly event: string;
    /** Without `payload`, replies are assumed to arrive in the order of their requests. */
    readonly read: (data: unknown) => { readonly item: number; readonly payload?: unknown };
  };
  /** Makes the server ask the client; acknowledged after the client has answered. */
  readonly askMe?: EventOfPayload;
  readonly asked?: {
    /** The event with which the server asks; the client answers with the same data. */
    readonly event: string;
    readonly read: (reply: unknown) => AskedReply | null;
  };
  /**
   * What the server pushes on its own. Events with the same key are one push to all clients; without `key`, each event
   * is a push to one client. `sentAt` returns when the server sent it, by the wall clock of this host: seconds to
   * nanoseconds since 1970, ISO 8601 text or a Date.
   */
  readonly observe?: {
    readonly event: string | readonly string[];
    readonly key?: (data: unknown) => string | number;
    readonly sentAt?: (data: unknown) => number | bigint | string | Date;
  };
  /** Asks for the number of the process that serves the client, which is the acknowledgement. */
  readonly node?: () => Awaitable<OutgoingEvent>;
}

/** The events of the reference servers. */
export const chat = {
  join: ({ rooms }) => ({ event: EVENT.enterChat, data: rooms }),
  publish: ({ payload, scope, room }) => ({
    event: EVENT.sendMessage,
    data: room === null ? { message: payload, scope } : { message: payload, scope, chatId: room },
  }),
  delivery: { event: EVENT.receiveMessage, payload: (data) => data },
  request: ({ payload }) => ({ event: EVENT.hello, data: payload }),
  reply: (data) => data,
  echo: ({ payload }) => ({ event: EVENT.echo, data: payload }),
  echoed: { event: EVENT.echo, payload: (data) => data },
  streamRequest: ({ payload, count }) => ({
    event: EVENT.events,
    data: { message: payload, count },
    reply: 'none',
  }),
  streamed: {
    event: EVENT.events,
    read: (data) => {
      if (typeof data !== 'object' || data === null || !('item' in data)) return { item: Number(data) };
      return { item: Number(data.item), payload: 'message' in data ? data.message : undefined };
    },
  },
  askMe: ({ payload }) => ({ event: EVENT.askMe, data: payload }),
  asked: {
    event: EVENT.hello,
    read: (reply) =>
      typeof reply === 'object' && reply !== null && 'answer' in reply && 'roundTripNs' in reply
        ? (reply as AskedReply)
        : null,
  },
  node: () => ({ event: EVENT.whichNode, data: null }),
} as const satisfies Mapping;
