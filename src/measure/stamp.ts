import type { Payload } from '../contract/protocol.ts';

/** What every message carries, so that any receiver can time it and account for it. */
export interface Stamp {
  /** Number of the stream (one sender, one audience) that it belongs to. */
  readonly stream: number;
  /** Place within its stream, from 0, without gaps. Warm-up and measuring are numbered separately. */
  readonly seq: number;
  /** When it was due, on the run's clock. */
  readonly intendedNs: number;
  /** When it was handed to the driver; never before `intendedNs`. */
  readonly actualNs: number;
  /** False during warm-up. */
  readonly measured: boolean;
}

const TEXT_MARK = 'sb';
const BINARY_MARK = 0x5b;
const BINARY_STAMP_BYTES = 32;
/** The kind at byte 1 and zeros at bytes 2 and 3, read as one big-endian number. */
const BINARY_KIND = { measured: 0x010000, warmup: 0 } as const;
/** Mark and kind (3), then at most 5 + 7 + 11 + 8 base-36 digits with a separator after each. */
const TEXT_STAMP_BYTES = 40;

/** The smallest payload that has room for a stamp. */
export const MIN_PAYLOAD_BYTES = { text: TEXT_STAMP_BYTES, binary: BINARY_STAMP_BYTES } as const;

export type PayloadType = keyof typeof MIN_PAYLOAD_BYTES;

type StampWriter = (stamp: Stamp) => Payload;

/**
 * Returns a writer of text payloads: `sb` + `m` or `w`, then stream, seq, intended time and send lag in base 36,
 * each followed by a comma, then filling to exactly `payloadBytes` ASCII characters that JSON never escapes.
 */
function textStampWriter(payloadBytes: number): StampWriter {
  const filling = 'x'.repeat(payloadBytes);
  return (stamp) => {
    const lagNs = stamp.actualNs - stamp.intendedNs;
    const head = `${TEXT_MARK}${stamp.measured ? 'm' : 'w'}${stamp.stream.toString(36)},${stamp.seq.toString(36)},${stamp.intendedNs.toString(36)},${lagNs.toString(36)},`;
    return head + filling.slice(head.length);
  };
}

/** Returns a writer of binary payloads: little-endian mark, kind, stream, seq, intended and actual time, then zeros. */
function binaryStampWriter(payloadBytes: number): StampWriter {
  return (stamp) => {
    const bytes = Buffer.alloc(payloadBytes);
    bytes.writeUInt8(BINARY_MARK, 0);
    bytes.writeUIntBE(stamp.measured ? BINARY_KIND.measured : BINARY_KIND.warmup, 1, 3);
    bytes.writeUInt32LE(stamp.stream, 4);
    bytes.writeDoubleLE(stamp.seq, 8);
    bytes.writeDoubleLE(stamp.intendedNs, 16);
    bytes.writeDoubleLE(stamp.actualNs, 24);
    return bytes;
  };
}

/** Returns a writer of stamps into payloads of one fixed size. */
export function stampWriter(type: PayloadType, payloadBytes: number): StampWriter {
  return type === 'text' ? textStampWriter(payloadBytes) : binaryStampWriter(payloadBytes);
}

/** Reads the stamp at the beginning of a payload; null when there is none, or a damaged one. */
export function readStamp(payload: unknown): Stamp | null {
  if (typeof payload === 'string') return stampOfFields(TEXT_STAMP.exec(payload));
  if (payload instanceof Uint8Array) return readBinaryStamp(payload);
  return null;
}

const TEXT_STAMP = /^sb([mw])([0-9a-z]+),([0-9a-z]+),([0-9a-z]+),([0-9a-z]+),/;
const TEXT_STAMP_ANYWHERE = /sb([mw])([0-9a-z]+),([0-9a-z]+),([0-9a-z]+),([0-9a-z]+),/i;
/** How deep a message is searched. */
const MAX_LEVELS = 6;

/**
 * Finds the stamp in what a server made of a payload: at its beginning, or anywhere inside longer text or bytes, in
 * any field, in upper or lower case. Null when there is none.
 */
export function findStamp(data: unknown, levels = MAX_LEVELS): Stamp | null {
  // Most payloads come back unchanged.
  const atStart = readStamp(data);
  if (atStart !== null) return atStart;
  if (typeof data === 'string') return stampOfFields(TEXT_STAMP_ANYWHERE.exec(data));
  if (data instanceof Uint8Array) return findInBytes(data);
  if (typeof data !== 'object' || data === null || levels === 0) return null;
  for (const value of Object.values(data)) {
    const stamp = findStamp(value, levels - 1);
    if (stamp !== null) return stamp;
  }
  return null;
}

function findInBytes(bytes: Uint8Array): Stamp | null {
  for (let at = bytes.indexOf(BINARY_MARK); at >= 0; at = bytes.indexOf(BINARY_MARK, at + 1)) {
    const stamp = readBinaryStamp(bytes.subarray(at));
    if (stamp !== null) return stamp;
  }
  return stampOfFields(TEXT_STAMP_ANYWHERE.exec(Buffer.from(bytes).toString('latin1')));
}

function stampOfFields(fields: RegExpExecArray | null): Stamp | null {
  if (fields === null) return null;
  const [, kind, stream = '', seq = '', intended = '', lag = ''] = fields;
  const intendedNs = Number.parseInt(intended, 36);
  return soundOrNull({
    stream: Number.parseInt(stream, 36),
    seq: Number.parseInt(seq, 36),
    intendedNs,
    actualNs: intendedNs + Number.parseInt(lag, 36),
    measured: kind === 'm' || kind === 'M',
  });
}

function readBinaryStamp(payload: Uint8Array): Stamp | null {
  if (payload.length < BINARY_STAMP_BYTES || payload[0] !== BINARY_MARK) return null;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const kind = view.getUint32(0) & 0xffffff;
  if (kind !== BINARY_KIND.measured && kind !== BINARY_KIND.warmup) return null;
  return soundOrNull({
    stream: view.getUint32(4, true),
    seq: view.getFloat64(8, true),
    intendedNs: view.getFloat64(16, true),
    actualNs: view.getFloat64(24, true),
    measured: kind === BINARY_KIND.measured,
  });
}

/** Damaged numbers must not reach a histogram or the ledger, which NaN or a fraction would corrupt. */
function soundOrNull(stamp: Stamp): Stamp | null {
  const { stream, seq, intendedNs, actualNs } = stamp;
  const exact = [stream, seq, intendedNs, actualNs].every(Number.isSafeInteger);
  return exact && seq >= 0 && intendedNs >= 0 && actualNs >= intendedNs ? stamp : null;
}
