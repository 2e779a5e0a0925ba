// The global one is a getter, which is called with each reading.
import { performance } from 'node:perf_hooks';

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

/** Returns an origin to hand to the other processes of a run: CLOCK_MONOTONIC now. */
export function readOriginNs(): bigint {
  return process.hrtime.bigint();
}

/** A block of the monotonic clock: 13 days. A clock of 2^53 nanoseconds holds seven more after it. */
const BLOCK_NS = 2n ** 50n;

/**
 * Returns the origin of a shard: the start of the block of CLOCK_MONOTONIC in which `monoNs` lies. Shards on the same boot
 * of one machine have the same origin, unless a block ended in between, so that their readings compare exactly.
 */
export function shardOriginNs(monoNs: bigint): bigint {
  return monoNs - (monoNs % BLOCK_NS);
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
