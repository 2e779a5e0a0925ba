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
  const offsetNs = readOffsetNs(originNs);
  return { nowNs: () => Math.round(performance.now() * 1e6 + offsetNs) };
}

const OFFSET_READINGS = 16;

/**
 * What to add to `performance.now()` to get the time since `originNs`. A process may be put off the CPU
 * between two readings, which would shift its clock for good, so the closest pair of several is taken.
 */
function readOffsetNs(originNs: bigint): number {
  let closest = { apartNs: Number.POSITIVE_INFINITY, offsetNs: 0 };
  for (let reading = 0; reading < OFFSET_READINGS; reading++) {
    const before = process.hrtime.bigint();
    const midNs = performance.now() * 1e6;
    const apartNs = Number(process.hrtime.bigint() - before);
    if (apartNs < closest.apartNs) {
      closest = { apartNs, offsetNs: Number(before - originNs) + apartNs / 2 - midNs };
    }
  }
  return closest.offsetNs;
}
