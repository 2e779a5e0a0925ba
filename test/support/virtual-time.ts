import type { Clock } from '../../src/measure/clock.ts';
import type { EventLoop } from '../../src/measure/event-loop.ts';
import type { Timers } from '../../src/measure/timers.ts';

interface Entry {
  readonly atNs: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A clock and timers in virtual time. Time stands still while code runs and jumps to the next timer when all promises
 * have settled, so that a run of minutes takes milliseconds and is the same every time.
 */
export class VirtualTime implements Clock, Timers {
  readonly #entries = new Map<number, Entry>();
  readonly #loopNs: number;
  #nowNs: number;
  #nextOrder = 0;

  /** @param loopNs how long one pass of the event loop takes, so that virtual time moves on while a pacer spins. */
  constructor(startNs = 1e9, loopNs = 1_000) {
    this.#nowNs = startNs;
    this.#loopNs = loopNs;
  }

  nowNs(): number {
    return this.#nowNs;
  }

  /** Moves the clock without running timers, as code that takes long does. */
  moveTo(nowNs: number): void {
    this.#nowNs = nowNs;
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.#add(this.#nowNs + Math.max(0, Math.round(delayMs * 1e6)), callback);
  }

  every(periodMs: number, callback: () => void): () => void {
    let cancel = () => {};
    const again = () => {
      cancel = this.after(periodMs, () => {
        again();
        callback();
      });
    };
    again();
    return () => cancel();
  }

  soon(callback: () => void): void {
    this.#add(this.#nowNs + this.#loopNs, callback);
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve);
    });
  }

  /** Runs timers until `work` settles. Throws when no timer is left and it has not. */
  async run<T>(work: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    work.then(settle, settle);
    for (;;) {
      // Real macrotasks, so that chains of promises of any length have settled.
      await new Promise((resolve) => setImmediate(resolve));
      if (isSettled) return work;
      if (!this.#step()) throw new Error('nothing is left to wait for, and the work has not ended');
    }
  }

  /** Runs the timers that are due next; false when there are none. */
  #step(): boolean {
    const entries = [...this.#entries.values()];
    if (entries.length === 0) return false;
    const nextNs = entries.reduce((first, { atNs }) => Math.min(first, atNs), Number.POSITIVE_INFINITY);
    this.#nowNs = Math.max(this.#nowNs, nextNs);
    const due = entries.filter(({ atNs }) => atNs <= this.#nowNs).sort((a, b) => a.order - b.order);
    for (const { order, callback } of due) if (this.#entries.delete(order)) callback();
    return true;
  }

  #add(atNs: number, callback: () => void): () => void {
    const order = this.#nextOrder;
    this.#nextOrder += 1;
    this.#entries.set(order, { atNs, order, callback });
    return () => void this.#entries.delete(order);
  }
}

/** An event loop that always waits: in virtual time, code takes no time. */
export function idleLoop(time: VirtualTime): EventLoop {
  return {
    idleNs: () => time.nowNs(),
    threadTimes: () => ({ ranNs: 0, queuedNs: 0 }),
    overdueNs: () => 0,
    setOnBeat() {},
  };
}

/** The clock of a made-up run, whose origin has a wall time of the year 2027. */
export const MADE_CLOCK = {
  originNs: 0n,
  atStart: { originWallNs: 1_800_000_000_000_000_000n, boundNs: 100 },
  atEnd: { originWallNs: 1_800_000_000_000_000_000n, boundNs: 100 },
} as const;
