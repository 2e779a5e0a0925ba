import type { Clock } from '../measure/clock.ts';
import type { Timers } from '../measure/timers.ts';

const PERIOD_MS = 100;
/** A look that is late by more than this shows a stop; a busy coordinator is late by less. */
const HELD_AFTER_MS = 500;
/** Time to read what arrived during a stop: timers are due before it is read. */
const CATCH_UP_MS = 1000;

/**
 * Notices when the coordinator itself was held up, by SIGSTOP or by a suspended machine. Its timers are due at once
 * then, and the answers of the workers lie unread. That time must not count against a worker.
 */
export class HeldTime {
  readonly #clock: Clock;
  readonly #cancel: () => void;
  #seenNs: number;
  #heldMs = 0;

  constructor(clock: Clock, timers: Timers) {
    this.#clock = clock;
    this.#seenNs = clock.nowNs();
    this.#cancel = timers.every(PERIOD_MS, () => this.#look());
  }

  /** How long this process has not run so far, in milliseconds, with a second to catch up after each stop. */
  get totalMs(): number {
    this.#look();
    return this.#heldMs;
  }

  close(): void {
    this.#cancel();
  }

  #look(): void {
    const nowNs = this.#clock.nowNs();
    const lateMs = (nowNs - this.#seenNs) / 1e6 - PERIOD_MS;
    if (lateMs > HELD_AFTER_MS) this.#heldMs += lateMs + CATCH_UP_MS;
    this.#seenNs = nowNs;
  }
}
