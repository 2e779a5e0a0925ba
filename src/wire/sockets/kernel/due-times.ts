/**
 * How long before something is due a sleep ends, so that it is in time although wake-ups are late and its preparation
 * takes time. It is learned: the loop is late once in {@link ON_TIME} + 1 sleeps.
 */
const SLEEP_LEAD_NS = { first: 60_000, least: 20_000, most: 170_000, step: 10_000 } as const;
/** More than this share of the time between two sleeps is not spun, unless it is the first lead. */
const MAX_SPUN = 0.05;
const ON_TIME = 29;

/** What is due when, and how long before it a sleep has to end. There are few, and no object is made for them. */
export class DueTimes {
  /** How long before its time a callback is called. */
  earlyNs: number = SLEEP_LEAD_NS.first;
  #learnedNs = Number.NEGATIVE_INFINITY;
  readonly #dueNs: number[] = [];
  readonly #onDue: Array<() => void> = [];

  get length(): number {
    return this.#dueNs.length;
  }

  add(dueNs: number, callback: () => void): void {
    this.#dueNs.push(dueNs);
    this.#onDue.push(callback);
  }

  /** The earliest of them; Infinity for none. */
  get nextNs(): number {
    return this.#dueNs[this.#next()] ?? Number.POSITIVE_INFINITY;
  }

  #next(): number {
    let next = 0;
    for (let place = 1; place < this.#dueNs.length; place++) {
      if ((this.#dueNs[place] ?? 0) < (this.#dueNs[next] ?? 0)) next = place;
    }
    return next;
  }

  /** Calls what is due, the earliest first. Returns whether anything was. What is added meanwhile waits for the next call. */
  call(nowNs: number): boolean {
    const untilNs = nowNs + this.earlyNs;
    let calls = 0;
    for (let left = this.#dueNs.length; left > 0; left--) {
      const next = this.#next();
      const callback = this.#onDue[next];
      if (callback === undefined || (this.#dueNs[next] ?? 0) > untilNs) break;
      this.#forget(next);
      callback();
      calls += 1;
    }
    return calls > 0;
  }

  /** Puts the last entry in the place of one. */
  #forget(index: number): void {
    const [dueNs, callback] = [this.#dueNs.pop(), this.#onDue.pop()];
    if (dueNs === undefined || callback === undefined || index === this.#dueNs.length) return;
    this.#dueNs[index] = dueNs;
    this.#onDue[index] = callback;
  }

  /** Learns from a time that was reached after a sleep: at `nowNs`, late or not. */
  learn(nowNs: number, isLate: boolean): void {
    const { first, least, most, step } = SLEEP_LEAD_NS;
    const limitNs = Math.min(most, Math.max(first, MAX_SPUN * (nowNs - this.#learnedNs)));
    const changed = this.earlyNs + (isLate ? step : -step / ON_TIME);
    this.earlyNs = Math.min(limitNs, Math.max(least, changed));
    this.#learnedNs = nowNs;
  }
}
