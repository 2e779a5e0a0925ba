/** Packets of MQTT 3.1.1 (OASIS, 29 October 2014): those that a client sends, and those that a broker sends it. */

export const MQTT_PACKET = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
} as const;

/** A control packet: the two halves of its first byte, and what follows its length. */
export interface MqttPacket {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

const MAX_LENGTH_BYTES = 4;
const MAX_TEXT_BYTES = 0xffff;

/** Remaining length (section 2.2.3): seven bits a byte, lowest first. */
function lengthBytes(length: number): number[] {
  const bytes: number[] = [];
  let rest = length;
  do {
    bytes.push((rest % 128) + (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return bytes;
}

export function encodeMqttPacket(type: number, flags: number, parts: readonly Uint8Array[] = []): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Buffer.of((type << 4) | flags, ...lengthBytes(length)), ...parts]);
}

/** Two bytes, big-endian. */
export function uint16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}

/** Text or bytes behind their length. Throws a RangeError above 65,535 bytes. */
export function withLength(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content as string);
  if (bytes.length > MAX_TEXT_BYTES) throw new RangeError(`${bytes.length} bytes; MQTT allows 65,535`);
  return Buffer.concat([uint16(bytes.length), bytes]);
}

/** Reads packets from a stream of bytes, in which WebSocket messages may begin and end anywhere (section 6). */
export class PacketReader {
  #rest = Buffer.alloc(0);

  /** The packets that are complete with these bytes. */
  read(bytes: Buffer): MqttPacket[] {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const packets: MqttPacket[] = [];
    let at = 0;
    for (;;) {
      const end = packetEnd(all, at);
      if (end === null || end.to > all.length) break;
      const first = all.readUInt8(at);
      packets.push({ type: first >> 4, flags: first & 15, body: all.subarray(end.from, end.to) });
      at = end.to;
    }
    this.#rest = Buffer.from(all.subarray(at));
    return packets;
  }
}

/** Where the body of the packet at a place begins and ends; null where its length is incomplete. */
function packetEnd(bytes: Buffer, at: number): { readonly from: number; readonly to: number } | null {
  let length = 0;
  for (let place = 0; place < MAX_LENGTH_BYTES; place++) {
    const byte = bytes[at + 1 + place];
    if (byte === undefined) return null;
    length += (byte & 127) * 128 ** place;
    const from = at + 2 + place;
    if (byte < 128) return { from, to: from + length };
  }
  throw new Error('a packet whose remaining length has more than four bytes');
}
