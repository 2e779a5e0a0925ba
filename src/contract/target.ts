import type { Envelope } from './protocol.ts';

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
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  /** False accepts a self-signed certificate. */
  readonly rejectUnauthorized?: boolean;
}

/** Encodes envelopes as messages of a raw WebSocket server: strings become text, bytes binary messages. */
export interface FrameCodec {
  readonly encode: (envelope: Envelope) => string | Uint8Array;
  /** Returns null, or throws, for a message that is not an event. */
  readonly decode: (message: Buffer, isBinary: boolean) => Envelope | null;
}

/** One virtual user in the functions of a target. */
export interface Client {
  /** From 0. */
  readonly number: number;
  /** The values of this client: its row of the CSV file, or the result of the function `clients`. */
  readonly values: Readonly<Record<string, unknown>>;
}
