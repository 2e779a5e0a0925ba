/**
 * Time since the run's origin, in whole nanoseconds, the same in every process of one host.
 * Small enough (below 2^53) to be an exact number for 104 days of running.
 */
export interface Clock {
  nowNs(): number;
}

/** CLOCK_MONOTONIC now, to hand to the other processes of a run as its origin. */
export function readOriginNs(): bigint {
  return process.hrtime.bigint();
}

/**
 * A clock that counts from `originNs`. `performance.now()` and `process.hrtime` read the same monotonic
 * clock, so one offset taken here holds for the life of the process; `performance.now()` is the cheaper read.
 */
export function createClock(originNs: bigint): Clock {
  const offsetNs = Number(process.hrtime.bigint() - originNs) - performance.now() * 1e6;
  return { nowNs: () => Math.round(performance.now() * 1e6 + offsetNs) };
}
