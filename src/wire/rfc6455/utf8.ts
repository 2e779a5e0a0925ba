import { isUtf8 } from 'node:buffer';

/** A character of UTF-8 has at most this many bytes (RFC 3629, section 3). */
const MAX_CHARACTER_BYTES = 4;
/** The smallest and the largest byte that continues a character. */
const [SMALLEST, LARGEST] = [0x80, 0xbf];

/** Checks text that arrives in parts. A violation is found with the byte that makes it one (RFC 6455, section 8.1). */
export class Utf8Check {
  /** The beginning of a character that is not complete. */
  #rest: Buffer = Buffer.alloc(0);

  /** Takes the next part of the text; returns whether the text so far can still become UTF-8. */
  push(part: Buffer): boolean {
    const text = this.#rest.length === 0 ? part : Buffer.concat([this.#rest, part]);
    const end = text.length - unfinishedBytes(text);
    // The part may be lent.
    this.#rest = Buffer.from(text.subarray(end));
    return isUtf8(text.subarray(0, end)) && canContinue(this.#rest);
  }

  /** Whether the text ends with a complete character. */
  get isComplete(): boolean {
    return this.#rest.length === 0;
  }
}

/** How many bytes at the end begin a character that is longer. */
function unfinishedBytes(text: Buffer): number {
  for (let back = 1; back < MAX_CHARACTER_BYTES && back <= text.length; back++) {
    const byte = text[text.length - back] ?? 0;
    if (byte < SMALLEST) return 0;
    if (byte > LARGEST) return back < characterBytes(byte) ? back : 0;
  }
  return 0;
}

/** The length of the character that a byte begins. */
function characterBytes(first: number): number {
  return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
}

/** Whether the beginning of a character can be continued: some are too long, surrogates, or beyond U+10FFFF. */
function canContinue(beginning: Buffer): boolean {
  const [first] = beginning;
  if (first === undefined) return true;
  return [SMALLEST, LARGEST].some((byte) => {
    const character = Buffer.alloc(characterBytes(first), byte);
    beginning.copy(character);
    return isUtf8(character);
  });
}
