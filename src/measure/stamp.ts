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

/** Whether two stamps are of the same message. */
export function isSameStamp(a: Stamp, b: Stamp): boolean {
  const isSameNumber = a.stream === b.stream && a.seq === b.seq && a.measured === b.measured;
  return isSameNumber && a.intendedNs === b.intendedNs && a.actualNs === b.actualNs;
}

/** A stamp in received data. */
export interface FoundStamp {
  readonly stamp: Stamp;
  /** The code that follows the stamp, which shows whether it was sent in this run: see payload.ts. */
  readonly code: number;
  readonly type: PayloadType;
  /** The text or bytes in which it was found. */
  readonly holder: Payload;
  /** Where in `holder` it begins, and the length of stamp and code, in characters or bytes. */
  readonly at: number;
  readonly length: number;
  /** The lists and objects that hold `holder`, outermost first. */
  readonly containers: readonly unknown[];
}

const TEXT_MARK = 'sb';
const BINARY_MARK = 0x5b;
const BINARY_STAMP_BYTES = 36;
/** The kind at byte 1 and zeros at bytes 2 and 3, read as one big-endian number. */
const BINARY_KIND = { measured: 0x010000, warmup: 0 } as const;
/** Mark and kind (3), then at most 5 + 7 + 11 + 8 + 6 base-36 digits with a separator after each. */
const TEXT_STAMP_BYTES = 48;
/** A code has this many digits in text. */
export const CODE_DIGITS = 6;
/** Codes are below this, so that they have six digits of base 36. */
export const CODE_LIMIT = 36 ** CODE_DIGITS;

/** The smallest payload that has room for a stamp. */
export const MIN_PAYLOAD_BYTES = { text: TEXT_STAMP_BYTES, binary: BINARY_STAMP_BYTES } as const;

export type PayloadType = keyof typeof MIN_PAYLOAD_BYTES;

const PAIRS = Array.from({ length: 36 ** 2 }, (_, pair) => pair.toString(36).padStart(2, '0'));

/** Writes a code as it stands in text. A table of pairs of digits takes a tenth of the time of `toString(36)`. */
export function codeText(code: number): string {
  const upper = Math.floor(code / 36 ** 4);
  const middle = Math.floor(code / 36 ** 2) % 36 ** 2;
  return `${PAIRS[upper]}${PAIRS[middle]}${PAIRS[code % 36 ** 2]}`;
}

/**
 * Writes a stamp as text: `sb` + `m` or `w`, then stream, seq, intended time, send lag and code in base 36, each followed
 * by a comma. JSON never escapes it.
 */
export function textStamp({ stream, seq, intendedNs, actualNs, measured }: Stamp, code: number): string {
  const lagNs = actualNs - intendedNs;
  return `${TEXT_MARK}${measured ? 'm' : 'w'}${stream.toString(36)},${seq.toString(36)},${intendedNs.toString(36)},${lagNs.toString(36)},${codeText(code)},`;
}

/** Writes a stamp to the start of bytes: mark, kind, then little-endian stream, seq, intended and actual time, code. */
export function writeBinaryStamp(bytes: Buffer, stamp: Stamp, code: number): void {
  bytes.writeUInt8(BINARY_MARK, 0);
  bytes.writeUIntBE(stamp.measured ? BINARY_KIND.measured : BINARY_KIND.warmup, 1, 3);
  bytes.writeUInt32LE(stamp.stream, 4);
  bytes.writeDoubleLE(stamp.seq, 8);
  bytes.writeDoubleLE(stamp.intendedNs, 16);
  bytes.writeDoubleLE(stamp.actualNs, 24);
  bytes.writeUInt32LE(code, 32);
}

/** How much of one message is searched: characters and bytes in all, values, and how deep they are nested. */
export const SEARCH_LIMITS = { characters: 2 ** 20, values: 10_000, levels: 6 } as const;

/**
 * Finds the stamp in what a server made of a payload: at its beginning, or anywhere inside longer text or bytes, in any
 * field, in upper or lower case. Null when there is none within {@link SEARCH_LIMITS}.
 */
export function findStamp(data: unknown): Stamp | null {
  return searchStamps(data, () => true).accepted?.stamp ?? null;
}

/** Searches data for the first stamp that `accepts` accepts. The time is at most in proportion to {@link SEARCH_LIMITS}. */
export function searchStamps(data: unknown, accepts: (found: FoundStamp) => boolean): StampSearch {
  const { characters, values } = SEARCH_LIMITS;
  const search: StampSearch = { accepts, accepted: null, first: null, characters, values, containers: [] };
  searchValue(data, search, SEARCH_LIMITS.levels);
  return search;
}

/** A search, and the stamps that it found. */
export interface StampSearch {
  readonly accepts: (found: FoundStamp) => boolean;
  /** The first one that was accepted, where the search ended. */
  accepted: FoundStamp | null;
  /** The first one of all; null when the data have none. */
  first: FoundStamp | null;
  /** How many characters and values may still be searched. */
  characters: number;
  values: number;
  /** The lists and objects that are searched now, outermost first. */
  readonly containers: unknown[];
}

function searchValue(data: unknown, search: StampSearch, levels: number): void {
  search.values -= 1;
  if (typeof data === 'string') searchText(data, data, search);
  else if (data instanceof Uint8Array) searchBytes(data, search);
  else if (typeof data === 'object' && data !== null && levels > 0) {
    search.containers.push(data);
    for (const value of Array.isArray(data) ? data : Object.values(data)) {
      if (search.accepted !== null || search.values <= 0 || search.characters <= 0) break;
      searchValue(value, search, levels - 1);
    }
    search.containers.pop();
  }
}

/** Notes a stamp; true when the search is over. */
function takeFound(found: FoundStamp | null, search: StampSearch): boolean {
  if (found === null) return false;
  search.first ??= found;
  if (search.accepts(found)) search.accepted = found;
  return search.accepted !== null;
}

/** Limits the digits of each field, so that text that only looks like stamps is left after a few characters. */
const TEXT_STAMP =
  /sb([mw])([0-9a-z]{1,7}),([0-9a-z]{1,11}),([0-9a-z]{1,11}),([0-9a-z]{1,11}),([0-9a-z]{6}),/gi;

/** Searches text; `holder` is what the text stands for. */
function searchText(text: string, holder: Payload, search: StampSearch): void {
  const searched = text.length > search.characters ? text.slice(0, search.characters) : text;
  search.characters -= searched.length;
  TEXT_STAMP.lastIndex = 0;
  for (let fields = TEXT_STAMP.exec(searched); fields !== null; fields = TEXT_STAMP.exec(searched)) {
    if (takeFound(foundInText(fields, holder, search.containers), search)) return;
    // A stamp may begin within what only looked like one.
    TEXT_STAMP.lastIndex = fields.index + TEXT_MARK.length;
  }
}

function foundInText(
  fields: RegExpExecArray,
  holder: Payload,
  containers: readonly unknown[],
): FoundStamp | null {
  // Named one by one: destructuring iterates, which takes longer than all the rest.
  const number = (field: number) => Number.parseInt(fields[field] ?? '', 36);
  const intendedNs = number(4);
  const stamp = {
    stream: number(2),
    seq: number(3),
    intendedNs,
    actualNs: intendedNs + number(5),
    measured: fields[1] === 'm' || fields[1] === 'M',
  };
  if (!isSound(stamp)) return null;
  const [at, length] = [fields.index, fields[0].length];
  return { stamp, code: number(6), type: 'text', holder, at, length, containers: [...containers] };
}

function searchBytes(bytes: Uint8Array, search: StampSearch): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const searched = Math.min(bytes.length, search.characters);
  for (let at = 0; at <= searched - BINARY_STAMP_BYTES; at++) {
    if (bytes[at] === BINARY_MARK && takeFound(foundInBytes(bytes, view, at), search)) return;
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, searched).toString('latin1');
  searchText(text, bytes, search);
}

function foundInBytes(holder: Uint8Array, view: DataView, at: number): FoundStamp | null {
  const kind = view.getUint32(at) & 0xffffff;
  if (kind !== BINARY_KIND.measured && kind !== BINARY_KIND.warmup) return null;
  const stamp = {
    stream: view.getUint32(at + 4, true),
    seq: view.getFloat64(at + 8, true),
    intendedNs: view.getFloat64(at + 16, true),
    actualNs: view.getFloat64(at + 24, true),
    measured: kind === BINARY_KIND.measured,
  };
  if (!isSound(stamp)) return null;
  const code = view.getUint32(at + 32, true);
  return { stamp, code, type: 'binary', holder, at, length: BINARY_STAMP_BYTES, containers: [] };
}

/** Damaged numbers must not reach a histogram or the ledger, which NaN or a fraction would corrupt. */
function isSound({ stream, seq, intendedNs, actualNs }: Stamp): boolean {
  if (!Number.isSafeInteger(stream) || !Number.isSafeInteger(seq)) return false;
  if (!Number.isSafeInteger(intendedNs) || !Number.isSafeInteger(actualNs)) return false;
  return seq >= 0 && intendedNs >= 0 && actualNs >= intendedNs;
}
