import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ArrivalProcess, arrivalsNs } from '../../src/plan/arrivals.ts';
import { type Profile, parseProfile, profileDurationMs } from '../../src/plan/profile.ts';

function schedule(profile: Profile | string, arrival: ArrivalProcess = 'constant', seed = 1): number[] {
  return [...arrivalsNs(typeof profile === 'string' ? parseProfile(profile, 1) : profile, arrival, seed)];
}

/** How many arrivals fall into each of `parts` equal parts of the time. */
function countsIn(parts: number, arrivals: readonly number[], durationNs: number): number[] {
  const counts = Array<number>(parts).fill(0);
  for (const timeNs of arrivals) {
    const part = Math.floor((timeNs / durationNs) * parts);
    counts[part] = (counts[part] ?? 0) + 1;
  }
  return counts;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Kolmogorov's at 0.1 %. */
const CRITICAL_DISTANCE = 1.95;

/** Kolmogorov-Smirnov: the largest distance from the exponential distribution, times the root of the number. */
function distanceFromExponential(values: readonly number[], meanValue: number): number {
  const largest = values
    .toSorted((a, b) => a - b)
    .reduce((distance, value, i) => {
      const expected = 1 - Math.exp(-value / meanValue);
      return Math.max(distance, expected - i / values.length, (i + 1) / values.length - expected);
    }, 0);
  return largest * Math.sqrt(values.length);
}

/** Rates in hundredths, so that the area under the line can be computed in whole numbers. */
const stages = fc.array(
  fc.record({
    durationMs: fc.integer({ min: 1, max: 3000 }),
    fromCentiHz: fc.integer({ min: 0, max: 20_000 }),
    toCentiHz: fc.integer({ min: 1, max: 20_000 }),
    flat: fc.boolean(),
  }),
  { minLength: 1, maxLength: 3 },
);

describe('constant arrivals', () => {
  it('are evenly spaced from the start', () => {
    expect(schedule('50ms@100/s')).toEqual([0, 10e6, 20e6, 30e6, 40e6]);
    expect(schedule('3s@40/m')).toEqual([0, 1.5e9]);
  });

  it('are as many as the area under the profile, ascending and inside its duration', () => {
    fc.assert(
      fc.property(stages, (given) => {
        const profile = given.map(({ durationMs, fromCentiHz, toCentiHz, flat }) => ({
          durationMs,
          fromHz: (flat ? toCentiHz : fromCentiHz) / 100,
          toHz: toCentiHz / 100,
        }));
        const doubledArea = given.reduce(
          (sum, { durationMs, fromCentiHz, toCentiHz, flat }) =>
            sum + ((flat ? toCentiHz : fromCentiHz) + toCentiHz) * durationMs,
          0,
        );
        const arrivals = schedule(profile);
        // The first is at 0, so a fraction of a message at the end makes one more.
        expect(arrivals).toHaveLength(Math.ceil(doubledArea / 200_000));
        expect(arrivals.every((timeNs, i) => timeNs > (arrivals[i - 1] ?? -1))).toBe(true);
        expect(arrivals.at(-1)).toBeLessThan(profileDurationMs(profile) * 1e6);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['1m@7/m', 7],
    ['1h@57/h', 57],
    ['1h@114..0/h', 57],
    ['1h@0..114/h', 57],
    ['1h@114/h,1h@114..0/h', 171],
    ['10s@0.1/s', 1],
    ['30s@33.3/s', 999],
    ['3s@33.3..0/s', 50],
    ['1s@0..2/s', 1],
    ['700ms@100/s,300ms@100/s', 100],
    ['100ms@70/s,200ms@70/s', 21],
  ])('of %s are %d: rounding adds none', (profile, count) => {
    expect(schedule(profile)).toHaveLength(count);
  });

  it('come closer together on a ramp, by the square root', () => {
    const arrivals = schedule('10s@0..100/s');
    const expected = Array.from({ length: 500 }, (_, k) => Math.sqrt(k / 5) * 1e9);
    expect(arrivals).toHaveLength(500);
    for (const [k, timeNs] of arrivals.entries()) {
      expect(Math.abs(timeNs - (expected[k] ?? Number.NaN))).toBeLessThanOrEqual(1);
    }
    expect(countsIn(10, arrivals, 10e9)).toEqual([5, 15, 25, 35, 45, 55, 65, 75, 85, 95]);
  });

  it('fall apart on a ramp down as they come together on the way up', () => {
    const counts = countsIn(10, schedule('10s@100..0/s'), 10e9);
    expect(counts).toEqual([95, 85, 75, 65, 55, 45, 35, 25, 15, 5]);
  });

  it('do not depend on the seed', () => {
    expect(schedule('1s@100/s', 'constant', 1)).toEqual(schedule('1s@100/s', 'constant', 2));
  });
});

describe('Poisson arrivals', () => {
  it('are the same for the same seed and others for another', () => {
    expect(schedule('1s@100/s', 'poisson', 7)).toEqual(schedule('1s@100/s', 'poisson', 7));
    expect(schedule('1s@100/s', 'poisson', 7)).not.toEqual(schedule('1s@100/s', 'poisson', 8));
  });

  it('begin in the same way however long the schedule lasts', () => {
    const short = schedule('1s@100/s', 'poisson', 7);
    expect(schedule('2s@100/s', 'poisson', 7).slice(0, short.length)).toEqual(short);
  });

  it('ascend and lie inside the duration', () => {
    for (let seed = 0; seed < 50; seed++) {
      const arrivals = schedule('500ms@0..200/s,500ms@50/s', 'poisson', seed);
      expect(arrivals.every((timeNs, i) => timeNs >= (arrivals[i - 1] ?? 0))).toBe(true);
      expect(arrivals.at(-1)).toBeLessThan(1e9);
    }
  });

  it('have counts whose mean and whose variance are the rate, as Poisson counts do', () => {
    const counts = Array.from({ length: 1000 }, (_, seed) => schedule('1s@100/s', 'poisson', seed).length);
    const average = mean(counts);
    const variance = mean(counts.map((count) => (count - average) ** 2));
    // Four standard errors: 100 +- 4 sqrt(100 / 1000), and 100 +- 4 x 100 sqrt(2 / 1000).
    expect(Math.abs(average - 100)).toBeLessThan(1.3);
    expect(Math.abs(variance - 100)).toBeLessThan(18);
  });

  it.each([1, 2, 3])('have exponential gaps with seed %d (Kolmogorov-Smirnov)', (seed) => {
    const arrivals = schedule('10s@1000/s', 'poisson', seed);
    const gapsNs = arrivals.map((timeNs, i) => timeNs - (arrivals[i - 1] ?? 0));
    expect(distanceFromExponential(gapsNs, 1e6)).toBeLessThan(CRITICAL_DISTANCE);
  });

  it('begin at random over the seeds, small ones too', () => {
    const firstsNs = Array.from(
      { length: 1000 },
      (_, seed) => schedule('1s@100/s', 'poisson', seed)[0] ?? 1e9,
    );
    expect(distanceFromExponential(firstsNs, 1e7)).toBeLessThan(CRITICAL_DISTANCE);
  });

  it('follow the rate of a ramp', () => {
    const total = Array<number>(5).fill(0);
    for (let seed = 0; seed < 200; seed++) {
      const counts = countsIn(5, schedule('1s@0..200/s', 'poisson', seed), 1e9);
      for (const [part, count] of counts.entries()) total[part] = (total[part] ?? 0) + count;
    }
    // 4, 12, 20, 28 and 36 messages each on average, within four standard errors.
    for (const [part, count] of total.entries()) {
      const expected = (4 + 8 * part) * 200;
      expect(Math.abs(count - expected)).toBeLessThan(4 * Math.sqrt(expected));
    }
  });
});
