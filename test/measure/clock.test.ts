import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createClock, readOriginNs } from '../../src/measure/clock.ts';

/** Two ways of reading the same clock differ by rounding, and by half of the time between two readings. */
const ROUNDING_NS = 10_000;

describe('the clock', () => {
  it('counts whole nanoseconds from its origin and never goes back', () => {
    const clock = createClock(readOriginNs());
    let last = 0;
    for (let reading = 0; reading < 10_000; reading++) {
      const now = clock.nowNs();
      expect(Number.isSafeInteger(now)).toBe(true);
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
  });

  it('agrees with CLOCK_MONOTONIC', () => {
    const originNs = readOriginNs() - 3_600_000_000_000n;
    for (let attempt = 0; attempt < 100; attempt++) {
      const clock = createClock(originNs);
      const before = Number(process.hrtime.bigint() - originNs);
      const now = clock.nowNs();
      const after = Number(process.hrtime.bigint() - originNs);
      expect(now).toBeGreaterThanOrEqual(before - ROUNDING_NS);
      expect(now).toBeLessThanOrEqual(after + ROUNDING_NS);
    }
  });

  it('is the same in two processes: a child reads a time between two readings of its parent', () => {
    const originNs = readOriginNs();
    const clock = createClock(originNs);
    const child = fileURLToPath(new URL('./print-now.ts', import.meta.url));
    const before = clock.nowNs();
    const inChild = Number(execFileSync(process.execPath, [child, `${originNs}`], { encoding: 'utf8' }));
    const after = clock.nowNs();
    expect(inChild).toBeGreaterThan(before);
    expect(inChild).toBeLessThan(after);
  });
});
