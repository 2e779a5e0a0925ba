import { ReadingRate } from '../reading-rate.ts';
import type { KernelSockets } from './kernel-sockets.ts';
import { ERRNO, READ_BYTES } from './layout.ts';

/** What one connection has read, at which rate it may read on, and when it had nothing to read. */
export class SocketReader {
  readonly #sockets: KernelSockets;
  /** Whether the last read has left nothing. */
  isEmpty = true;
  /** Null where it may read all that arrives. */
  #rate: ReadingRate | null = null;
  /** Whether it may read all again, and has not yet read what waited meanwhile: the plan made it wait, not this process. */
  #isCatchingUp = false;

  constructor(sockets: KernelSockets) {
    this.#sockets = sockets;
  }

  get mayRead(): boolean {
    return this.#rate?.mayRead !== false;
  }

  /** Limits what is read, as {@link ByteStream.limitReading}; `onMayRead` is called whenever a wait is over. */
  limit(bytesPerSecond: number | null, onMayRead: () => void): void {
    this.#isCatchingUp = bytesPerSecond === null && (this.#rate !== null || this.#isCatchingUp);
    this.#rate?.stop();
    this.#rate = bytesPerSecond === null ? null : new ReadingRate(bytesPerSecond, onMayRead);
  }

  /**
   * Reads what has arrived, and sets the times of its arrival. Returns how many bytes there are, 0 at the end of the stream,
   * and the negative number of an error.
   */
  read(fd: number): number {
    const { arrival, counter } = this.#sockets;
    const isHeld = this.#rate !== null || this.#isCatchingUp;
    const count = this.#sockets.receive(fd, isHeld ? null : counter);
    if (count <= 0) {
      if (count === -ERRNO.again) this.#noteEmpty(fd);
      return count;
    }
    const emptyNs = this.#sockets.emptyNs[fd] ?? 0;
    // A step of the wall clock may put a stamp before the time at which there was nothing to read.
    if (arrival.receivedNs < emptyNs) arrival.receivedNs = emptyNs;
    const sinceNs = this.isEmpty ? Math.max(emptyNs, this.#sockets.reportedNs) : emptyNs;
    arrival.sinceNs = Math.min(arrival.receivedNs, sinceNs);
    this.isEmpty = false;
    if (count < READ_BYTES) this.#noteEmpty(fd);
    return count;
  }

  #noteEmpty(fd: number): void {
    this.isEmpty = true;
    this.#isCatchingUp = false;
    this.#sockets.emptyNs[fd] = this.#sockets.lookedNs;
  }

  /** Notes that so many bytes were handled; true where the next ones may have to wait. */
  took(bytes: number): boolean {
    this.#rate?.took(bytes);
    return this.#rate !== null;
  }

  stop(): void {
    this.#rate?.stop();
  }
}
