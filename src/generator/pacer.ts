import type { Clock } from '../measure/clock.ts';
import type { Timers } from '../measure/timers.ts';

/** Timers fire up to about a millisecond late. A sleep ends this long before the due time; the rest is yielding. */
const SLEEP_SHORT_BY_NS = 1.2e6;
/** A sleeping pacer notices its end only when it wakes. */
const MAX_SLEEP_MS = 100;

/** A pacer that is far behind yields this often, so that the loop receives messages and the command to stop. */
const MAX_BURST_NS = 5e6;

/** What to do when the next message is due in `untilDueNs`: send it, yield once, or sleep for a time. */
export function nextWait(untilDueNs: number): 'send' | 'yield' | { readonly sleepMs: number } {
  if (untilDueNs <= 0) return 'send';
  const sleepMs = Math.floor((untilDueNs - SLEEP_SHORT_BY_NS) / 1e6);
  return sleepMs < 1 ? 'yield' : { sleepMs: Math.min(sleepMs, MAX_SLEEP_MS) };
}

/** One arrival of a schedule: its place in the whole schedule, from 0, and its time from the start. */
export interface PacedArrival {
  readonly index: number;
  readonly offsetNs: number;
}

export interface PacerOptions {
  readonly clock: Clock;
  readonly timers: Pick<Timers, 'after' | 'soon'>;
  /** In ascending order. */
  readonly arrivals: Iterator<PacedArrival, void>;
  readonly startNs: number;
  /** Called once for each arrival, never before its time. */
  readonly onDue: (index: number, intendedNs: number) => void;
  /** Grows whenever the process does other work; a yield during which it did not grow was pure waiting. */
  readonly workDone: () => number;
  /** Called on waking from a sleep, a millisecond or more before the next message is due: the time for chores. */
  readonly onSlack: () => void;
}

/**
 * Calls `onDue` on schedule: sleeps with a timer to about 1 ms before the next due time, then yields with
 * setImmediate. Everything due is called at once, each with its own intended time, so a late pacer catches
 * up and its lateness shows as send lag.
 */
export class Pacer {
  readonly #options: PacerOptions;
  readonly #finished = Promise.withResolvers<void>();
  /** Time spent yielding with nothing else to do. A loop that spins on purpose is not busy. */
  waitingNs = 0;
  #next: { readonly index: number; readonly dueNs: number } | null;
  #endNs = Number.POSITIVE_INFINITY;
  #spinningSinceNs: number | null = null;
  #workAtYield = 0;

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
    const { clock, timers, onDue } = this.#options;
    let nowNs = clock.nowNs();
    const startedNs = nowNs;
    this.#settleSpin(nowNs);
    for (;;) {
      if (this.#next === null || this.#next.dueNs >= this.#endNs) {
        this.#finished.resolve();
        return;
      }
      const wait = nextWait(this.#next.dueNs - nowNs);
      if (wait !== 'send') {
        this.#wait(wait, nowNs);
        return;
      }
      onDue(this.#next.index, this.#next.dueNs);
      this.#next = this.#takeNext();
      nowNs = clock.nowNs();
      if (nowNs - startedNs > MAX_BURST_NS) {
        timers.soon(() => this.#tick());
        return;
      }
    }
  }

  #wait(wait: Exclude<ReturnType<typeof nextWait>, 'send'>, nowNs: number): void {
    const { timers, workDone, onSlack } = this.#options;
    if (wait === 'yield') {
      this.#spinningSinceNs = nowNs;
      this.#workAtYield = workDone();
      timers.soon(() => this.#tick());
    } else {
      timers.after(wait.sleepMs, () => {
        onSlack();
        this.#tick();
      });
    }
  }

  #settleSpin(nowNs: number): void {
    if (this.#spinningSinceNs !== null && this.#options.workDone() === this.#workAtYield) {
      this.waitingNs += nowNs - this.#spinningSinceNs;
    }
    this.#spinningSinceNs = null;
  }
}
