import type { Clock } from '../measure/clock.ts';

/** A pacer that is far behind yields this often, so that the loop receives messages and the command to stop. */
const MAX_BURST_NS = 5e6;

/** How a pacer waits. */
export interface PacerWait {
  /** How long before its time an arrival is called: whoever sends waits for the rest. */
  readonly earlyNs: number;
  /** Calls back at `dueNs` or at some time before it, so that the pacer looks again. */
  until(dueNs: number, onWake: () => void): void;
  /** Calls back once what has arrived has been received. */
  soon(onWake: () => void): void;
}

/** One arrival of a schedule: its place in the whole schedule, from 0, and its time from the start. */
export interface PacedArrival {
  readonly index: number;
  readonly offsetNs: number;
}

export interface PacerOptions {
  readonly clock: Clock;
  readonly wait: PacerWait;
  /** In ascending order. */
  readonly arrivals: Iterator<PacedArrival, void>;
  readonly startNs: number;
  /** Called once for each arrival, at most `earlyNs` of the wait before its time. */
  readonly onDue: (index: number, intendedNs: number) => void;
}

/**
 * Calls `onDue` on schedule. Everything due is called at once, each with its own intended time, so a late pacer catches up
 * and its lateness shows as send lag.
 */
export class Pacer {
  readonly #options: PacerOptions;
  readonly #finished = Promise.withResolvers<void>();
  #next: { readonly index: number; readonly dueNs: number } | null;
  #endNs = Number.POSITIVE_INFINITY;
  readonly #wake = () => this.#tick();

  constructor(options: PacerOptions) {
    this.#options = options;
    this.#next = this.#takeNext();
  }

  /** Begins; resolves after the last arrival, or after the first one at or past the end set by {@link endAt}. */
  run(): Promise<void> {
    this.#tick();
    return this.#finished.promise;
  }

  /** Arrivals intended at or after this time are not called any more; a sleeping pacer ends within 100 ms. */
  endAt(endNs: number): void {
    this.#endNs = endNs;
  }

  #takeNext(): { readonly index: number; readonly dueNs: number } | null {
    const { value } = this.#options.arrivals.next();
    return value === undefined ? null : { index: value.index, dueNs: this.#options.startNs + value.offsetNs };
  }

  #tick(): void {
    const { clock, wait, onDue } = this.#options;
    let nowNs = clock.nowNs();
    const startedNs = nowNs;
    for (;;) {
      if (this.#next === null || this.#next.dueNs >= this.#endNs) {
        this.#finished.resolve();
        return;
      }
      const { index, dueNs } = this.#next;
      if (dueNs - nowNs > wait.earlyNs) {
        wait.until(dueNs, this.#wake);
        return;
      }
      onDue(index, dueNs);
      this.#next = this.#takeNext();
      nowNs = clock.nowNs();
      if (nowNs - startedNs > MAX_BURST_NS) {
        wait.soon(this.#wake);
        return;
      }
    }
  }
}
