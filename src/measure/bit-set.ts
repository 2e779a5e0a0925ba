const PAGE_BITS = 4096;
const WORD_BITS = 32;

/** A set of non-negative integers, one bit each. Memory is allocated in pages of 512 bytes. */
export class BitSet {
  readonly #pages = new Map<number, Uint32Array>();

  has(number: number): boolean {
    const { page, word, bit } = placeOf(number);
    return ((this.#pages.get(page)?.[word] ?? 0) & bit) !== 0;
  }

  /** Adds a number; false when the set has it already. */
  add(number: number): boolean {
    const { page, word, bit } = placeOf(number);
    let words = this.#pages.get(page);
    if (words === undefined) {
      words = new Uint32Array(PAGE_BITS / WORD_BITS);
      this.#pages.set(page, words);
    }
    const before = words[word] ?? 0;
    words[word] = before | bit;
    return (before & bit) === 0;
  }
}

function placeOf(number: number): { readonly page: number; readonly word: number; readonly bit: number } {
  const offset = number % PAGE_BITS;
  return {
    page: Math.floor(number / PAGE_BITS),
    word: Math.floor(offset / WORD_BITS),
    bit: 1 << (offset % WORD_BITS),
  };
}
