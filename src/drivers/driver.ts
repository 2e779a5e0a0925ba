import type { FrameCodec, Protocol, TlsOptions, Transport } from '../contract/target.ts';

export interface ConnectOptions {
  /** `http:` or `https:` for Socket.IO and for plain requests, `ws:` or `wss:` for raw WebSocket. */
  readonly url: string;
  readonly transport: Transport;
  readonly timeoutMs: number;
  /** Socket.IO's path on the server; its own default unless given. */
  readonly path?: string;
  /** Socket.IO namespace, beginning with a slash. */
  readonly namespace?: string;
  /** Socket.IO's `auth`: sent when a namespace is entered. */
  readonly auth?: Readonly<Record<string, unknown>>;
  /** Sent with every request, the WebSocket handshake included. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Added to the URL's own. */
  readonly query?: Readonly<Record<string, string>>;
  readonly tls?: TlsOptions;
  /** Socket.IO's parser. */
  readonly parser?: 'default' | 'msgpack';
  /** Offers per-message deflate. */
  readonly compression?: boolean;
  /** How envelopes become WebSocket messages. */
  readonly codec?: FrameCodec;
  /** Time between two requests of short polling. */
  readonly pollIntervalMs?: number;
  /** Called once when a connection that began by polling is on WebSocket. */
  readonly onUpgraded?: () => void;
  /** Called for every answer to a request that asked for messages; `inVain` when it brought none. */
  readonly onPolled?: (isEmpty: boolean) => void;
}

/** How a connection ended: the WebSocket close code and reason that the server answered with. */
export interface CloseOutcome {
  readonly code: number;
  readonly reason: string;
}

/** One client's connection, ready for use. Handlers are called synchronously as messages are decoded. */
export interface Connection {
  /** Hands an event over for sending; never waits and never throws for a broken connection. */
  emit(event: string, data: unknown): void;
  /** Sends an event that wants an acknowledgement; `onReply` is called once, or never. */
  request(event: string, data: unknown, onReply: (reply: unknown) => void): void;
  /** Handlers of one event add up. */
  on(event: string, handler: (data: unknown) => void): void;
  /** For the next event of this name only. */
  once(event: string, handler: (data: unknown) => void): void;
  /** Acknowledges every event of this name with what `respond` returns. */
  answer(event: string, respond: (data: unknown) => unknown): void;
  /** Called once when the connection ends without {@link close}, with the reason in the field's own words. */
  onDropped(handler: (reason: string) => void): void;
  /** Sends a ping of the protocol; `onPong` is called once, or never. Absent where a client cannot ping. */
  ping?(onPong: () => void): void;
  /**
   * Ends the connection in the protocol's own way; resolves when it is gone or after a second. Null when the
   * protocol tells no close code, or the server did not answer in time.
   */
  close(): Promise<CloseOutcome | null>;
}

/** How virtual clients speak one protocol. */
export interface Driver {
  readonly name: string;
  readonly protocol: Protocol;
  readonly transports: readonly Transport[];
  /** One line for `list`. */
  readonly summary: string;
  /** Rejects with an Error whose message says why, within `timeoutMs`. */
  connect(options: ConnectOptions): Promise<Connection>;
}
