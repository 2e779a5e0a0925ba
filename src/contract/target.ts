import { fail } from '../errors.ts';
import { type AskedReply, type Envelope, EVENT, type Payload, type Scope } from './protocol.ts';

/**
 * `socketio`: Socket.IO's protocol. `ws`: WebSocket messages that carry an envelope `{event, data}`. `http`: plain
 * requests that carry envelopes, for clients that poll.
 */
export const PROTOCOLS = ['socketio', 'ws', 'http'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/**
 * Engine.IO's two, `upgrade` from the second to the first, and the two ways to poll a server that knows nothing
 * of either: ask again after an interval, or ask and have the server wait with its answer.
 */
export const TRANSPORTS = ['websocket', 'polling', 'upgrade', 'short-polling', 'long-polling'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** Time between two requests of short polling by default. */
export const DEFAULT_POLL_INTERVAL_MS = 100;

/**
 * Checks that load may be sent to the host of a URL: this machine, or the host that --allow-remote names. Throws
 * REMOTE_TARGET.
 */
export function requireAllowedHost({ hostname }: URL, allowRemote: string | null): void {
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
  if (isLoopback || hostname === allowRemote) return;
  fail(
    'REMOTE_TARGET',
    `${hostname} is not this machine; load on a machine without the consent of its owner is an attack`,
    `If the owner agrees, add --allow-remote ${hostname}.`,
  );
}

/** TLS of `https:` and `wss:`: PEM texts, as Node's tls.connect takes them. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  /** False accepts a certificate that nobody vouches for. */
  readonly rejectUnauthorized?: boolean;
}

/** How the envelopes of a raw WebSocket server become messages: text for strings, binary for bytes. */
export interface FrameCodec {
  readonly encode: (envelope: Envelope) => string | Uint8Array;
  /** Null for a message that is none of ours; may throw for it. */
  readonly decode: (message: Buffer, isBinary: boolean) => Envelope | null;
}

/** Several arguments of one Socket.IO event: `socket.emit('message', room, text)`. */
export class Arguments {
  readonly list: readonly unknown[];

  constructor(list: readonly unknown[]) {
    this.list = list;
  }
}

/** One virtual user as a target sees it. */
export interface Client {
  /** From 0. */
  readonly number: number;
  /** What the target gives this client: a row of its CSV file, or what its function returned. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** An event that a client sends. */
export interface OutgoingEvent {
  readonly event: string;
  /** One argument, or {@link Arguments}. */
  readonly data?: unknown;
  /**
   * How the server shows that it has taken it: by an acknowledgement, by an event of this name, or not at all.
   * Acknowledgement for joining and requests, not at all for publishing, unless given. The acknowledgement of a
   * published message is timed in the series `ack`; an event in reply to one is not looked at.
   */
  readonly reply?: 'acknowledgement' | 'none' | { readonly event: string };
}

/** A request by which a message is published, as many applications do; the sender's connection is not used. */
export interface OutgoingRequest {
  /** Absolute, or relative to the target's URL. */
  readonly url: string;
  /** POST unless given. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text or bytes as they are; anything else as JSON. */
  readonly body?: unknown;
}

/** Where one of our payloads sits in what a server sends. */
export interface IncomingEvent {
  readonly event: string | readonly string[];
  /** Takes it out of the data; without it, our stamp is looked for anywhere in the data. */
  readonly payload?: (data: unknown) => unknown;
}

/** How operations become events of the server under test, and what comes back. What is left out cannot be asked for. */
export interface Mapping {
  readonly join?: (join: {
    readonly rooms: readonly string[];
    readonly client: Client;
  }) => OutgoingEvent | readonly OutgoingEvent[];
  readonly publish?: (message: {
    readonly payload: Payload;
    readonly scope: Scope;
    readonly room: string | null;
    readonly client: Client;
  }) => OutgoingEvent | OutgoingRequest;
  /** By which a published message arrives. */
  readonly delivery?: IncomingEvent;
  readonly request?: (message: { readonly payload: Payload; readonly client: Client }) => OutgoingEvent;
  /**
   * Takes our payload out of the reply to a request. Without it, the payload is looked for, and an acknowledgement
   * may do without.
   */
  readonly reply?: (data: unknown) => unknown;
  readonly echo?: (message: { readonly payload: Payload; readonly client: Client }) => OutgoingEvent;
  readonly echoed?: IncomingEvent;
  /** Asks for `count` replies; the k-th carries our payload and its number, from 1. */
  readonly streamRequest?: (message: {
    readonly payload: Payload;
    readonly count: number;
    readonly client: Client;
  }) => OutgoingEvent;
  readonly streamed?: {
    readonly event: string;
    /** `payload` undefined when replies do not say to what they belong: then they are taken to come in order. */
    readonly read: (data: unknown) => { readonly item: number; readonly payload?: unknown };
  };
  /** Acknowledged with an {@link AskedReply} after the server has asked and the client has answered. */
  readonly askMe?: (message: { readonly payload: Payload; readonly client: Client }) => OutgoingEvent;
  readonly asked?: {
    /** The event by which the server asks; the client answers with the same data. */
    readonly event: string;
    readonly read: (reply: unknown) => AskedReply | null;
  };
  /** What the server pushes on its own. Everything with the same key is one push to all clients. */
  readonly observe?: { readonly event: string; readonly key: (data: unknown) => string | number };
  /** Acknowledged with the number of the process that serves the client. */
  readonly node?: () => OutgoingEvent;
}

/** The chat application of the seeds: what every reference server speaks. */
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
