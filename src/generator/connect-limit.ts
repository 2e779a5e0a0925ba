import type { Timers } from '../measure/timers.ts';

/**
 * How many connections all workers open at once. A server that has more to accept than its backlog holds, 511 in Node.js,
 * loses the first packet of the next ones, which then take a second and more.
 */
export const MAX_UNACCEPTED = 400;

/** A server that has not answered after this time has accepted: it takes its time for something else. */
const ACCEPTED_AFTER_MS = 250;

/** At most so many connections per second begin when the server answers none of them in time. */
export const SLOWEST_CONNECT_HZ = (MAX_UNACCEPTED / ACCEPTED_AFTER_MS) * 1000;

/** Limits how many connections a server may have to accept at once. */
export class ConnectLimit {
  readonly #timers: Timers;
  readonly #max: number;
  #held = 0;
  #released: PromiseWithResolvers<void> | null = null;

  constructor(timers: Timers, max: number) {
    this.#timers = timers;
    this.#max = max;
  }

  /** Resolves when another connection may begin. */
  async free(): Promise<void> {
    while (this.#held >= this.#max) {
      this.#released ??= Promise.withResolvers();
      await this.#released.promise;
    }
  }

  /** Counts an attempt until it is over, or the server must have accepted it. Resolves when it is over. */
  async hold(attempt: Promise<void>): Promise<void> {
    this.#held += 1;
    let isHeld = true;
    const release = () => {
      if (!isHeld) return;
      isHeld = false;
      this.#held -= 1;
      this.#released?.resolve();
      this.#released = null;
    };
    const cancel = this.#timers.after(ACCEPTED_AFTER_MS, release);
    await attempt.finally(() => {
      cancel();
      release();
    });
  }
}
