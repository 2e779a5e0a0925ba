import type { PushArrivals } from '../generator/messages.ts';

interface OpenPush {
  firstNs: number;
  lastNs: number;
  reached: number;
  duplicated: number;
}

/** A push that is complete, or of which nothing more is expected. */
export interface ClosedPush {
  /** Time from the first to the last client that received it. */
  readonly skewNs: number;
  readonly firstNs: number;
  readonly atNs: number;
  /** Clients that received it. */
  readonly reached: number;
}

interface ClosedKey {
  readonly isMeasured: boolean;
  readonly closedNs: number;
  /** Clients that had not received it when it was closed. */
  missing: number;
}

/** The key of a closed push is forgotten after this many quiet times. A copy that arrives later is a push of its own. */
const FORGET_AFTER = 2;

/** What the server pushes on its own, merged from all workers by key. Measured from {@link measureStartNs} on. */
export class Pushes {
  readonly #expected: () => number;
  readonly #quietNs: number;
  readonly #open = new Map<string, OpenPush>();
  /** In the order in which they were closed. What arrives of these keys is late, or a duplicate. */
  readonly #closed = new Map<string, ClosedKey>();
  /** Measured pushes, how many of them reached all clients, and their deliveries. */
  readonly counts = { pushes: 0, complete: 0, delivered: 0, duplicated: 0 };
  #own = 0;
  measureStartNs = Number.POSITIVE_INFINITY;
  /** A push that is first received at this time or later is not measured. */
  measureEndNs = Number.POSITIVE_INFINITY;

  /** `expected`: how many clients receive each push. A push that no client has received for `quietNs` is closed. */
  constructor(expected: () => number, quietNs: number) {
    this.#expected = expected;
    this.#quietNs = quietNs;
  }

  /** Adds what the clients of one worker received. */
  add(arrivals: readonly PushArrivals[]): void {
    for (const { key, firstNs, lastNs, reached, duplicated } of arrivals) {
      const closed = this.#closed.get(key);
      if (closed !== undefined) {
        const late = Math.min(reached, closed.missing);
        closed.missing -= late;
        if (closed.isMeasured) this.counts.delivered += late;
        if (closed.isMeasured) this.counts.duplicated += reached - late + duplicated;
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

  /** Takes out the measured pushes that are complete, or that have been quiet for too long. */
  take(nowNs: number): ClosedPush[] {
    this.#forget(nowNs);
    const done = [...this.#open].filter(
      ([, push]) => push.reached >= this.#expected() || nowNs - push.lastNs > this.#quietNs,
    );
    return done.map(([key, push]) => this.#close(key, push, nowNs)).filter((closed) => closed !== null);
  }

  /** Takes out all measured pushes, at the end of a run. */
  takeAll(): ClosedPush[] {
    return [...this.#open]
      .map(([key, push]) => this.#close(key, push, push.lastNs))
      .filter((closed) => closed !== null);
  }

  #forget(nowNs: number): void {
    for (const [key, { closedNs }] of this.#closed) {
      if (nowNs - closedNs <= FORGET_AFTER * this.#quietNs) return;
      this.#closed.delete(key);
    }
  }

  #close(key: string, push: OpenPush, nowNs: number): ClosedPush | null {
    const { firstNs, lastNs, reached, duplicated } = push;
    const isMeasured = this.#isMeasured(push);
    this.#open.delete(key);
    const missing = Math.max(0, this.#expected() - reached);
    this.#closed.set(key, { isMeasured, closedNs: nowNs, missing });
    if (!isMeasured) return null;
    this.counts.pushes += 1;
    this.counts.complete += reached >= this.#expected() ? 1 : 0;
    this.counts.delivered += reached;
    this.counts.duplicated += duplicated;
    return { skewNs: lastNs - firstNs, firstNs, atNs: lastNs, reached };
  }

  #isMeasured({ firstNs }: OpenPush): boolean {
    return firstNs >= this.measureStartNs && firstNs < this.measureEndNs;
  }

  /** Measured pushes that have not reached all clients yet. */
  get incomplete(): number {
    let count = 0;
    for (const push of this.#open.values()) if (this.#isMeasured(push)) count += 1;
    return count;
  }

  /** Adds measured pushes that went to one client each, which are known only because they arrived. */
  addOwn(count: number): void {
    this.#own += count;
    this.counts.pushes += count;
    this.counts.complete += count;
    this.counts.delivered += count;
  }

  /** Expected deliveries of the measured pushes. */
  get expected(): number {
    return (this.counts.pushes - this.#own) * this.#expected() + this.#own;
  }
}
