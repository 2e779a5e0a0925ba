import { type AskedReply, type Envelope, EVENT, type Payload, type Scope } from './wire.ts';

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

/** An event and what it carries. */
export interface OutgoingEvent {
  readonly event: string;
  /** One argument, or {@link Arguments}. */
  readonly data: unknown;
}

/** Several arguments of one Socket.IO event: `socket.emit('message', room, text)`. */
export class Arguments {
  readonly list: readonly unknown[];

  constructor(list: readonly unknown[]) {
    this.list = list;
  }
}

/** How operations become events of the server under test, and what comes back. */
export interface Mapping {
  /** Acknowledged when the client is in. */
  readonly join: (rooms: readonly string[]) => OutgoingEvent;
  readonly publish: (payload: Payload, scope: Scope, room: string | null) => OutgoingEvent;
  /** The event by which a published message arrives; its data is the payload. */
  readonly deliveryEvent: string;
  /** Acknowledged with the payload. */
  readonly request: (payload: Payload) => OutgoingEvent;
  /** Acknowledged with an {@link AskedReply} after the server has asked and the client has answered. */
  readonly askMe: (payload: Payload) => OutgoingEvent;
  /** The event by which the server asks; the client answers with the same data. */
  readonly askEvent: string;
  readonly askedReply: (reply: unknown) => AskedReply | null;
}

/** The chat application of the seeds: what every reference server speaks. */
export const chatMapping: Mapping = {
  join: (rooms) => ({ event: EVENT.enterChat, data: rooms }),
  publish: (message, scope, room) => ({
    event: EVENT.sendMessage,
    data: room === null ? { message, scope } : { message, scope, chatId: room },
  }),
  deliveryEvent: EVENT.receiveMessage,
  request: (payload) => ({ event: EVENT.hello, data: payload }),
  askMe: (payload) => ({ event: EVENT.askMe, data: payload }),
  askEvent: EVENT.hello,
  askedReply: (reply) =>
    typeof reply === 'object' && reply !== null && 'answer' in reply && 'roundTripNs' in reply
      ? (reply as AskedReply)
      : null,
};
