import type { Clock } from './clock.ts';

/**
 * Times each event-loop iteration in which messages were handled. A message may have lain in the kernel
 * while earlier ones of its iteration were handled, so its true arrival is anywhere inside the iteration:
 * the length is the uncertainty of its receive time.
 */
export class ReceiveWindow {
  readonly #clock: Clock;
  readonly #onClosed: (lengthNs: number, messages: number) => void;
  #openedNs = 0;
  #messages = 0;
  #total = 0;

  /** `onClosed` gets the length from the first message handled to the end of the poll phase, and how many. */
  constructor(clock: Clock, onClosed: (lengthNs: number, messages: number) => void) {
    this.#clock = clock;
    this.#onClosed = onClosed;
  }

  /** Messages handled so far. */
  get total(): number {
    return this.#total;
  }

  /** Notes a message handled at `receivedNs`. */
  note(receivedNs: number): void {
    this.#total += 1;
    this.#messages += 1;
    if (this.#messages > 1) return;
    this.#openedNs = receivedNs;
    setImmediate(() => {
      this.#onClosed(this.#clock.nowNs() - this.#openedNs, this.#messages);
      this.#messages = 0;
    });
  }
}
