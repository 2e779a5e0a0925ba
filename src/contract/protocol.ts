/**
 * The events between a client and a reference server, and the envelope that carries them over raw WebSocket and plain
 * HTTP.
 */

/** Event names. Socket.IO emits them; raw WebSocket puts them into the `event` of an envelope. */
export const EVENT = {
  /** Client -> server, acknowledged: the ids of the rooms to join. */
  enterChat: 'enter_chat',
  /** Client -> server: {@link SendMessage}. */
  sendMessage: 'send_message',
  /** Server -> client: the `message` of a {@link SendMessage}, unchanged. */
  receiveMessage: 'receive_message',
  /** Either direction, acknowledged with the same data: a request. */
  hello: 'hello',
  /** Client -> server: the server sends `hello` to the client, and acknowledges with an {@link AskedReply}. */
  askMe: 'ask_me',
  /** Client -> server -> the same client: the data comes back as an event of the same name. */
  echo: 'echo',
  /**
   * Client -> server -> the same client: a streamed reply. A {@link StreamRequest} is answered by `count` events of
   * the same name, each a {@link StreamedReply}; any other data by three events with the data 1, 2 and 3.
   */
  events: 'events',
  /** Client -> server, acknowledged with the same data; an envelope without `id` is answered by an event. */
  identity: 'identity',
  /** Client -> server, acknowledged with the number of the process that serves the client, from 0. */
  whichNode: 'which_node',
} as const;

/**
 * The audience of a message. In Socket.IO: `server.emit`, `socket.broadcast.emit`, `server.in(room).emit` and
 * `socket.to(room).emit`.
 */
export const SCOPES = ['everyone', 'everyone-but-me', 'room', 'room-but-me'] as const;
export type Scope = (typeof SCOPES)[number];

/** The content of a message: text or bytes. */
export type Payload = string | Uint8Array;

/** Data of `send_message`. */
export interface SendMessage {
  readonly message: Payload;
  readonly scope: Scope;
  /** The room, for the two room scopes. */
  readonly chatId?: string;
}

/** Data of `events` when every reply must carry the message that it belongs to. */
export interface StreamRequest {
  readonly message: Payload;
  readonly count: number;
}

/** A reply to a {@link StreamRequest}, numbered from 1. */
export interface StreamedReply {
  readonly item: number;
  readonly message: Payload;
}

/** Whether the data of `events` is a {@link StreamRequest}. */
export function isStreamRequest(data: unknown): data is StreamRequest {
  return typeof data === 'object' && data !== null && 'message' in data && 'count' in data;
}

/** More replies to one request would only exhaust a server. */
export const MAX_REPLIES = 1000;

/** Returns the data of each reply to `events`. Throws a RangeError for a request of more than {@link MAX_REPLIES}. */
export function streamedReplies(data: unknown): Array<StreamedReply | number> {
  if (!isStreamRequest(data)) return [1, 2, 3];
  const { message, count } = data;
  if (!(count <= MAX_REPLIES)) throw new RangeError(`more than ${MAX_REPLIES} replies`);
  return Array.from({ length: count }, (_, index) => ({ item: index + 1, message }));
}

/** Acknowledgement of `ask_me`. */
export interface AskedReply {
  /** The client's answer to the server's `hello`. */
  readonly answer: Payload;
  /** Time from the server's `hello` to the client's answer, on the server's clock. */
  readonly roundTripNs: number;
}

/**
 * Nest's envelope, with `id` to ask for an acknowledgement, and `ack` to give the one of that id. Clients number what
 * they send.
 */
export interface Envelope<AckId = number> {
  readonly event: string;
  readonly data?: unknown;
  readonly id?: number;
  readonly ack?: AckId;
}

/** What a client sends. The servers of users may number what they ask for by text as well. */
export type ClientEnvelope = Envelope<number | string>;

const BINARY_HEADER_LENGTH_BYTES = 2;

/** Finds the bytes of an envelope, which JSON cannot hold: at `data`, or at one field of it. */
function bytesIn(data: unknown): { readonly bytes: Uint8Array; readonly field: string | null } | null {
  if (data instanceof Uint8Array) return { bytes: data, field: null };
  if (typeof data !== 'object' || data === null) return null;
  for (const [field, value] of Object.entries(data)) {
    if (value instanceof Uint8Array) return { bytes: value, field };
  }
  return null;
}

/**
 * Encodes an envelope as one WebSocket message. Without bytes in it: a text message with JSON. With bytes at
 * `data` or at one field of `data`: a binary message of a two-byte big-endian header length, the envelope
 * as JSON with `bytes` naming the field that was taken out (null for `data` itself), then the bytes.
 */
export function encodeEnvelope(envelope: ClientEnvelope): string | Buffer {
  const found = bytesIn(envelope.data);
  if (found === null) return JSON.stringify(envelope);
  const data = found.field === null ? undefined : { ...(envelope.data as object), [found.field]: undefined };
  const header = Buffer.from(JSON.stringify({ ...envelope, data, bytes: found.field }));
  const length = Buffer.allocUnsafe(BINARY_HEADER_LENGTH_BYTES);
  length.writeUInt16BE(header.length);
  return Buffer.concat([length, header, found.bytes]);
}

/** Decodes the output of {@link encodeEnvelope}. Throws a SyntaxError or RangeError for anything else. */
export function decodeEnvelope(message: Buffer, isBinary: boolean): Envelope {
  if (!isBinary) return decodeTextEnvelope(message.toString());
  const headerEnd = BINARY_HEADER_LENGTH_BYTES + message.readUInt16BE(0);
  if (headerEnd > message.length) throw new RangeError('the header is longer than the message');
  const header = requireEnvelope(JSON.parse(message.toString('utf8', BINARY_HEADER_LENGTH_BYTES, headerEnd)));
  const { bytes: field, ...envelope } = header as Envelope & { readonly bytes?: string | null };
  if (field === undefined) throw new SyntaxError('the header does not name the field of the bytes');
  const bytes = message.subarray(headerEnd);
  return { ...envelope, data: field === null ? bytes : { ...(envelope.data as object), [field]: bytes } };
}

/** Decodes a text message of {@link encodeEnvelope}. Throws a SyntaxError for anything else. */
export function decodeTextEnvelope(message: string): Envelope {
  return requireEnvelope(JSON.parse(message));
}

function requireEnvelope(value: unknown): Envelope {
  const isEnvelope =
    typeof value === 'object' && value !== null && 'event' in value && typeof value.event === 'string';
  if (!isEnvelope) throw new SyntaxError('not an envelope with an event');
  return value as Envelope;
}

function isJsonBytes(value: unknown): value is { readonly $binary: string } {
  return (
    typeof value === 'object' && value !== null && '$binary' in value && typeof value.$binary === 'string'
  );
}

/**
 * Encodes an envelope as JSON, for text-only transports: bytes at `data`, or at one field of it, become
 * `{"$binary":"<base64>"}`.
 */
export function envelopeToJson(envelope: ClientEnvelope): string {
  const found = bytesIn(envelope.data);
  if (found === null) return JSON.stringify(envelope);
  const bytes = { $binary: Buffer.from(found.bytes).toString('base64') };
  const data = found.field === null ? bytes : { ...(envelope.data as object), [found.field]: bytes };
  return JSON.stringify({ ...envelope, data });
}

/** Decodes the parsed output of {@link envelopeToJson}. Throws a SyntaxError for anything else. */
export function envelopeFromJson(value: unknown): Envelope {
  const envelope = requireEnvelope(value);
  return { ...envelope, data: withBytes(envelope.data) };
}

function withBytes(data: unknown): unknown {
  if (isJsonBytes(data)) return Buffer.from(data.$binary, 'base64');
  if (typeof data !== 'object' || data === null) return data;
  for (const [field, value] of Object.entries(data)) {
    if (isJsonBytes(value)) return { ...data, [field]: Buffer.from(value.$binary, 'base64') };
  }
  return data;
}
