/** Bytes are gathered in pieces of this size, so that many small frames go out by few calls. */
const PIECE_BYTES = 16 * 1024;

/**
 * Bytes that the kernel has not taken, in order. Adding and taking cost the same however many there are, and the memory
 * is at most that of the bytes and two pieces.
 */
export class SendQueue {
  #pieces: Buffer[] = [];
  /** The piece to take from, and where it begins. */
  #head = 0;
  #taken = 0;
  /** How much of the last piece is used. */
  #filled = 0;
  bytes = 0;

  /** Copies bytes from an offset on. */
  add(bytes: Buffer, from: number): void {
    let at = from;
    this.bytes += bytes.length - from;
    const last = this.#pieces.at(-1);
    if (last !== undefined) {
      const copied = bytes.copy(last, this.#filled, at);
      this.#filled += copied;
      at += copied;
    }
    if (at === bytes.length) return;
    const rest = bytes.length - at;
    const piece = Buffer.allocUnsafeSlow(Math.max(rest, PIECE_BYTES));
    this.#filled = bytes.copy(piece, 0, at);
    this.#pieces.push(piece);
  }

  /** The bytes to send next; null when there are none. They remain until they are {@link take taken}. */
  next(): Buffer | null {
    const piece = this.#pieces[this.#head];
    if (piece === undefined || this.bytes === 0) return null;
    const end = this.#head === this.#pieces.length - 1 ? this.#filled : piece.length;
    return piece.subarray(this.#taken, end);
  }

  /** Removes the first `count` bytes, which are no more than {@link next} has. */
  take(count: number): void {
    const piece = this.#pieces[this.#head];
    if (piece === undefined) return;
    this.bytes -= count;
    this.#taken += count;
    if (this.bytes === 0) {
      this.#pieces = [];
      this.#head = 0;
      this.#taken = 0;
      this.#filled = 0;
    } else if (this.#taken === piece.length) {
      this.#pieces[this.#head] = EMPTY;
      this.#head += 1;
      this.#taken = 0;
      this.#compact();
    }
  }

  /** Forgets the places of pieces that are gone, when they are half of all. */
  #compact(): void {
    if (this.#head < 64 || this.#head * 2 < this.#pieces.length) return;
    this.#pieces = this.#pieces.slice(this.#head);
    this.#head = 0;
  }
}

const EMPTY = Buffer.alloc(0);
