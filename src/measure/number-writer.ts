/** Writes whole numbers in groups of seven bits, one to a byte, the lowest first. */
export class NumberWriter {
  #bytes = Buffer.allocUnsafe(4 * 1024);
  #length = 0;

  /** Writes a whole number from 0, of at most 56 bits. */
  write(value: number): void {
    if (this.#length + 8 > this.#bytes.length)
      this.#bytes = Buffer.concat([this.#bytes], 2 * this.#bytes.length);
    let left = value;
    while (left >= 128) {
      this.#bytes[this.#length++] = (left % 128) + 128;
      left = Math.floor(left / 128);
    }
    this.#bytes[this.#length++] = left;
  }

  /** Begins anew. What {@link bytes} returned is written over. */
  clear(): void {
    this.#length = 0;
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}
