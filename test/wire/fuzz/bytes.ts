import type { Dice } from '../../support/dice.ts';

/** Random bytes, up to `maxLength`. */
export function randomBytesOf({ below }: Dice, maxLength: number): Buffer {
  return Buffer.from(Array.from({ length: below(maxLength + 1) }, () => below(256)));
}

/** Bytes that decide what parsers of frames, of HTTP and of packets do. */
const TELLING = [0, 1, 0x0a, 0x0d, 0x3a, 0x7d, 0x7e, 0x7f, 0x80, 0x81, 0x88, 0x89, 0xc1, 0xed, 0xf4, 0xff];

/** Damages bytes in up to three places: replaced, removed, doubled, inserted, or the end is cut off. */
export function damagedBytes(original: Buffer, dice: Dice): Buffer {
  const { below, oneOf } = dice;
  let bytes = Buffer.from(original);
  for (let count = below(4); count > 0; count--) {
    const at = below(bytes.length + 1);
    const to = Math.min(bytes.length, at + below(20));
    const [before, part, after] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)];
    const inserted = below(2) === 0 ? randomBytesOf(dice, 8) : Buffer.from([oneOf(TELLING)]);
    const changed = [
      [before, inserted, after],
      [before, after],
      [before, part, part, after],
      [before, inserted, part, after],
      [before],
    ];
    bytes = Buffer.concat(oneOf(changed));
  }
  return bytes;
}

/** Cuts bytes into up to six pieces; some are empty. */
export function piecesOf(bytes: Buffer, { below }: Dice): Buffer[] {
  const ends = Array.from({ length: below(6) }, () => below(bytes.length + 1));
  const sorted = [...ends, bytes.length].sort((a, b) => a - b);
  return sorted.map((end, at) => bytes.subarray(sorted[at - 1] ?? 0, end));
}

/** Single bytes. */
export const octetsOf = (bytes: Buffer): Buffer[] => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
