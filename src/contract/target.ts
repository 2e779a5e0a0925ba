import { fail } from '../errors.ts';
import type { ClientEnvelope } from './protocol.ts';

/**
 * What a server speaks. `socketio`: the Socket.IO protocol. `ws`: WebSocket messages that carry an envelope
 * `{event, data}`. `http`: plain requests that carry envelopes, for clients that poll.
 */
export const PROTOCOLS = ['socketio', 'ws', 'http'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/**
 * How clients connect: the two transports of Engine.IO, `upgrade` from polling to WebSocket, and two ways to poll over
 * plain HTTP. Short polling asks again after an interval; long polling lets the server wait with its answer.
 */
export const TRANSPORTS = ['websocket', 'polling', 'upgrade', 'short-polling', 'long-polling'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** Time between two requests of short polling by default. */
export const DEFAULT_POLL_INTERVAL_MS = 100;

/** TLS of `https:` and `wss:`, with PEM texts, as the options of Node's tls.connect. */
export interface TlsOptions {
  /** Certificates of the authorities that are trusted. */
  readonly ca?: string;
  /** Certificate of the clients. */
  readonly cert?: string;
  /** Private key of the clients. */
  readonly key?: string;
  /** Name that the certificate of the server must have; by default the host of the URL. */
  readonly servername?: string;
  /** False accepts a self-signed certificate. */
  readonly rejectUnauthorized?: boolean;
}

/** One WebSocket message: a string is a text message, bytes are a binary message. */
export type Frame = string | Uint8Array;

/** What a codec reads in a message. An acknowledgement needs no `event`. */
export interface DecodedEvent {
  /** The name of the event. */
  readonly event?: string | undefined;
  /** What the functions of the target get as `data`. */
  readonly data?: unknown;
  /** The server asks for an acknowledgement, which `encode` gets with this value as `ack`. */
  readonly id?: number | string | undefined;
  /** The `id` of an event of the client that this acknowledges, as a number or as text. */
  readonly ack?: number | string | undefined;
}

/** Translates between events and the messages of a raw WebSocket server. */
export interface FrameCodec {
  /** Returns one message, or a list of messages. With `id`, the event asks for an acknowledgement. */
  readonly encode: (event: ClientEnvelope) => Frame | readonly Frame[];
  /**
   * Returns the event in a message, or a list of events; null or an empty list where it holds none. A message that it
   * throws for is counted, with the reason.
   */
  readonly decode: (message: Buffer, isBinary: boolean) => DecodedEvent | readonly DecodedEvent[] | null;
}

/** Makes the codec of one connection, which may keep state. `subprotocol` is null where the server chose none. */
export type CodecOfConnection = (client: Client, subprotocol: string | null) => FrameCodec;

/** A parser of Socket.IO, as the option `parser` of socket.io-client takes it. */
export interface SocketioParser {
  readonly Encoder: new () => unknown;
  readonly Decoder: new () => unknown;
}

/** One virtual user in the functions of a target. */
export interface Client {
  /** From 0. */
  readonly number: number;
  /** The values of this client: its row of the CSV file or the result of the function `clients`, and that of `prepare`. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** A value for all clients, or a function that returns that of a client, once for each of its connections. */
export type PerClient<T> = T | ((client: Client) => T | Promise<T>);

/** The value for a client: one for all clients, or the result of a function of the client. */
export function forClient<T>(value: PerClient<T> | undefined, client: Client): T | Promise<T> | undefined {
  return typeof value === 'function' ? (value as (client: Client) => T | Promise<T>)(client) : value;
}

/**
 * Checks that a client is in the namespace that the name of an event begins with, as in `/presence,update`. Throws
 * UNKNOWN_NAMESPACE.
 */
export function requireEntered(event: string, entered: readonly string[]): void {
  const namespace = /^(\/[^,]*),/.exec(event)?.[1];
  if (namespace === undefined || entered.includes(namespace)) return;
  fail(
    'UNKNOWN_NAMESPACE',
    `the event "${event}" is in the namespace ${namespace}, which clients do not enter`,
    'Add it to namespaces of the target. Events of the first namespace have plain names.',
  );
}

/** The connection of a client in the hooks of a target. What waits rejects when the server drops the connection. */
export interface ClientConnection {
  /** Sends an event. */
  emit(event: string, data?: unknown): void;
  /** Sends an event and resolves to its acknowledgement. */
  call(event: string, data?: unknown): Promise<unknown>;
  /**
   * Resolves to the data of the first event of this name, or of the first one that `isMeant` accepts, that no other
   * `next` has taken. In `opened`, events count from the first byte of the connection. Several arguments are a list.
   */
  next(event: string, isMeant?: (data: unknown) => boolean): Promise<unknown>;
}
