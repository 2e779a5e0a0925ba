import { deflateSync, inflateSync } from 'node:zlib';
import { messageOf } from '../errors.ts';
import { NumberWriter } from './number-writer.ts';

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
const AT = { countsBytes: 4, digits: 12, lowest: 16, highest: 24, ratio: 32 } as const;

/** Of zlib, whose own 16 KiB would be garbage after each of the histograms, which are smaller. Buffers of 2 KiB are pooled. */
const CHUNKS = { chunkSize: 2048 } as const;

/** For all histograms, one after the other. */
const writer = new NumberWriter();

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

/** Is called for each count that is not 0, by ascending index of its bucket. */
type OnCount = (index: number, count: number) => void;

/** What an encoded histogram holds. */
export interface EncodedSize {
  /** The number of values. */
  readonly count: number;
  /** Its length when it is inflated. */
  readonly bytes: number;
}

/**
 * Writes an encoded histogram. `eachCount` calls back for each count that is not 0, by ascending index of its bucket.
 * hdr-histogram-js 3.0.1 would write a normalizing index offset of 1 and an integer as conversion ratio, which the Rust
 * and C readers reject.
 */
export function writeEncoded(geometry: Geometry, eachCount: (onCount: OnCount) => void): string {
  writer.clear();
  let next = 0;
  eachCount((index, count) => {
    // A single empty bucket is a count of 0, several are a negative number.
    if (index > next) writer.write(index - next === 1 ? 0 : 2 * (index - next) - 1);
    writer.write(2 * count);
    next = index + 1;
  });
  // An empty histogram has one count of 0.
  if (next === 0) writer.write(0);
  const counts = writer.bytes();
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(COOKIE, 0);
  header.writeUInt32BE(counts.length, AT.countsBytes);
  header.writeUInt32BE(geometry.digits, AT.digits);
  header.writeBigUInt64BE(BigInt(geometry.lowestNs), AT.lowest);
  header.writeBigUInt64BE(BigInt(geometry.highestNs), AT.highest);
  header.writeDoubleBE(1, AT.ratio);
  const deflated = deflateSync(Buffer.concat([header, counts]), CHUNKS);
  const outer = Buffer.alloc(COMPRESSED_HEADER_BYTES);
  outer.writeUInt32BE(COMPRESSED_COOKIE, 0);
  outer.writeUInt32BE(deflated.length, 4);
  return Buffer.concat([outer, deflated]).toString('base64');
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
    return inflateSync(outer.subarray(COMPRESSED_HEADER_BYTES), { ...CHUNKS, maxOutputLength: maxBytes });
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
