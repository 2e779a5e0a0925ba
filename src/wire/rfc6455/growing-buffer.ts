/** The first allocation, unless less can come. */
const FIRST_BYTES = 16 * 1024;

/** Bytes that arrive in parts. Memory grows with what has arrived: a length that a server announces costs nothing. */
export class GrowingBuffer {
  readonly #maxBytes: number;
  #bytes = Buffer.alloc(0);
  #length = 0;

  /** No more than `maxBytes` will come. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#length;
  }

  /** What has arrived. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Adds a part, which is copied. */
  append(part: Buffer): void {
    const length = this.#length + part.length;
    if (length > this.#bytes.length) {
      const roomBytes = Math.min(this.#maxBytes, Math.max(2 * this.#bytes.length, FIRST_BYTES));
      const grown = Buffer.allocUnsafe(Math.max(length, roomBytes));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    part.copy(this.#bytes, this.#length);
    this.#length = length;
  }
}
