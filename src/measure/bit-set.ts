const PAGE_BITS = 4096;
const WORD_BITS = 32;

/** The pages of {@link recentNumbers}: 262,144 numbers, 32 KiB. */
const RECENT_PAGES = 64;

/**
 * A set of non-negative integers, one bit each. Memory is allocated in pages of 512 bytes. Of more than `maxPages`, the
 * lowest are given up: the set has all numbers of these and below.
 */
export class BitSet {
  readonly #pages = new Map<number, Uint32Array>();
  readonly #maxPages: number;
  /** The set has all numbers of the pages below this one. */
  #firstPage = 0;

  constructor(maxPages = Number.POSITIVE_INFINITY) {
    this.#maxPages = maxPages;
  }

  has(number: number): boolean {
    if (Math.floor(number / PAGE_BITS) < this.#firstPage) return true;
    const words = this.#pages.get(Math.floor(number / PAGE_BITS));
    return ((words?.[wordOf(number)] ?? 0) & bitOf(number)) !== 0;
  }

  /** Adds a number; false when the set has it already. */
  add(number: number): boolean {
    const page = Math.floor(number / PAGE_BITS);
    if (page < this.#firstPage) return false;
    let words = this.#pages.get(page);
    if (words === undefined) {
      words = new Uint32Array(PAGE_BITS / WORD_BITS);
      this.#pages.set(page, words);
      if (this.#pages.size > this.#maxPages) this.#giveUpLowest();
    }
    const word = wordOf(number);
    const bit = bitOf(number);
    const before = words[word] ?? 0;
    words[word] = before | bit;
    return (before & bit) === 0;
  }

  #giveUpLowest(): void {
    const lowest = Math.min(...this.#pages.keys());
    this.#pages.delete(lowest);
    this.#firstPage = lowest + 1;
  }

  /** How many pages are kept. */
  get pages(): number {
    return this.#pages.size;
  }
}

/** A set for numbers of messages that are never asked for long after newer ones: its memory does not follow the run's length. */
export function recentNumbers(): BitSet {
  return new BitSet(RECENT_PAGES);
}

const wordOf = (number: number) => Math.floor((number % PAGE_BITS) / WORD_BITS);

const bitOf = (number: number) => 1 << (number % WORD_BITS);
