import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from './clock.ts';

/** Timers of a process. They are injected, so that a test can run a whole measurement in virtual time. */
export interface Timers {
  /** Calls back once, `delayMs` from now or later; the returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls back every `periodMs`; the returned function cancels it. */
  every(periodMs: number, callback: () => void): () => void;
  /** Calls back once the event loop has looked for new events. */
  soon(callback: () => void): void;
  /** Resolves `delayMs` from now or later; does not keep the process alive. */
  sleep(delayMs: number): Promise<void>;
}

export const realTimers: Timers = {
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  every(periodMs, callback) {
    const timer = setInterval(callback, periodMs);
    return () => clearInterval(timer);
  },
  soon: (callback) => void setImmediate(callback),
  sleep: (delayMs) => delay(delayMs, undefined, { ref: false }),
};

/** Calls back once, at a time of the clock or later; at once where it is over. The returned function cancels it. */
export function callAt(
  { clock, timers }: { readonly clock: Clock; readonly timers: Timers },
  timeNs: number,
  callback: () => void,
): () => void {
  return timers.after(Math.max(0, timeNs - clock.nowNs()) / 1e6, callback);
}

const ARRIVED_TURNS = 3;

/** Resolves when what arrived before now has been handled. The first turn of the event loop reads it from the kernel. */
export async function handleArrived(timers: Timers): Promise<void> {
  for (let turn = 0; turn < ARRIVED_TURNS; turn++) {
    await new Promise<void>((resolve) => timers.soon(resolve));
  }
}
