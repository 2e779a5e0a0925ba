import { isEqualBytes, isFilling } from './filling.ts';
import type { AroundStamp, PayloadContents } from './payload-contents.ts';
import { CODE_DIGITS, type Stamp } from './stamp.ts';

/** The value of each digit of base 36 in lower case; 36 for every other byte. */
const DIGITS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = '0123456789abcdefghijklmnopqrstuvwxyz'.indexOf(String.fromCharCode(byte));
  return digit < 0 ? 36 : digit;
});
const COMMA = 0x2c;
const [S, B, M, W] = Buffer.from('sbmw');
/** The longest field of a stamp has 11 digits. */
const MAX_DIGITS = 11;

/** What was read last: a number, and where the bytes after it begin; -1 where there was none. */
const field = { value: 0, next: -1 };

/** Reads digits and the comma after them, written as `toString(36)` does. */
function readField(view: DataView, at: number, end: number): void {
  const limit = Math.min(end, at + MAX_DIGITS + 1);
  let value = 0;
  let place = at;
  field.next = -1;
  for (; place < limit; place++) {
    const digit = DIGITS[view.getUint8(place)] ?? 36;
    if (digit === 36) break;
    value = value * 36 + digit;
  }
  const digits = place - at;
  if (digits === 0 || digits > MAX_DIGITS || place === limit || view.getUint8(place) !== COMMA) return;
  if (digits > 1 && DIGITS[view.getUint8(at)] === 0) return;
  if (value > Number.MAX_SAFE_INTEGER) return;
  field.value = value;
  field.next = place + 1;
}

/** Reads the six digits of a code, and the comma after them. */
function readCode(view: DataView, at: number, end: number): void {
  field.next = -1;
  if (at + CODE_DIGITS >= end || view.getUint8(at + CODE_DIGITS) !== COMMA) return;
  let value = 0;
  for (let place = at; place < at + CODE_DIGITS; place++) {
    const digit = DIGITS[view.getUint8(place)] ?? 36;
    if (digit === 36) return;
    value = value * 36 + digit;
  }
  field.value = value;
  field.next = at + CODE_DIGITS + 1;
}

/** How text payloads of a run are written: see {@link file://./payload.ts}. */
export interface TextPayloads {
  readonly contents: PayloadContents;
  readonly codeOf: (stamp: Stamp) => number;
}

/** The tails of files as bytes, by form. */
const tails = new WeakMap<AroundStamp, DataView>();

function tailOf(surroundings: AroundStamp): DataView {
  let tail = tails.get(surroundings);
  if (tail === undefined) {
    const bytes = Buffer.from(surroundings.tail);
    tail = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    tails.set(surroundings, tail);
  }
  return tail;
}

/**
 * Reads a text payload of which every byte is as it was written in this form, from its stamp on: the `length` bytes at
 * `at`. Null for anything else, which is left to a search. It makes no text of the bytes.
 */
export function readTextPayload(
  { contents, codeOf }: TextPayloads,
  view: DataView,
  at: number,
  length: number,
  form: number,
): Stamp | null {
  const end = at + length;
  if (length < 16 || view.getUint8(at) !== S || view.getUint8(at + 1) !== B) return null;
  const kind = view.getUint8(at + 2);
  if (kind !== M && kind !== W) return null;
  readField(view, at + 3, end);
  const stream = field.value;
  if (field.next < 0) return null;
  readField(view, field.next, end);
  const seq = field.value;
  if (field.next < 0) return null;
  readField(view, field.next, end);
  const intendedNs = field.value;
  if (field.next < 0) return null;
  readField(view, field.next, end);
  const actualNs = intendedNs + field.value;
  const code = field.next;
  if (code < 0 || actualNs > Number.MAX_SAFE_INTEGER) return null;
  readCode(view, code, end);
  if (field.next < 0) return null;
  const from = field.next;
  const stamp = { stream, seq, intendedNs, actualNs, measured: kind === M };
  if (field.value !== codeOf(stamp)) return null;
  const content = contents.of(stamp);
  if (content.kind === 'file') {
    const surroundings = content.file.forms?.[form];
    if (surroundings === undefined) return null;
    const tail = tailOf(surroundings);
    if (end - from !== tail.byteLength) return null;
    return isEqualBytes(view, from, tail, 0, tail.byteLength) ? stamp : null;
  }
  if (length !== Math.max(content.payloadBytes, from - at)) return null;
  return isFilling(view, from, end, field.value) ? stamp : null;
}
