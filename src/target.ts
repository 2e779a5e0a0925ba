import { type AskedReply, EVENT, type Payload, type Scope } from './wire.ts';

/** `socketio`: Socket.IO's protocol. `ws`: WebSocket messages that carry an envelope `{event, data}`. */
export const PROTOCOLS = ['socketio', 'ws'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

export const TRANSPORTS = ['websocket', 'polling'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** An event and what it carries. */
export interface OutgoingEvent {
  readonly event: string;
  readonly data: unknown;
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
