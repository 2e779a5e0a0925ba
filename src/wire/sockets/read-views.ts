/** Views of up to this many bytes are kept. */
const KEPT_BYTES = 4096;

/** Views of the beginning of a buffer by their length: most reads are as long as one before, and need no new object. */
export class ReadViews {
  readonly #buffer: Buffer;
  readonly #views: Buffer[] = [];

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  /** The first `count` bytes. */
  of(count: number): Buffer {
    if (count > KEPT_BYTES) return this.#buffer.subarray(0, count);
    const kept = this.#views[count];
    if (kept !== undefined) return kept;
    const view = this.#buffer.subarray(0, count);
    this.#views[count] = view;
    return view;
  }
}
