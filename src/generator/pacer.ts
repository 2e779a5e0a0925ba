import type { Clock } from '../measure/clock.ts';

/** Timers fire up to a millisecond late and a bit: a sleep ends so long before the due time, the rest is yielding. */
const SLEEP_SHORT_BY_NS = 1.2e6;
/** A pacer that sleeps learns of its end only when it wakes. */
const MAX_SLEEP_MS = 100;

/** A pacer that is far behind lets the loop receive, and hear that it is to stop, so often. */
const LONGEST_BURST_NS = 5e6;

/** How a pacer waits; the real one uses setTimeout and setImmediate, a test moves its clock. */
export interface Waiter {
  sleep(durationMs: number, then: () => void): void;
  yield(then: () => void): void;
}

export const realWaiter: Waiter = {
  sleep: (durationMs, then) => void setTimeout(then, durationMs),
  yield: (then) => void setImmediate(then),
};

/** What to do when the next message is due in `untilDueNs`: send it, yield once, or sleep so long. */
export function nextWait(untilDueNs: number): 'send' | 'yield' | { readonly sleepMs: number } {
  if (untilDueNs <= 0) return 'send';
  const sleepMs = Math.floor((untilDueNs - SLEEP_SHORT_BY_NS) / 1e6);
  return sleepMs < 1 ? 'yield' : { sleepMs: Math.min(sleepMs, MAX_SLEEP_MS) };
}

export interface PacerOptions {
  readonly clock: Clock;
  readonly waiter: Waiter;
  /** Offsets from `startNs`, ascending. */
  readonly arrivalsNs: Iterator<number, void>;
  readonly startNs: number;
  /** Called once for each arrival, never before its time, `index` counting from 0. */
  readonly onDue: (index: number, intendedNs: number) => void;
  /** Grows whenever the process does other work; a yield during which it stood still was pure waiting. */
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
  readonly #finished: Promise<void>;
  #resolveFinished: () => void = () => {};
  #index = 0;
  #nextNs: number;
  #endNs = Number.POSITIVE_INFINITY;
  #spinningSinceNs: number | null = null;
  #workAtYield = 0;
  #waitingNs = 0;

  constructor(options: PacerOptions) {
    this.#options = options;
    this.#finished = new Promise((resolve) => {
      this.#resolveFinished = resolve;
    });
    this.#nextNs = this.#takeNext();
  }

  /** Begins; resolves after the last arrival, or after the first one at or past the end set by {@link endAt}. */
  run(): Promise<void> {
    this.#tick();
    return this.#finished;
  }

  /** Arrivals intended at or after this time are not called any more; a sleeping pacer ends within 100 ms. */
  endAt(endNs: number): void {
    this.#endNs = endNs;
  }

  /** Time spent yielding with nothing else to do: a loop that spins on purpose is not a busy one. */
  get waitingNs(): number {
    return this.#waitingNs;
  }

  #takeNext(): number {
    const next = this.#options.arrivalsNs.next();
    return next.done === true ? Number.POSITIVE_INFINITY : this.#options.startNs + next.value;
  }

  #tick(): void {
    const { clock, waiter, onDue } = this.#options;
    let nowNs = clock.nowNs();
    const startedNs = nowNs;
    this.#settleSpin(nowNs);
    for (;;) {
      if (this.#nextNs >= this.#endNs || this.#nextNs === Number.POSITIVE_INFINITY) {
        this.#resolveFinished();
        return;
      }
      const wait = nextWait(this.#nextNs - nowNs);
      if (wait === 'send') {
        onDue(this.#index, this.#nextNs);
        this.#index += 1;
        this.#nextNs = this.#takeNext();
        nowNs = clock.nowNs();
        if (nowNs - startedNs > LONGEST_BURST_NS) {
          waiter.yield(() => this.#tick());
          return;
        }
      } else if (wait === 'yield') {
        this.#spinningSinceNs = nowNs;
        this.#workAtYield = this.#options.workDone();
        waiter.yield(() => this.#tick());
        return;
      } else {
        waiter.sleep(wait.sleepMs, () => {
          this.#options.onSlack();
          this.#tick();
        });
        return;
      }
    }
  }

  #settleSpin(nowNs: number): void {
    if (this.#spinningSinceNs !== null && this.#options.workDone() === this.#workAtYield) {
      this.#waitingNs += nowNs - this.#spinningSinceNs;
    }
    this.#spinningSinceNs = null;
  }
}
