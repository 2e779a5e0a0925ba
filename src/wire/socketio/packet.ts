/**
 * Packets of the Socket.IO protocol, version 5, as its default parser writes them:
 *
 *     packet     = type [ attachments "-" ] [ namespace "," ] [ id ] [ JSON ]
 *     attachments, id: decimal numbers; namespace: "/" and what follows, left out for the main one
 *
 * Binary values of the data stand as `{"_placeholder":true,"num":0}`, and follow as binary messages in this order.
 * Source: https://github.com/socketio/socket.io-protocol, version 5. Errors have the words of the official parser.
 */

export const PACKET = {
  connect: 0,
  disconnect: 1,
  event: 2,
  ack: 3,
  connectError: 4,
  binaryEvent: 5,
  binaryAck: 6,
} as const;

export interface Packet {
  /** A binary event is an event, once its attachments are in their places. */
  readonly type: number;
  readonly namespace: string;
  /** The number by which an event asks for an acknowledgement, or which is acknowledged; null for none. */
  readonly id: number | null;
  /** Null where the packet has none. */
  readonly data: unknown;
}

/** One message of Engine.IO. */
export type PacketMessage = string | Uint8Array;

/** Writes packets as messages, and reads those of one connection. What is no packet throws an Error. */
export interface PacketCodec {
  /** A packet is one message, and a binary message for each attachment. */
  encode(packet: Packet): readonly PacketMessage[];
  /** Takes a message of the server, which is kept. Null while attachments are missing. */
  take(message: PacketMessage): Packet | null;
  /** Whether attachments of a packet are missing: a text message would be an error. */
  isWaiting(): boolean;
}

export const MAIN_NAMESPACE = '/';

/** Names that have a meaning for the official clients and servers, which neither send nor read events of these names. */
export const RESERVED_EVENTS: ReadonlySet<unknown> = new Set([
  'connect',
  'connect_error',
  'disconnect',
  'disconnecting',
  'newListener',
  'removeListener',
]);

/** The default parser of Socket.IO, for one connection. */
export function jsonPackets(): PacketCodec {
  return new JsonPackets();
}

/** Writes a packet. Events and acknowledgements with binary values become those of the binary types. */
export function encodePacket({ type, namespace, id, data }: Packet): readonly PacketMessage[] {
  const isBinary = (type === PACKET.event || type === PACKET.ack) && hasBinary(data);
  const attachments: Uint8Array[] = [];
  const content = isBinary ? takeBinary(data, attachments) : data;
  const written = isBinary ? (type === PACKET.ack ? PACKET.binaryAck : PACKET.binaryEvent) : type;
  const count = isBinary ? `${attachments.length}-` : '';
  const place = namespace === MAIN_NAMESPACE ? '' : `${namespace},`;
  const json = content === null ? '' : JSON.stringify(content);
  return [`${written}${count}${place}${id ?? ''}${json}`, ...attachments];
}

function isBytes(value: object): value is ArrayBuffer | ArrayBufferView {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
}

/** What JSON writes instead of a value. */
function jsonOf(value: object): unknown {
  return 'toJSON' in value && typeof value.toJSON === 'function' ? value.toJSON() : value;
}

function hasBinary(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (isBytes(value)) return true;
  const content = Array.isArray(value) ? value : jsonOf(value);
  return typeof content === 'object' && content !== null && Object.values(content).some(hasBinary);
}

/** Copies data with placeholders for its binary values, which are added to `attachments`. */
function takeBinary(value: unknown, attachments: Uint8Array[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isBytes(value)) {
    const bytes = ArrayBuffer.isView(value)
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : new Uint8Array(value);
    return { _placeholder: true, num: attachments.push(bytes) - 1 };
  }
  if (Array.isArray(value)) return value.map((each) => takeBinary(each, attachments));
  const content = jsonOf(value);
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    return takeBinary(content, attachments);
  return Object.fromEntries(
    Object.entries(content).map(([name, each]) => [name, takeBinary(each, attachments)]),
  );
}

/** A server that announces more attachments is refused: the same limit as that of the official parser. */
const MAX_ATTACHMENTS = 10;
/** The attachments of one packet; they are kept until the last of them comes. */
const MAX_ATTACHMENT_BYTES = 100 * 1024 * 1024;
/** The values of one message take up to 100 times its size in memory. */
export const MAX_MESSAGE_VALUES = 4_000_000;

const HEAD = /^([0-6])(?:(\d+)-)?(?:(\/[^,]*)(?:,|$))?(\d+)?/;

class JsonPackets implements PacketCodec {
  #waiting: {
    readonly packet: Packet;
    readonly attachments: Uint8Array[];
    readonly expected: number;
    bytes: number;
  } | null = null;

  encode(packet: Packet): readonly PacketMessage[] {
    return encodePacket(packet);
  }

  take(message: PacketMessage): Packet | null {
    return typeof message === 'string' ? this.#takeText(message) : this.#takeBinary(message);
  }

  isWaiting(): boolean {
    return this.#waiting !== null;
  }

  #takeText(text: string): Packet | null {
    if (this.#waiting !== null) throw new Error('got plaintext data when reconstructing a packet');
    const [head, digit, count, namespace = MAIN_NAMESPACE, id] = HEAD.exec(text) ?? [];
    if (head === undefined) throw new Error(`unknown packet type ${text.slice(0, 1)}`);
    const written = Number(digit);
    const isBinary = written === PACKET.binaryEvent || written === PACKET.binaryAck;
    if (isBinary !== (count !== undefined))
      throw new Error(isBinary ? 'Illegal attachments' : INVALID_PAYLOAD);
    const type =
      written === PACKET.binaryEvent ? PACKET.event : written === PACKET.binaryAck ? PACKET.ack : written;
    const expected = attachmentsOf(count);
    const data = readPacketData(text.slice(head.length));
    if (!isFitting(type, data)) throw new Error(INVALID_PAYLOAD);
    const packet = { type, namespace, id: id === undefined ? null : Number(id), data: data ?? null };
    if (expected === 0) return packet;
    this.#waiting = { packet, attachments: [], expected, bytes: 0 };
    return null;
  }

  /** Takes the next attachment. */
  #takeBinary(bytes: Uint8Array): Packet | null {
    const waiting = this.#waiting;
    if (waiting === null) throw new Error('got binary data when not reconstructing a packet');
    waiting.attachments.push(bytes);
    waiting.bytes += bytes.length;
    if (waiting.bytes > MAX_ATTACHMENT_BYTES) throw new Error('the attachments are too large');
    if (waiting.attachments.length < waiting.expected) return null;
    this.#waiting = null;
    return { ...waiting.packet, data: putBinary(waiting.packet.data, waiting.attachments) };
  }
}

const INVALID_PAYLOAD = 'invalid payload';

/** How many attachments a packet has; `count` is undefined for one that is not binary. */
function attachmentsOf(count: string | undefined): number {
  if (count === undefined) return 0;
  const attachments = Number(count);
  if (attachments === 0) throw new Error('Illegal attachments');
  if (attachments > MAX_ATTACHMENTS) throw new Error('too many attachments');
  return attachments;
}

/** Undefined where a packet has no data. */
function readPacketData(json: string): unknown {
  if (json === '') return undefined;
  if (json.length > 2 * MAX_MESSAGE_VALUES && countValues(json) > MAX_MESSAGE_VALUES)
    throw new Error('too many values');
  try {
    return JSON.parse(json);
  } catch {
    throw new Error(INVALID_PAYLOAD);
  }
}

const [QUOTE, ESCAPE, COMMA, LIST, OBJECT] = ['"', '\\', ',', '[', '{'].map((each) => each.charCodeAt(0));

/** Counts lists, objects and what is separated in them, outside of texts. */
function countValues(json: string): number {
  let values = 0;
  let isText = false;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) isText = !isText;
    else if (isText && code === ESCAPE) at += 1;
    else if (!isText && (code === COMMA || code === LIST || code === OBJECT)) values += 1;
  }
  return values;
}

/** Whether data are of the kind that a type has; undefined for none. */
function isFitting(type: number, data: unknown): boolean {
  const isObject = typeof data === 'object' && data !== null && !Array.isArray(data);
  switch (type) {
    case PACKET.connect:
      return data === undefined || isObject;
    case PACKET.disconnect:
      return data === undefined;
    case PACKET.connectError:
      return typeof data === 'string' || isObject;
    case PACKET.event:
      return Array.isArray(data) && isEventName(data[0]);
    default:
      return Array.isArray(data);
  }
}

function isEventName(name: unknown): boolean {
  return (typeof name === 'string' || typeof name === 'number') && !RESERVED_EVENTS.has(name);
}

function putBinary(value: unknown, attachments: readonly Uint8Array[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => putBinary(each, attachments));
  const { _placeholder, num } = value as { _placeholder?: unknown; num?: unknown };
  if (_placeholder === true) {
    const attachment = typeof num === 'number' ? attachments[num] : undefined;
    if (attachment === undefined) throw new Error('illegal attachments');
    return attachment;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, putBinary(each, attachments)]),
  );
}
