import type { Payload } from '../contract/protocol.ts';
import { fillingByte, fillingText, writeFilling } from './filling.ts';
import {
  containsValue,
  type PayloadContent,
  type PayloadContents,
  type SentFile,
} from './payload-contents.ts';
import {
  CODE_LIMIT,
  type FoundStamp,
  MIN_PAYLOAD_BYTES,
  type PayloadType,
  type Stamp,
  searchStamps,
  textStamp,
  writeBinaryStamp,
} from './stamp.ts';
import { readTextPayload } from './text-payload.ts';

/** What of a received payload is compared with the sent one; `nothing` where the server changes payloads intentionally. */
export type PayloadCheck = 'nothing' | 'length' | 'content';

export interface PayloadOptions {
  /** A whole number of 32 bits. The processes of a run share it, and other runs have another one. */
  readonly key: number;
  readonly contents: PayloadContents;
  readonly check: PayloadCheck;
}

/** A text payload as bytes, as one of the ways in which a message may hold it. */
export interface WrittenForm {
  readonly bytes: Buffer;
  /** Where its stamp begins in `bytes`. */
  readonly stampAt: number;
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
   * Writes a stamp with its code, and what the plan says: filling up to a size, which the code chooses, so that every byte
   * depends on the run, the stream and the number; or a file. A stamp longer than that size has no filling.
   */
  readonly write: (stamp: Stamp, type: PayloadType) => Payload;
  /** Writes a payload of the largest size. */
  readonly writeLargest: (type: PayloadType) => Payload;
  /** Reads data that should be a payload, or an object that holds one. Null when they have no stamp. */
  readonly read: (data: unknown) => Reading | null;
  /** Reads data that should contain a payload somewhere. Null when they have no stamp. */
  readonly search: (data: unknown) => Reading | null;
  /** The ways in which a message may hold the text payload of a stamp, by the number that {@link readBytes} takes. */
  readonly formsOf: (stamp: Stamp) => readonly WrittenForm[];
  /**
   * Reads a text payload that is as it was written in this form, from its stamp on: all of these bytes. Null for anything
   * else.
   */
  readonly readBytes: (view: DataView, at: number, length: number, form: number) => Stamp | null;
  /** Changes the key, before anything is sent: shards agree on one when all have connected. */
  readonly useKey: (key: number) => void;
}

/** Creates the writer and the readers of one run. */
export function createPayloads({ key: firstKey, contents, check }: PayloadOptions): Payloads {
  let key = firstKey;
  const write = (stamp: Stamp, type: PayloadType, content = contents.of(stamp)) =>
    WRITERS[type](stamp, codeOf(stamp, key), content);
  const textPayloads = { contents, codeOf: (stamp: Stamp) => codeOf(stamp, key) };
  const isSent = ({ stamp, code }: FoundStamp) => code === codeOf(stamp, key);

  function isIntact(found: FoundStamp, isAlone: boolean): boolean {
    if (check === 'nothing') return true;
    const { stamp, type, holder, at, length } = found;
    const content = contents.of(stamp);
    if (content.kind === 'file' && type === 'text') return isFileIntact(found, content.file, isAlone, check);
    const payloadBytes = content.kind === 'file' ? length + content.file.bytes.length : content.payloadBytes;
    const end = at + Math.max(payloadBytes, length);
    if (isAlone ? at !== 0 || holder.length !== end : !endsAsSent(found, content, end)) return false;
    return check === 'length' || asText(holder).slice(at, end) === asText(write(stamp, type));
  }

  function readingOf(data: unknown, isPayload: (holder: Payload) => boolean): Reading | null {
    const { accepted, first } = searchStamps(data, isSent);
    if (accepted === null) return first === null ? null : { stamp: first.stamp, state: 'invented' };
    const state = isIntact(accepted, isPayload(accepted.holder)) ? 'intact' : 'corrupted';
    return { stamp: accepted.stamp, state };
  }

  return {
    write: (stamp, type) => write(stamp, type),
    writeLargest: (type) => write(NO_STAMP, type, contents.largest(type)),
    read: (data) => readingOf(data, (holder) => holder === data),
    search: (data) => readingOf(data, () => false),
    formsOf: (stamp) =>
      writtenForms(contents.of(stamp), textStamp(stamp, codeOf(stamp, key)), write(stamp, 'text')),
    readBytes: (view, at, length, form) => readTextPayload(textPayloads, view, at, length, form),
    useKey: (next) => {
      key = next;
    },
  };
}

/** The stamp of a message that is measured and not sent. */
const NO_STAMP: Stamp = { stream: 0, seq: 0, intendedNs: 0, actualNs: 0, measured: false };

const WRITERS = {
  text(stamp: Stamp, code: number, content: PayloadContent): string {
    const written = textStamp(stamp, code);
    if (content.kind === 'filling')
      return written + fillingText(code, Math.max(0, content.payloadBytes - written.length));
    // Plans refuse a file that is no text before anything is sent.
    const [{ head, tail }] = content.file.forms ?? NO_FORMS;
    return head + written + tail;
  },
  binary(stamp: Stamp, code: number, content: PayloadContent): Buffer {
    const stampBytes = MIN_PAYLOAD_BYTES.binary;
    const size = content.kind === 'file' ? stampBytes + content.file.bytes.length : content.payloadBytes;
    const bytes = Buffer.allocUnsafe(Math.max(size, stampBytes));
    writeBinaryStamp(bytes, stamp, code);
    if (content.kind === 'file') content.file.bytes.copy(bytes, stampBytes);
    else writeFilling(bytes, stampBytes, code);
    return bytes;
  },
} as const;

const NO_FORMS = [{ head: '', tail: '' }] as const;

function writtenForms(content: PayloadContent, stamp: string, plain: Payload): WrittenForm[] {
  if (content.kind === 'filling') return [{ bytes: Buffer.from(asText(plain), 'latin1'), stampAt: 0 }];
  return (content.file.forms ?? NO_FORMS).map(({ head, tail }) => ({
    bytes: Buffer.from(head + stamp + tail),
    stampAt: Buffer.byteLength(head),
  }));
}

/** Bytes as text of as many characters. */
function asText(payload: Payload): string {
  if (typeof payload === 'string') return payload;
  return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('latin1');
}

/** How many bytes at the end of a payload inside other data are compared, as its length does not show there. */
const COMPARED_AT_END = 6;

/** Whether a payload inside other data goes on to its last character, in upper or lower case. */
function endsAsSent(
  { holder, at, length, type, code }: FoundStamp,
  content: PayloadContent,
  end: number,
): boolean {
  if (holder.length < end) return false;
  const start = at + length;
  for (let index = Math.max(start, end - COMPARED_AT_END); index < end; index++) {
    const received = typeof holder === 'string' ? holder.charCodeAt(index) : (holder[index] ?? Number.NaN);
    const place = index - start;
    const sent = content.kind === 'file' ? content.file.bytes[place] : fillingByte(code, place);
    if (received !== sent && (type === 'binary' || lowerCase(received) !== sent)) return false;
  }
  return true;
}

function isSameEnd(received: string, sent: string): boolean {
  return received.slice(-COMPARED_AT_END).toLowerCase() === sent.slice(-COMPARED_AT_END).toLowerCase();
}

function lowerCase(character: number): number {
  return String.fromCharCode(character).toLowerCase().charCodeAt(0);
}

/** Whether the text payload of a file was received whole: as text, as text within JSON, or as the value of its JSON. */
function isFileIntact(
  { holder, at, length, containers }: FoundStamp,
  { forms, json }: SentFile,
  isAlone: boolean,
  check: Exclude<PayloadCheck, 'nothing'>,
): boolean {
  const text = asText(holder);
  const isInBytes = typeof holder !== 'string';
  for (const form of forms ?? NO_FORMS) {
    const head = isInBytes ? asText(Buffer.from(form.head)) : form.head;
    const tail = isInBytes ? asText(Buffer.from(form.tail)) : form.tail;
    const [start, from] = [at - head.length, at + length];
    const end = from + tail.length;
    if (isAlone ? start !== 0 || text.length !== end : start < 0 || text.length < end) continue;
    if (check === 'content') {
      if (text.slice(start, at) === head && text.slice(from, end) === tail) return true;
    } else if (isAlone || isSameEnd(text.slice(from, end), tail)) return true;
  }
  if (json === null) return false;
  const whole = json.depth === 0 ? holder : containers.at(-json.depth);
  return containsValue(whole, json.value, text.slice(at, at + length));
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
