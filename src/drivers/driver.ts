import type { DialAddress } from '../contract/address.ts';
import type { ClientDisruption } from '../contract/disruption.ts';
import type { HandshakeStage } from '../contract/scenario.ts';
import type { FrameCodec, Protocol, SocketioParser, TlsOptions, Transport } from '../contract/target.ts';
import type { RecoverableSession, SessionRecovery } from '../wire/socketio/recovery.ts';
import type { Arrival, OpenStream } from '../wire/sockets/stream.ts';
import type { ConnectionDisturbance } from './disturbance.ts';

/** How long a request waits for its reply where {@link ConnectOptions.forgetAfterMs} is not given. */
export const DEFAULT_FORGET_AFTER_MS = 60_000;

/**
 * Sees what the messages of a server were read as: an event, an acknowledgement (`reply`), or neither (`none`), where
 * `data` is what the codec threw, or null. A recognized message is not read. `asks`: the server asks for an acknowledgement
 * of the event.
 */
export type OnRead = (kind: 'event' | 'reply' | 'none', event: string, data: unknown, asks?: boolean) => void;

export interface ConnectOptions {
  /** `http:` or `https:` for Socket.IO and for plain requests, `ws:` or `wss:` for raw WebSocket. */
  readonly url: string;
  readonly transport: Transport;
  readonly timeoutMs: number;
  /** Path of Socket.IO on the server; `/socket.io/` by default. */
  readonly path?: string;
  /** Socket.IO namespace, beginning with a slash. */
  readonly namespace?: string;
  /** Further namespaces that the client enters over the same connection, by the names that events have for them. */
  readonly namespaces?: Readonly<Record<string, string>>;
  /** Socket.IO's `auth`: sent when a namespace is entered. */
  readonly auth?: Readonly<Record<string, unknown>>;
  /** Sent with every request, including the WebSocket handshake. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Added to the query of the URL. */
  readonly query?: Readonly<Record<string, string>>;
  readonly tls?: TlsOptions;
  /** Socket.IO's parser. */
  readonly parser?: 'default' | 'msgpack' | SocketioParser;
  /** Offers per-message deflate. */
  readonly compression?: boolean;
  /** Subprotocols of WebSocket to offer, the preferred one first. */
  readonly protocols?: readonly string[];
  /**
   * Translates between events and WebSocket messages. A function makes a codec for each connection, which may keep state:
   * it sees every message.
   */
  readonly codec?: FrameCodec | ((subprotocol: string | null) => FrameCodec);
  /** Time between two requests of short polling. */
  readonly pollIntervalMs?: number;
  /** Called once with the connection when it is ready for use, before it hands over what the server sends. */
  readonly onReady?: (connection: Connection) => void;
  /** Called once when a connection that began by polling is on WebSocket. */
  readonly onUpgraded?: () => void;
  /** Called when a stage of the handshake is over; `arrival` as in {@link Handler}. A driver reports those that it sees. */
  readonly onStage?: (stage: HandshakeStage, arrival?: Arrival) => void;
  /** Called for every answer to a request for messages; `isEmpty` when it brought none. */
  readonly onPolled?: (isEmpty: boolean) => void;
  /** A request or ping without a reply for this long is forgotten, so that a later reply is ignored. 60 s by default. */
  readonly forgetAfterMs?: number;
  /** Called for each message before its handlers are. One function serves all connections of a process. */
  readonly onRead?: OnRead;
  /**
   * Called for each packet of Engine.IO, by a driver whose frames are not seen by {@link openStream}: as text, with its type,
   * or as bytes.
   */
  readonly onPacket?: (direction: 'sent' | 'received', packet: string | Buffer) => void;
  /** Recognizes text messages by their bytes. Drivers that do not see the bytes ignore it. */
  readonly recognizer?: Recognizer;
  /** The address of this machine that connections come from; by default the system chooses. */
  readonly localAddress?: string;
  /** Where connections go in place of the host and port of {@link url}, as through a proxy. */
  readonly dial?: DialAddress;
  /**
   * What a server of Socket.IO needs to restore the session of the last connection. Null where {@link Connection.session} is
   * never called: what it returns is not kept.
   */
  readonly recovery?: SessionRecovery | null;
  /** How the wire driver opens a connection without TLS; by the sockets of Node.js by default. */
  readonly openStream?: OpenStream;
}

/** Takes the data of an event or a reply. `arrival` is given by drivers that know when its bytes arrived. */
export type Handler = (data: unknown, arrival?: Arrival) => void;

/** Takes every event of a connection. */
export type AnyHandler = (event: string, data: unknown, arrival?: Arrival) => void;

/** How text messages are written, the same object for all connections that write them alike. */
export interface MessageFormat {
  /** Decodes a message that is an event for the handlers of its name; null for any other. Throws for what is none. */
  readonly eventOf: (message: Buffer) => { readonly event: string; readonly data: unknown } | null;
}

/** Recognizes messages by their bytes, so that they need not be decoded. One serves all connections of a process. */
export interface Recognizer {
  /** The event of the text message that lies between `from` and `to`; null for one that must be decoded. */
  recognize(format: MessageFormat, bytes: Buffer, from: number, to: number): string | null;
}

/** Takes the messages of an event that the {@link Recognizer} recognizes. */
export interface RecognizedHandler {
  /** Takes the message that was recognized last; false to have it decoded. */
  onRecognized(arrival: Arrival): boolean;
}

/** Leaves out what is null or undefined: an option that is passed as undefined would replace its default. */
export function given<T extends object>(options: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> };
}

/** The URL of the server, with the parameters of its client. */
export function urlWithQuery({ url, query = {} }: ConnectOptions): URL {
  const address = new URL(url);
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  return address;
}

/** The WebSocket close code and reason with which the server answered a close. */
export interface CloseOutcome {
  readonly code: number;
  readonly reason: string;
}

/** The subprotocols that a client offers: those of the target, otherwise those of a header of the user. */
export function subprotocolsOf({ protocols, headers = {} }: ConnectOptions): readonly string[] {
  if (protocols !== undefined) return protocols;
  const [, given = ''] = Object.entries(headers).find(([name]) => isSubprotocolHeader(name)) ?? [];
  return given
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

/** Whether a header names subprotocols. Header names ignore case. */
export function isSubprotocolHeader(name: string): boolean {
  return name.toLowerCase() === 'sec-websocket-protocol';
}

/** The size of the largest message that an event becomes on the wire, and of the largest that the server takes. */
export interface MessageSize {
  readonly messageBytes: number;
  readonly maxBytes: number;
}

/** One client's connection, ready for use. Handlers are called synchronously as messages are decoded. */
export interface Connection {
  /** The subprotocol of WebSocket that the server chose; null for none. Absent where there is no WebSocket. */
  readonly subprotocol?: string | null;
  /** Hands an event over for sending; never waits and never throws for a broken connection. */
  emit(event: string, data: unknown): void;
  /** Sends an event that asks for an acknowledgement; `onReply` is called once, or never. */
  request(event: string, data: unknown, onReply: Handler): void;
  /**
   * Adds a handler of an event; the returned function removes it. A recognized message goes to `recognized` where the
   * event has no other handler.
   */
  on(event: string, handler: Handler, recognized?: RecognizedHandler): () => void;
  /**
   * Adds a handler of every event that handlers of {@link on} may get; the returned function removes it. While there is
   * one, no message is recognized.
   */
  onAny(handler: AnyHandler): () => void;
  /** Acknowledges every event of this name with what `respond` returns. */
  answer(event: string, respond: (data: unknown) => unknown): void;
  /** Called once when the connection ends without {@link close}, with the reason. */
  onDropped(handler: (reason: string) => void): void;
  /** Measures an event without sending it; null, or absent, where the server does not say what it takes. */
  sizeOf?(event: string, data: unknown): MessageSize | null;
  /** Sends a ping of the protocol; `onPong` is called once, or never. Absent where a client cannot ping. */
  ping?(onPong: (arrival?: Arrival) => void): void;
  /** The session as it is now; null, or absent, where the server restores none. */
  session?(): RecoverableSession | null;
  /**
   * Disturbs the connection. One that is cut is not dropped: nothing is received any more. Returns what ends the
   * disturbance, where it is one that ends. Absent where the driver cannot.
   */
  disturb?(disturbance: ConnectionDisturbance): () => void;
  /**
   * Ends the connection in the protocol's own way; resolves when it is gone or after a second. Null when the
   * protocol has no close code, or the server did not answer in time.
   */
  close(): Promise<CloseOutcome | null>;
}

/** Connects virtual clients over one protocol. */
export interface Driver {
  readonly name: string;
  readonly protocol: Protocol;
  readonly transports: readonly Transport[];
  /** One line for `list`. */
  readonly summary: string;
  /** Whether it opens its connections by {@link ConnectOptions.openStream}, so that the sockets can be chosen. */
  readonly opensStreams?: true;
  /** How its connections can be disturbed over a transport. */
  disturbances?(transport: Transport): readonly ClientDisruption[];
  /** Loads what the driver needs, so that the first connection does not wait for it. */
  load?(): Promise<void>;
  /** Rejects with an Error whose message says why, within `timeoutMs`. */
  connect(options: ConnectOptions): Promise<Connection>;
}
