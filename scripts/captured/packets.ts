/**
 * Reads what a packet capture of the loopback device says of the messages of a run: when each was handed to the
 * kernel by its sender, and when each arrived at each receiver's socket. Knows nothing of how sockbench measures.
 */
import { findStamp, type Stamp } from '../../src/measure/stamp.ts';

interface Segment {
  /** Nanoseconds since 1970. */
  readonly at: bigint;
  readonly from: number;
  readonly to: number;
  readonly seq: number;
  readonly payload: Buffer;
}

/** One message seen on the wire. */
export interface Sighting extends Stamp {
  /** Nanoseconds since 1970. */
  readonly at: bigint;
  /** Port of the client that sent or received it. */
  readonly client: number;
}

const NS_PER_SECOND = 1_000_000_000n;
const NANOSECOND_MAGIC = 0xa1b23c4d;
const FILE_HEADER_BYTES = 24;
const PACKET_HEADER_BYTES = 16;
const ETHERNET_HEADER_BYTES = 14;

/** TCP segments with a payload, from a capture of `tcpdump -i lo --time-stamp-precision=nano` (Ethernet, IPv4). */
function* segmentsOf(capture: Buffer): Generator<Segment> {
  if (capture.readUInt32LE(0) !== NANOSECOND_MAGIC) throw new Error('not a capture with nanosecond times');
  for (let at = FILE_HEADER_BYTES; at + PACKET_HEADER_BYTES <= capture.length; ) {
    const captured = BigInt(capture.readUInt32LE(at)) * NS_PER_SECOND + BigInt(capture.readUInt32LE(at + 4));
    const length = capture.readUInt32LE(at + 8);
    const packet = capture.subarray(at + PACKET_HEADER_BYTES, at + PACKET_HEADER_BYTES + length);
    at += PACKET_HEADER_BYTES + length;
    const segment = segmentOf(packet, captured);
    if (segment !== null && segment.payload.length > 0) yield segment;
  }
}

function segmentOf(packet: Buffer, at: bigint): Segment | null {
  const ip = packet.subarray(ETHERNET_HEADER_BYTES);
  if (ip.length < 40 || ip.readUInt8(0) >> 4 !== 4 || ip.readUInt8(9) !== 6) return null;
  // The total length is 0 for packets that the kernel split later.
  const total = ip.readUInt16BE(2) || ip.length;
  const tcp = ip.subarray((ip.readUInt8(0) & 15) * 4, total);
  const payload = tcp.subarray((tcp.readUInt8(12) >> 4) * 4);
  return { at, from: tcp.readUInt16BE(0), to: tcp.readUInt16BE(2), seq: tcp.readUInt32BE(4), payload };
}

/** The bytes of one direction of one connection: in order, without repetitions. */
class Direction {
  #next: number | null = null;
  pending: Buffer = Buffer.alloc(0);

  add({ seq, payload }: Segment): void {
    const expected = this.#next ?? seq;
    const ahead = (seq - expected) | 0;
    if (ahead > 0) throw new Error('the capture lacks packets: capture with a larger buffer');
    const fresh = payload.subarray(Math.min(-ahead, payload.length));
    if (fresh.length === 0) return;
    this.pending = Buffer.concat([this.pending, fresh]);
    this.#next = (expected + fresh.length) >>> 0;
  }
}

const HEAD_END = '\r\n\r\n';

/** Takes whole frames off the front of the bytes after the handshake; returns their payloads, unmasked. */
function takeFrames(direction: Direction): Buffer[] {
  const payloads: Buffer[] = [];
  if (
    direction.pending
      .subarray(0, 4)
      .toString('latin1')
      .match(/^(GET |HTTP)/) !== null
  ) {
    const end = direction.pending.indexOf(HEAD_END);
    if (end < 0) return payloads;
    direction.pending = direction.pending.subarray(end + HEAD_END.length);
  }
  for (let frame = frameAt(direction.pending); frame !== null; frame = frameAt(direction.pending)) {
    payloads.push(frame.payload);
    direction.pending = direction.pending.subarray(frame.length);
  }
  return payloads;
}

/** The frame of RFC 6455, section 5.2, at the front of `bytes`; null while it is not complete. */
function frameAt(bytes: Buffer): { readonly length: number; readonly payload: Buffer } | null {
  if (bytes.length < 2) return null;
  const second = bytes.readUInt8(1);
  const short = second & 127;
  const extended = short === 127 ? 8 : short === 126 ? 2 : 0;
  const maskBytes = (second & 128) === 0 ? 0 : 4;
  const start = 2 + extended + maskBytes;
  if (bytes.length < start) return null;
  const size =
    extended === 8 ? Number(bytes.readBigUInt64BE(2)) : extended === 2 ? bytes.readUInt16BE(2) : short;
  if (bytes.length < start + size) return null;
  const mask = bytes.subarray(start - maskBytes, start);
  const payload = Buffer.from(bytes.subarray(start, start + size));
  for (let at = 0; maskBytes > 0 && at < size; at += 1)
    payload[at] = (payload[at] ?? 0) ^ (mask[at % 4] ?? 0);
  return { length: start + size, payload };
}

/** Every stamped message of a WebSocket run against `port`, as the wire carried it. */
export function sightingsOf(capture: Buffer, port: number): { sent: Sighting[]; received: Sighting[] } {
  const directions = new Map<string, Direction>();
  const [sent, received]: [Sighting[], Sighting[]] = [[], []];
  for (const segment of segmentsOf(capture)) {
    const toServer = segment.to === port;
    if (!toServer && segment.from !== port) continue;
    const key = `${segment.from} ${segment.to}`;
    const direction = directions.get(key) ?? new Direction();
    directions.set(key, direction);
    direction.add(segment);
    for (const payload of takeFrames(direction)) {
      const stamp = findStamp(payload);
      if (stamp === null) continue;
      const client = toServer ? segment.from : segment.to;
      (toServer ? sent : received).push({ ...stamp, at: segment.at, client });
    }
  }
  return { sent, received };
}
