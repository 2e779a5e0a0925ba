import { randomInt } from 'node:crypto';

/** Time since the run's origin in whole nanoseconds, the same in every process of one host; exact for 104 days. */
export interface Clock {
  nowNs(): number;
}

/** The measured part of a run, on its clock. All times are infinite until measuring is scheduled. */
export interface MeasureWindow {
  readonly startNs: number;
  /** End of the measured schedule; the drain follows. */
  readonly endNs: number;
  /** A measured message that is still unsent at this time is given up. */
  readonly sendBeforeNs: number;
}

const SEND_GRACE_NS = 1e9;

export function measureWindow(startNs: number, durationMs: number): MeasureWindow {
  const endNs = startNs + durationMs * 1e6;
  return { startNs, endNs, sendBeforeNs: endNs + SEND_GRACE_NS };
}

export const NOT_MEASURING = measureWindow(Number.POSITIVE_INFINITY, 0);

/** Times of a run start at most 26 days from its origin: whole nanoseconds stay exact below 2^53. */
const LARGEST_BASE_NS = 2 ** 51;
const BASE_STEP_NS = 2 ** 20;

/**
 * Returns an origin to hand to the other processes of a run: CLOCK_MONOTONIC now, less a random time of up to 26
 * days. Runs therefore do not share a time base, and the stamp of a message that a server kept from an earlier run
 * shows that it is foreign.
 */
export function readOriginNs(): bigint {
  const baseNs = randomInt(LARGEST_BASE_NS / BASE_STEP_NS) * BASE_STEP_NS;
  return process.hrtime.bigint() - BigInt(baseNs);
}

const OFFSET_READINGS = 16;

/** A clock that counts from `originNs`. It reads `performance.now()`, the cheaper view of the same clock. */
export function createClock(originNs: bigint): Clock {
  // A process may lose the CPU between two readings, which would shift its clock permanently, so the closest pair of
  // several is taken.
  let closest = { apartNs: Number.POSITIVE_INFINITY, offsetNs: 0 };
  for (let reading = 0; reading < OFFSET_READINGS; reading++) {
    const before = process.hrtime.bigint();
    const midNs = performance.now() * 1e6;
    const apartNs = Number(process.hrtime.bigint() - before);
    if (apartNs < closest.apartNs) {
      closest = { apartNs, offsetNs: Number(before - originNs) + apartNs / 2 - midNs };
    }
  }
  const { offsetNs } = closest;
  return { nowNs: () => Math.round(performance.now() * 1e6 + offsetNs) };
}
