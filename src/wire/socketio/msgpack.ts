import { Decoder, Encoder } from 'socket.io-msgpack-parser';
import { MAX_MESSAGE_VALUES, type Packet, type PacketCodec } from './packet.ts';

/** A packet as the parser of Socket.IO for MessagePack has it. */
interface MsgpackPacket {
  readonly type: number;
  readonly nsp: string;
  readonly id?: number;
  readonly data?: unknown;
}

/**
 * The parser of Socket.IO for MessagePack. Its own decoder makes room for as many values as a message says it has, and
 * so would take the memory of the process for a message of a few bytes.
 */
export class MsgpackDecoder extends Decoder {
  override add(message: unknown): void {
    if (!(message instanceof Uint8Array)) throw new Error('the message is not MessagePack');
    requireWholeMessage(message);
    super.add(message);
  }
}

const encoder = new Encoder();
const decoder = new MsgpackDecoder();
const decoded: MsgpackPacket[] = [];
decoder.on('decoded', (packet: MsgpackPacket) => decoded.push(packet));

/** The parser of Socket.IO for MessagePack: each packet is one binary message. It serves all connections. */
export const msgpackPackets: PacketCodec = {
  encode({ type, namespace: nsp, id, data }) {
    const packet: MsgpackPacket = {
      type,
      nsp,
      ...(data === null ? {} : { data }),
      ...(id === null ? {} : { id }),
    };
    return encoder.encode(packet) as unknown as readonly Uint8Array[];
  },
  take(message) {
    decoder.add(message);
    const packet = decoded.pop();
    return packet === undefined ? null : packetOf(packet);
  },
  isWaiting: () => false,
};

function packetOf({ type, nsp: namespace, id, data = null }: MsgpackPacket): Packet {
  return { type, namespace, id: id ?? null, data };
}

/** What follows the prefix of a value: bytes, or values, as many as a number of 0, 1, 2 or 4 bytes says. */
interface Form {
  readonly numberBytes: 0 | 1 | 2 | 4;
  /** Bytes beside those that the number counts. */
  readonly bytes: number;
  /** What the number counts. */
  readonly counts: 'bytes' | 'values' | 'pairs';
}

const fixed = (bytes: number): Form => ({ numberBytes: 0, bytes, counts: 'bytes' });
const sized = (numberBytes: 1 | 2 | 4, counts: Form['counts'], bytes = 0): Form => ({
  numberBytes,
  bytes,
  counts,
});

/** The forms of the prefixes from 0xc0 to 0xdf; null for the one that does not exist. Source: the specification of MessagePack. */
const FORMS: ReadonlyArray<Form | null> = [
  ...[fixed(0), null, fixed(0), fixed(0)],
  ...[sized(1, 'bytes'), sized(2, 'bytes'), sized(4, 'bytes')],
  ...[sized(1, 'bytes', 1), sized(2, 'bytes', 1), sized(4, 'bytes', 1)],
  ...[fixed(4), fixed(8)],
  ...[fixed(1), fixed(2), fixed(4), fixed(8)],
  ...[fixed(1), fixed(2), fixed(4), fixed(8)],
  ...[fixed(2), fixed(3), fixed(5), fixed(9), fixed(17)],
  ...[sized(1, 'bytes'), sized(2, 'bytes'), sized(4, 'bytes')],
  ...[sized(2, 'values'), sized(4, 'values')],
  ...[sized(2, 'pairs'), sized(4, 'pairs')],
];

/** Throws an Error unless all values that a message says it has are there. */
function requireWholeMessage(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let values = 0;
  // Each value takes a byte or more.
  for (let missing = 1; missing > 0; missing -= 1) {
    values += 1;
    if (values > MAX_MESSAGE_VALUES) throw new Error('too many values');
    const prefix = bytes[at];
    if (prefix === undefined || missing > bytes.length - at) throw new Error('the message is not whole');
    at += 1;
    if (prefix < 0x80 || prefix >= 0xe0) continue;
    if (prefix < 0x90) missing += 2 * (prefix & 0x0f);
    else if (prefix < 0xa0) missing += prefix & 0x0f;
    else if (prefix < 0xc0) at += prefix & 0x1f;
    else {
      const form = FORMS[prefix - 0xc0];
      if (form === null || form === undefined) throw new Error('the message is not MessagePack');
      if (at + form.numberBytes > bytes.length) throw new Error('the message is not whole');
      const count = readCount(view, at, form.numberBytes);
      at += form.numberBytes + form.bytes + (form.counts === 'bytes' ? count : 0);
      if (form.counts !== 'bytes') missing += form.counts === 'pairs' ? 2 * count : count;
    }
  }
  if (at > bytes.length) throw new Error('the message is not whole');
}

function readCount(view: DataView, at: number, numberBytes: Form['numberBytes']): number {
  switch (numberBytes) {
    case 0:
      return 0;
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getUint16(at);
    case 4:
      return view.getUint32(at);
  }
}
