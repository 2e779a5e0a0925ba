/**
 * Packets of the Socket.IO protocol, version 5, as its default parser writes them:
 *
 *     packet     = type [ attachments "-" ] [ namespace "," ] [ id ] [ JSON ]
 *     attachments, id: decimal numbers; namespace: "/" and what follows, left out for the main one
 *
 * Binary values of the data stand as `{"_placeholder":true,"num":0}`, and follow as binary messages in this order.
 * Source: https://github.com/socketio/socket.io-protocol, version 5.
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

/** A packet on its way: text, and the binary messages that follow it. */
export interface EncodedPacket {
  readonly text: string;
  readonly attachments: readonly Uint8Array[];
}

export const MAIN_NAMESPACE = '/';

/** Writes a packet. Events and acknowledgements with binary values become those of the binary types. */
export function encodePacket({ type, namespace, id, data }: Packet): EncodedPacket {
  const attachments: Uint8Array[] = [];
  const json = data === null ? '' : JSON.stringify(takeBinary(data, attachments));
  const isBinary = attachments.length > 0;
  const written = isBinary ? (type === PACKET.ack ? PACKET.binaryAck : PACKET.binaryEvent) : type;
  const count = isBinary ? `${attachments.length}-` : '';
  const place = namespace === MAIN_NAMESPACE ? '' : `${namespace},`;
  return { text: `${written}${count}${place}${id ?? ''}${json}`, attachments };
}

/** Copies data with placeholders for its binary values, which are added to `attachments`. */
function takeBinary(value: unknown, attachments: Uint8Array[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return { _placeholder: true, num: attachments.push(value) - 1 };
  if (Array.isArray(value)) return value.map((each) => takeBinary(each, attachments));
  if (value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, takeBinary(each, attachments)]),
  );
}

/** A server that announces more attachments is refused: the same limit as that of the official parser. */
const MAX_ATTACHMENTS = 10;

const HEAD = /^([0-6])(?:(\d+)-)?(?:(\/[^,]*),)?(\d+)?/;

/** Reads packets and the attachments that belong to them. What is no packet throws an Error. */
export class PacketReader {
  #waiting: {
    readonly packet: Packet;
    readonly attachments: Uint8Array[];
    readonly expected: number;
  } | null = null;

  /** Takes a text message. Null while attachments of it are missing. */
  takeText(text: string): Packet | null {
    if (this.#waiting !== null) throw new Error('a packet came before the attachments of the one before it');
    const [head, digit, count, namespace = MAIN_NAMESPACE, id] = HEAD.exec(text) ?? [];
    if (head === undefined) throw new Error('a message is not a Socket.IO packet');
    const written = Number(digit);
    const isBinary = written === PACKET.binaryEvent || written === PACKET.binaryAck;
    if (isBinary !== (count !== undefined))
      throw new Error('a packet has attachments that do not fit its type');
    const type =
      written === PACKET.binaryEvent ? PACKET.event : written === PACKET.binaryAck ? PACKET.ack : written;
    const json = text.slice(head.length);
    const data: unknown = json === '' ? null : JSON.parse(json);
    if (!isFitting(type, data)) throw new Error('the data of a packet do not fit its type');
    const packet = { type, namespace, id: id === undefined ? null : Number(id), data };
    const expected = Number(count ?? 0);
    if (expected > MAX_ATTACHMENTS) throw new Error(`a packet has ${expected} attachments`);
    if (expected === 0) return packet;
    this.#waiting = { packet, attachments: [], expected };
    return null;
  }

  /** Takes a binary message: the next attachment. Null while more are missing. */
  takeBinary(bytes: Uint8Array): Packet | null {
    const waiting = this.#waiting;
    if (waiting === null) throw new Error('a binary message belongs to no packet');
    waiting.attachments.push(bytes);
    if (waiting.attachments.length < waiting.expected) return null;
    this.#waiting = null;
    return { ...waiting.packet, data: putBinary(waiting.packet.data, waiting.attachments) };
  }
}

/** Whether data are of the kind that a type has. */
function isFitting(type: number, data: unknown): boolean {
  const isObject = typeof data === 'object' && data !== null && !Array.isArray(data);
  switch (type) {
    case PACKET.connect:
      return data === null || isObject;
    case PACKET.disconnect:
      return data === null;
    case PACKET.connectError:
      return typeof data === 'string' || isObject;
    case PACKET.event:
      return Array.isArray(data) && (typeof data[0] === 'string' || typeof data[0] === 'number');
    default:
      return Array.isArray(data);
  }
}

function putBinary(value: unknown, attachments: readonly Uint8Array[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => putBinary(each, attachments));
  const { _placeholder, num } = value as { _placeholder?: unknown; num?: unknown };
  if (_placeholder === true) {
    const attachment = typeof num === 'number' ? attachments[num] : undefined;
    if (attachment === undefined) throw new Error('a packet names an attachment that it does not have');
    return attachment;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, putBinary(each, attachments)]),
  );
}
