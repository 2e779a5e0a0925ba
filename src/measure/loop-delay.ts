import type { Clock } from './clock.ts';
import { NsHistogram } from './histogram.ts';

const PERIOD_MS = 10;

/** How late timers fired, in nanoseconds. */
export interface LoopDelays {
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly maxNs: number;
}

/**
 * Measures how late a timer of 10 ms fires. Unlike Node's monitorEventLoopDelay, whose reset drops the
 * interval under way, it misses no stall: one that lasts when it is asked counts with its length so far,
 * and again with its whole length when it is over.
 */
export class LoopDelay {
  readonly #clock: Clock;
  readonly #lateness = new NsHistogram();
  #expectedNs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wait();
  }

  #wait(): void {
    this.#expectedNs = this.#clock.nowNs() + PERIOD_MS * 1e6;
    setTimeout(() => {
      this.#lateness.record(Math.max(0, this.#clock.nowNs() - this.#expectedNs));
      this.#wait();
    }, PERIOD_MS).unref();
  }

  /** Delays since the last call. */
  take(): LoopDelays {
    const soFarNs = this.#clock.nowNs() - this.#expectedNs;
    if (soFarNs > 0) this.#lateness.record(soFarNs);
    const at = (quantile: number) => (this.#lateness.count === 0 ? 0 : this.#lateness.quantileNs(quantile));
    const delays = { p50Ns: at(0.5), p99Ns: at(0.99), maxNs: at(1) };
    this.#lateness.reset();
    return delays;
  }
}
