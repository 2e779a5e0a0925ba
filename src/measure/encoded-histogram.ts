import { deflateSync, inflateSync } from 'node:zlib';
import { messageOf } from '../errors.ts';

/**
 * The encoded form of a histogram: HdrHistogram V2, compressed, base64. Whoever reads it is safe from what others wrote:
 * lengths are checked before anything is decoded.
 *
 *     cookie, length of the rest | deflated: cookie, length of the counts, normalizing index offset,
 *                                            significant digits, lowest, highest, conversion ratio | counts
 *
 * Source: HdrHistogram's AbstractHistogram.java, encodeIntoByteBuffer and encodeIntoCompressedByteBuffer.
 */
const COMPRESSED_COOKIE = 0x1c849314;
const COOKIE = 0x1c849313;
const COMPRESSED_HEADER_BYTES = 8;
const HEADER_BYTES = 40;
const AT = { countsBytes: 4, offset: 8, digits: 12, lowest: 16, highest: 24, ratio: 32 } as const;

/** A count takes at most nine bytes: ZigZag LEB128-64b9B. */
const MAX_COUNT_BYTES = 9;

/** What all histograms of sockbench have in common. */
export interface Geometry {
  readonly digits: number;
  readonly lowestNs: number;
  readonly highestNs: number;
  /** The number of buckets. */
  readonly buckets: number;
}

/** Calls back for each count that is not 0, by ascending index of its bucket. */
type OnCount = (index: number, count: number) => void;

/** What an encoded histogram holds. */
export interface EncodedSize {
  /** The number of values. */
  readonly count: number;
  /** Its length when it is inflated. */
  readonly bytes: number;
}

/**
 * Repairs what hdr-histogram-js 3.0.1 writes into the header: the normalizing index offset must be 0, not 1, and the
 * conversion ratio the double 1.0, not the integer 1. The Java reader accepts it; the Rust and C readers reject such a
 * histogram.
 */
export function repairEncoded(base64: string): string {
  const outer = Buffer.from(base64, 'base64');
  const payload = inflateSync(outer.subarray(COMPRESSED_HEADER_BYTES));
  payload.writeInt32BE(0, AT.offset);
  payload.writeDoubleBE(1, AT.ratio);
  const compressed = deflateSync(payload);
  const header = Buffer.from(outer.subarray(0, COMPRESSED_HEADER_BYTES));
  header.writeInt32BE(compressed.length, 4);
  return Buffer.concat([header, compressed]).toString('base64');
}

/**
 * Reads the counts of an encoded histogram. Throws an Error, whose message is a clause, when it is damaged, has another
 * geometry, or is longer than a histogram of this geometry can be.
 */
export function readEncoded(base64: string, geometry: Geometry, onCount: OnCount): EncodedSize {
  const payload = inflate(base64, HEADER_BYTES + geometry.buckets * MAX_COUNT_BYTES);
  requireHeader(payload, geometry);
  return { count: readCounts(payload, geometry.buckets, onCount), bytes: payload.length };
}

function inflate(base64: string, maxBytes: number): Buffer {
  // Deflating adds a few bytes where it saves none, and base64 a third.
  if (base64.length > 2 * maxBytes) throw new Error('it is longer than any histogram');
  const outer = Buffer.from(base64, 'base64');
  if (outer.length < COMPRESSED_HEADER_BYTES || outer.readUInt32BE(0) !== COMPRESSED_COOKIE) {
    throw new Error('it is not a compressed HdrHistogram V2');
  }
  if (outer.readUInt32BE(4) !== outer.length - COMPRESSED_HEADER_BYTES)
    throw new Error('its length is wrong');
  try {
    return inflateSync(outer.subarray(COMPRESSED_HEADER_BYTES), { maxOutputLength: maxBytes });
  } catch (error) {
    throw new Error(`it cannot be inflated: ${messageOf(error)}`);
  }
}

function requireHeader(payload: Buffer, { digits, lowestNs, highestNs }: Geometry): void {
  if (payload.length < HEADER_BYTES || payload.readUInt32BE(0) !== COOKIE) {
    throw new Error('it is not an HdrHistogram V2');
  }
  if (payload.readUInt32BE(AT.countsBytes) !== payload.length - HEADER_BYTES) {
    throw new Error('the length of its counts is wrong');
  }
  const isOurs =
    payload.readUInt32BE(AT.digits) === digits &&
    payload.readBigUInt64BE(AT.lowest) === BigInt(lowestNs) &&
    payload.readBigUInt64BE(AT.highest) === BigInt(highestNs);
  if (!isOurs) throw new Error('its range or precision is not that of sockbench');
}

/** A positive number is a count, a negative one stands for so many buckets without values. */
function readCounts(payload: Buffer, buckets: number, onCount: OnCount): number {
  let total = 0;
  let index = 0;
  let at = HEADER_BYTES;
  while (at < payload.length) {
    let value = 0;
    let factor = 1;
    let byte = 0x80;
    for (let length = 1; byte >= 0x80; length++) {
      if (at >= payload.length) throw new Error('its last count is cut off');
      byte = payload[at++] ?? 0;
      // The ninth byte has eight bits of the number, all others seven.
      value += (length === MAX_COUNT_BYTES ? byte : byte & 0x7f) * factor;
      factor *= 0x80;
      if (length === MAX_COUNT_BYTES) break;
    }
    const count = value % 2 === 0 ? value / 2 : 0;
    total += count;
    if (!Number.isSafeInteger(total)) throw new Error('it holds more than 2^53 values');
    const next = index + (value % 2 === 0 ? 1 : (value + 1) / 2);
    if (next > buckets) throw new Error('it has more counts than buckets');
    if (count > 0) onCount(index, count);
    index = next;
  }
  return total;
}
