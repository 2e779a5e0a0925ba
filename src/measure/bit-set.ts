const PAGE_BITS = 4096;
const WORD_BITS = 32;

/** A set of non-negative integers, one bit each. Memory is allocated in pages of 512 bytes. */
export class BitSet {
  readonly #pages = new Map<number, Uint32Array>();

  has(number: number): boolean {
    const words = this.#pages.get(Math.floor(number / PAGE_BITS));
    return ((words?.[wordOf(number)] ?? 0) & bitOf(number)) !== 0;
  }

  /** Adds a number; false when the set has it already. */
  add(number: number): boolean {
    const page = Math.floor(number / PAGE_BITS);
    let words = this.#pages.get(page);
    if (words === undefined) {
      words = new Uint32Array(PAGE_BITS / WORD_BITS);
      this.#pages.set(page, words);
    }
    const word = wordOf(number);
    const bit = bitOf(number);
    const before = words[word] ?? 0;
    words[word] = before | bit;
    return (before & bit) === 0;
  }
}

const wordOf = (number: number) => Math.floor((number % PAGE_BITS) / WORD_BITS);

const bitOf = (number: number) => 1 << (number % WORD_BITS);
