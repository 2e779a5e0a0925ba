import { type Clock, createClock, readOriginNs } from '../../../src/measure/clock.ts';
import { realTimers, type Timers } from '../../../src/measure/timers.ts';

const FASTER = 10;
const REAL = createClock(readOriginNs());

/** A clock and timers that run ten times as fast as real ones, so that waits of a rendezvous are short. */
export const fastTime: Clock & Timers = {
  nowNs: () => REAL.nowNs() * FASTER,
  after: (delayMs, callback) => realTimers.after(delayMs / FASTER, callback),
  every: (periodMs, callback) => realTimers.every(periodMs / FASTER, callback),
  soon: realTimers.soon,
  sleep: (delayMs) => realTimers.sleep(delayMs / FASTER),
};
