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
/** Filling repeats its six digits, so bytes that are this far apart are equal, and words too. */
const PERIOD = 12;

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

/** Whether the bytes from `at` to `end` repeat the code that begins at `code`. */
function isFilling(view: DataView, code: number, at: number, end: number): boolean {
  let place = at;
  for (let digit = 0; place < Math.min(end, at + PERIOD); place++) {
    if (view.getUint8(place) !== view.getUint8(code + digit)) return false;
    digit = digit === CODE_DIGITS - 1 ? 0 : digit + 1;
  }
  for (; place <= end - 4; place += 4) {
    if (view.getInt32(place) !== view.getInt32(place - PERIOD)) return false;
  }
  for (; place < end; place++) if (view.getUint8(place) !== view.getUint8(place - PERIOD)) return false;
  return true;
}

/** How text payloads of a run are written: see {@link file://./payload.ts}. */
export interface TextPayloads {
  readonly payloadBytes: number;
  readonly codeOf: (stamp: Stamp) => number;
}

/**
 * Reads a text payload of which every byte is as it was written: the `length` bytes at `at`. Null for anything else,
 * which is left to a search. It makes no text of the bytes.
 */
export function readTextPayload(
  { payloadBytes, codeOf }: TextPayloads,
  view: DataView,
  at: number,
  length: number,
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
  if (field.next < 0 || length !== Math.max(payloadBytes, field.next - at)) return null;
  const stamp = { stream, seq, intendedNs, actualNs, measured: kind === M };
  if (field.value !== codeOf(stamp) || !isFilling(view, code, field.next, end)) return null;
  return stamp;
}
