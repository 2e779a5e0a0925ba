import type { PushArrivals } from '../generator/observer.ts';
import type { LedgerTotals } from '../measure/ledger.ts';

interface Push {
  firstNs: number;
  lastNs: number;
  reached: number;
  duplicated: number;
}

/** A push that is complete, or of which nothing more is awaited. */
export interface ClosedPush {
  /** From the first to the last client that got it. */
  readonly skewNs: number;
  readonly firstNs: number;
  readonly atNs: number;
  /** Clients that got it. */
  readonly reached: number;
}

/** What the server pushed on its own, put together from all workers by key. Measured from {@link measureStartNs} on. */
export class Pushes {
  readonly #expected: () => number;
  readonly #open = new Map<string, Push>();
  /** Keys of pushes that reached everyone, and whether they were measured: what comes of them is a further copy. */
  readonly #complete = new Map<string, boolean>();
  readonly #totals = { pushes: 0, complete: 0, delivered: 0, duplicated: 0 };
  measureStartNs = Number.POSITIVE_INFINITY;
  /** What is first seen later belongs to no measured push. */
  measureEndNs = Number.POSITIVE_INFINITY;

  /** `expected`: how many clients each push is for. */
  constructor(expected: () => number) {
    this.#expected = expected;
  }

  /** Enters what one worker's clients got. */
  add(arrivals: readonly PushArrivals[]): void {
    for (const { key, firstNs, lastNs, reached, duplicated } of arrivals) {
      const wasMeasured = this.#complete.get(key);
      if (wasMeasured !== undefined) {
        if (wasMeasured) this.#totals.duplicated += reached + duplicated;
        continue;
      }
      const push = this.#open.get(key) ?? { firstNs, lastNs, reached: 0, duplicated: 0 };
      push.firstNs = Math.min(push.firstNs, firstNs);
      push.lastNs = Math.max(push.lastNs, lastNs);
      push.reached += reached;
      push.duplicated += duplicated;
      this.#open.set(key, push);
    }
  }

  /** Takes out what is complete; with `all`, also what is not. */
  take(all: boolean): ClosedPush[] {
    const closed: ClosedPush[] = [];
    for (const [key, push] of this.#open) {
      const isComplete = push.reached >= this.#expected();
      if (!isComplete && !all) continue;
      this.#open.delete(key);
      const isMeasured = this.#isMeasured(push);
      if (isComplete) this.#complete.set(key, isMeasured);
      if (!isMeasured) continue;
      this.#totals.pushes += 1;
      this.#totals.complete += isComplete ? 1 : 0;
      this.#totals.delivered += push.reached;
      this.#totals.duplicated += push.duplicated;
      const { firstNs, lastNs, reached } = push;
      closed.push({ skewNs: lastNs - firstNs, firstNs, atNs: lastNs, reached });
    }
    return closed;
  }

  #isMeasured({ firstNs }: Push): boolean {
    return firstNs >= this.measureStartNs && firstNs < this.measureEndNs;
  }

  /** Measured pushes that have not reached everyone yet. */
  get incomplete(): number {
    return [...this.#open.values()].filter((push) => this.#isMeasured(push)).length;
  }

  /** Measured pushes, and how many of them reached everyone. */
  get counts(): { readonly pushes: number; readonly complete: number } {
    return this.#totals;
  }

  get expected(): number {
    return this.#totals.pushes * this.#expected();
  }

  /** In the terms of the ledger. */
  get ledger(): LedgerTotals {
    const { delivered, duplicated } = this.#totals;
    return { delivered, duplicated, late: 0, reordered: 0, unexpected: 0 };
  }
}
