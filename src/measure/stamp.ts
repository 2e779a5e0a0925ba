import type { Payload } from '../wire.ts';

/** What every message carries about itself, so that any receiver can time and account for it. */
export interface Stamp {
  /** Number of the stream (one sender, one audience) that it belongs to. */
  readonly stream: number;
  /** Place within its stream, from 0, without gaps; warm-up and measuring count apart. */
  readonly seq: number;
  /** When the schedule wanted it sent, on the run's clock. */
  readonly intendedNs: number;
  /** When it was handed to the driver; never before `intendedNs`. */
  readonly actualNs: number;
  /** False during warm-up. */
  readonly measured: boolean;
}

const TEXT_MARK = 'sb';
const BINARY_MARK = 0x5b;
const BINARY_STAMP_BYTES = 32;
/** mark + kind (3), then at most 5 + 7 + 11 + 8 base-36 digits with a separator after each. */
const TEXT_STAMP_BYTES = 40;

/** The smallest payload that has room for a stamp. */
export const MIN_PAYLOAD_BYTES = { text: TEXT_STAMP_BYTES, binary: BINARY_STAMP_BYTES } as const;

export type PayloadType = keyof typeof MIN_PAYLOAD_BYTES;

/** Writes stamps into payloads of one fixed size. */
export type StampWriter = (stamp: Stamp) => Payload;

/**
 * A writer of text payloads: `sb` + `m` or `w`, then stream, seq, intended time and send lag in base 36,
 * each followed by a comma, then filling to exactly `payloadBytes` ASCII characters that JSON never escapes.
 */
export function textStampWriter(payloadBytes: number): StampWriter {
  const filling = 'x'.repeat(payloadBytes);
  return (stamp) => {
    const lagNs = stamp.actualNs - stamp.intendedNs;
    const head = `${TEXT_MARK}${stamp.measured ? 'm' : 'w'}${stamp.stream.toString(36)},${stamp.seq.toString(36)},${stamp.intendedNs.toString(36)},${lagNs.toString(36)},`;
    return head + filling.slice(head.length);
  };
}

/** A writer of binary payloads: little-endian mark, kind, stream, seq, intended and actual time, then zeros. */
export function binaryStampWriter(payloadBytes: number): StampWriter {
  return (stamp) => {
    const bytes = Buffer.alloc(payloadBytes);
    bytes.writeUInt8(BINARY_MARK, 0);
    bytes.writeUInt8(stamp.measured ? 1 : 0, 1);
    bytes.writeUInt32LE(stamp.stream, 4);
    bytes.writeDoubleLE(stamp.seq, 8);
    bytes.writeDoubleLE(stamp.intendedNs, 16);
    bytes.writeDoubleLE(stamp.actualNs, 24);
    return bytes;
  };
}

export function stampWriter(type: PayloadType, payloadBytes: number): StampWriter {
  return type === 'text' ? textStampWriter(payloadBytes) : binaryStampWriter(payloadBytes);
}

/** Reads the stamp of a payload; null when it carries none (not ours, or damaged). */
export function readStamp(payload: unknown): Stamp | null {
  if (typeof payload === 'string') return readText(payload);
  if (payload instanceof Uint8Array) return readBinary(payload);
  return null;
}

function readText(text: string): Stamp | null {
  if (!text.startsWith(TEXT_MARK)) return null;
  const [stream, seq, intended, lag] = text.slice(3, TEXT_STAMP_BYTES).split(',', 4);
  const intendedNs = Number.parseInt(intended ?? '', 36);
  const stamp = {
    stream: Number.parseInt(stream ?? '', 36),
    seq: Number.parseInt(seq ?? '', 36),
    intendedNs,
    actualNs: intendedNs + Number.parseInt(lag ?? '', 36),
    measured: text.charAt(2) === 'm',
  };
  return Number.isNaN(stamp.stream + stamp.seq + stamp.actualNs) ? null : stamp;
}

function readBinary(payload: Uint8Array): Stamp | null {
  if (payload.length < BINARY_STAMP_BYTES || payload[0] !== BINARY_MARK) return null;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return {
    stream: view.getUint32(4, true),
    seq: view.getFloat64(8, true),
    intendedNs: view.getFloat64(16, true),
    actualNs: view.getFloat64(24, true),
    measured: payload[1] === 1,
  };
}
