/** Something that has work at a time. */
export interface Releasable {
  /** When it has work next. It changes only while the thing is not in a queue. */
  readonly dueNs: number;
  /** Does what is due. May add this or others to the queue. */
  release(): void;
}

/** Calls back at a time of the clock, or a little before it. Several calls are remembered at once. */
export type WakeAt = (dueNs: number, callback: () => void) => void;

export interface ReleaseQueueOptions {
  readonly wakeAt: WakeAt;
  /** Waits for a time that is at hand, and returns the time that it is then. */
  readonly reach: (dueNs: number) => number;
  /** Whether a time is so close that {@link reach} can wait for it. */
  readonly isAtHand: (dueNs: number) => boolean;
}

/** Releases things in the order of their times: a binary heap, and one wake-up for the earliest. */
export class ReleaseQueue {
  readonly #options: ReleaseQueueOptions;
  readonly #heap: Releasable[] = [];
  /** The earliest time for which a wake-up is set. */
  #wakesNs = Number.POSITIVE_INFINITY;

  constructor(options: ReleaseQueueOptions) {
    this.#options = options;
  }

  add(waiting: Releasable): void {
    const heap = this.#heap;
    let place = heap.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || above.dueNs <= waiting.dueNs) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = waiting;
    if (place === 0) this.#setWake(waiting.dueNs);
  }

  #setWake(dueNs: number): void {
    if (dueNs >= this.#wakesNs) return;
    this.#wakesNs = dueNs;
    this.#options.wakeAt(dueNs, () => {
      // An earlier wake-up that was set later has done this.
      if (this.#wakesNs !== dueNs) return;
      this.#wakesNs = Number.POSITIVE_INFINITY;
      this.#releaseDue();
    });
  }

  /** Waits for the first only, so that what arrives is read between two waits. */
  #releaseDue(): void {
    const { isAtHand, reach } = this.#options;
    let nowNs: number | null = null;
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (nowNs === null ? !isAtHand(first.dueNs) : first.dueNs > nowNs) {
        this.#setWake(first.dueNs);
        return;
      }
      nowNs ??= reach(first.dueNs);
      this.#removeFirst();
      first.release();
    }
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      const [one, other] = [heap[left], heap[left + 1]];
      const isOther = one !== undefined && other !== undefined && other.dueNs < one.dueNs;
      const child = isOther ? other : one;
      if (child === undefined || child.dueNs >= last.dueNs) break;
      heap[place] = child;
      place = isOther ? left + 1 : left;
    }
    heap[place] = last;
  }
}
