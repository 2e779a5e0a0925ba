import type { Payload } from '../contract/protocol.ts';
import {
  CODE_LIMIT,
  codeText,
  type FoundStamp,
  MIN_PAYLOAD_BYTES,
  type PayloadType,
  type Stamp,
  searchStamps,
  textStamp,
  writeBinaryStamp,
} from './stamp.ts';
import { readTextPayload } from './text-payload.ts';

/** What of a received payload is compared with the sent one; `nothing` where the server changes payloads on purpose. */
export type PayloadCheck = 'nothing' | 'length' | 'content';

export interface PayloadOptions {
  /** A whole number of 32 bits. The processes of a run share it, and other runs have another one. */
  readonly key: number;
  readonly payloadBytes: number;
  readonly check: PayloadCheck;
}

/** A received payload. */
export interface Reading {
  readonly stamp: Stamp;
  /**
   * `intact`: as it was sent. `corrupted`: the stamp was sent, but with a payload of another length or content.
   * `invented`: no client of this run sent this stamp, so that its numbers mean nothing.
   */
  readonly state: 'intact' | 'corrupted' | 'invented';
}

/** Writes the payloads of a run, and reads what a server made of them. */
export interface Payloads {
  /**
   * Writes a stamp with its code, and filling to the size of the plan, which repeats the code: every byte depends on the
   * run, the stream and the number. A stamp longer than that size has no filling.
   */
  readonly write: (stamp: Stamp, type: PayloadType) => Payload;
  /** Reads data that should be a payload, or an object that holds one. Null when they have no stamp. */
  readonly read: (data: unknown) => Reading | null;
  /** Reads data that should contain a payload somewhere. Null when they have no stamp. */
  readonly search: (data: unknown) => Reading | null;
  /** Reads a text payload that is as it was written, and is all of these bytes. Null for anything else. */
  readonly readBytes: (view: DataView, at: number, length: number) => Stamp | null;
  /** Changes the key, before anything is sent: shards agree on one when all have connected. */
  readonly useKey: (key: number) => void;
}

/** Creates the writer and the readers of one run. */
export function createPayloads({ key: firstKey, payloadBytes, check }: PayloadOptions): Payloads {
  let key = firstKey;
  const write = (stamp: Stamp, type: PayloadType) => WRITERS[type](stamp, codeOf(stamp, key), payloadBytes);
  const textPayloads = { payloadBytes, codeOf: (stamp: Stamp) => codeOf(stamp, key) };
  const isSent = ({ stamp, code }: FoundStamp) => code === codeOf(stamp, key);

  function isIntact(found: FoundStamp, isAlone: boolean): boolean {
    if (check === 'nothing') return true;
    const { stamp, type, holder, at, length } = found;
    const end = at + Math.max(payloadBytes, length);
    if (isAlone ? at !== 0 || holder.length !== end : !endsWithFilling(found, end)) return false;
    return check === 'length' || asText(holder).slice(at, end) === asText(write(stamp, type));
  }

  function readingOf(data: unknown, isPayload: (holder: Payload) => boolean): Reading | null {
    const { accepted, first } = searchStamps(data, isSent);
    if (accepted === null) return first === null ? null : { stamp: first.stamp, state: 'invented' };
    const state = isIntact(accepted, isPayload(accepted.holder)) ? 'intact' : 'corrupted';
    return { stamp: accepted.stamp, state };
  }

  return {
    write,
    read: (data) => readingOf(data, (holder) => holder === data),
    search: (data) => readingOf(data, () => false),
    readBytes: (view, at, length) => readTextPayload(textPayloads, view, at, length),
    useKey: (next) => {
      key = next;
    },
  };
}

const WRITERS = {
  text(stamp: Stamp, code: number, payloadBytes: number): string {
    const head = textStamp(stamp, code);
    if (head.length >= payloadBytes) return head;
    return (
      head +
      Buffer.allocUnsafe(payloadBytes - head.length)
        .fill(codeText(code))
        .toString('latin1')
    );
  },
  binary(stamp: Stamp, code: number, payloadBytes: number): Buffer {
    const bytes = Buffer.allocUnsafe(Math.max(payloadBytes, MIN_PAYLOAD_BYTES.binary));
    writeBinaryStamp(bytes, stamp, code);
    return bytes.fill(codeBytes(code), MIN_PAYLOAD_BYTES.binary);
  },
} as const;

function codeBytes(code: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(code);
  return bytes;
}

/** Bytes as text of as many characters. */
function asText(payload: Payload): string {
  if (typeof payload === 'string') return payload;
  return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('latin1');
}

/**
 * Whether a payload inside other data goes on to its last character, in upper or lower case. The length of the data does
 * not show that.
 */
function endsWithFilling({ holder, at, length, type, code }: FoundStamp, end: number): boolean {
  if (holder.length < end) return false;
  const filling = type === 'text' ? Buffer.from(codeText(code)) : codeBytes(code);
  const start = at + length;
  for (let index = Math.max(start, end - filling.length); index < end; index++) {
    const received = typeof holder === 'string' ? holder.charCodeAt(index) : (holder[index] ?? Number.NaN);
    const sent = filling[(index - start) % filling.length];
    if (received !== sent && (type === 'binary' || lowerCase(received) !== sent)) return false;
  }
  return true;
}

function lowerCase(character: number): number {
  return String.fromCharCode(character).toLowerCase().charCodeAt(0);
}

/**
 * The code of a stamp: a hash of all its fields and of the key of the run. A server that changes a stamp, or sends one of
 * another run, gives it away by a code that does not match, but for one case in two billion.
 *
 * Source: MurmurHash3_x86_32 by Austin Appleby, in the public domain.
 */
function codeOf({ stream, seq, intendedNs, actualNs, measured }: Stamp, key: number): number {
  let hash = mixWord(key, measured ? 1 : 0);
  hash = mixWord(hash, stream);
  hash = mixNumber(hash, seq);
  hash = mixNumber(hash, intendedNs);
  hash = mixNumber(hash, actualNs);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % CODE_LIMIT;
}

/** Mixes a whole number of up to 53 bits into a hash. */
function mixNumber(hash: number, value: number): number {
  return mixWord(mixWord(hash, value), Math.floor(value / 2 ** 32));
}

/** Mixes the lower 32 bits of a whole number into a hash. */
function mixWord(hash: number, value: number): number {
  const scrambled = Math.imul(value, 0xcc9e2d51);
  const word = Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b873593);
  const mixed = hash ^ word;
  return Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64;
}
