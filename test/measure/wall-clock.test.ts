import { execFileSync } from 'node:child_process';
import { describe, expect, it, vi } from 'vitest';
import { readOriginNs } from '../../src/measure/clock.ts';
import { readWallOrigin } from '../../src/measure/wall-clock.ts';

const PYTHON = '/usr/bin/python3';
/** Reads CLOCK_MONOTONIC, CLOCK_REALTIME and CLOCK_MONOTONIC by the calls of libc. */
const READ_CLOCKS =
  'import time; c=time.clock_gettime_ns; print(*min(((c(1),c(0),c(1)) for _ in range(1000)), key=lambda r: r[2]-r[0]))';

describe('the wall time of an origin', () => {
  it('agrees with the clocks that another program reads', () => {
    const originNs = readOriginNs() - 5_000_000_000n;
    const { originWallNs, boundNs } = readWallOrigin(originNs);
    const [before = 0n, wall = 0n, after = 0n] = execFileSync(PYTHON, ['-c', READ_CLOCKS], {
      encoding: 'utf8',
    })
      .trim()
      .split(' ')
      .map(BigInt);
    // The wall time of the origin lies in the range that either reading leaves open.
    const latest = wall - (before - originNs);
    const earliest = wall - (after - originNs);
    expect(Number(originWallNs - latest)).toBeLessThanOrEqual(boundNs + 2000);
    expect(Number(earliest - originWallNs)).toBeLessThanOrEqual(boundNs + 2000);
  });

  it('says how far off it may be when the wall clock stands still', () => {
    const stopped = vi.spyOn(Date, 'now').mockReturnValue(1_800_000_000_000);
    const originNs = readOriginNs();
    const { originWallNs, boundNs } = readWallOrigin(originNs);
    stopped.mockRestore();
    expect(boundNs).toBe(20e6);
    const sinceNs = Number(1_800_000_000_000_000_000n - originWallNs);
    expect(sinceNs).toBeGreaterThan(0);
    expect(sinceNs).toBeLessThan(Number(readOriginNs() - originNs));
  });
});
