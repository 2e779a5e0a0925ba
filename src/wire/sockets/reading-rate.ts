/** When a connection that reads slowly may read again. One read may take more than a second may, and is made up for. */
export class ReadingRate {
  readonly #bytesPerSecond: number;
  readonly #onMayRead: () => void;
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;

  /** `onMayRead` is called whenever a wait is over. With 0 bytes per second it never is. */
  constructor(bytesPerSecond: number, onMayRead: () => void) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#onMayRead = onMayRead;
  }

  get mayRead(): boolean {
    return this.#bytesPerSecond > 0 && this.#timer === null;
  }

  /** Notes that so many bytes were read: the next ones wait until these were due. */
  took(bytes: number): void {
    if (this.#isStopped || this.#timer !== null) return;
    const waitMs = (bytes / this.#bytesPerSecond) * 1000;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#onMayRead();
    }, waitMs).unref();
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
