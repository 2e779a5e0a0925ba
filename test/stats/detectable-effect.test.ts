import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { detectableShift, signedRankP } from '../../src/stats/signed-rank.ts';
import { draw, laplaceNoise, type Noise, normalNoise, shareOf } from './noise.ts';

const TIMES = 3000;
const EDGE = Math.log(1.1);

/** How often a repeat is rejected, when the truth is at the location that the values before gave as detectable. */
function powerOf(noise: Noise, count: number, alpha: number, power: number): number {
  return shareOf(TIMES, () => {
    const seen = draw(noise, count, 17);
    const location = detectableShift(seen, { nullShift: EDGE, alpha, power });
    return signedRankP(draw(noise, count, location), EDGE) <= alpha;
  });
}

describe('the detectable shift', () => {
  // A standard error of the simulation is 0.006.
  it.each([
    [10, 0.02, 0.88, 0.925],
    [10, 0.0047, 0.865, 0.91],
    [20, 0.014, 0.88, 0.925],
    [20, 0.014 / 3, 0.88, 0.925],
    [40, 0.02, 0.88, 0.925],
    // Only values that are all, or all but one, above the null are rejected.
    [10, 0.002, 0.85, 0.9],
    [9, 0.002, 0.81, 0.87],
  ])('has a power of about 0.9 for normal noise: %d values at %d', (count, alpha, from, to) => {
    const power = powerOf(normalNoise(21), count, alpha, 0.9);
    expect(power).toBeGreaterThan(from);
    expect(power).toBeLessThan(to);
  });

  it.each([
    [10, 0.02, 0.82, 0.88],
    [20, 0.014 / 3, 0.85, 0.91],
    [40, 0.02, 0.9, 0.96],
    [10, 0.002, 0.78, 0.84],
  ])(
    'has somewhat less power for Laplace noise, and more with many values: %d at %d',
    (count, alpha, from, to) => {
      const power = powerOf(laplaceNoise(22), count, alpha, 0.9);
      expect(power).toBeGreaterThan(from);
      expect(power).toBeLessThan(to);
    },
  );

  it.each([0.5, 0.8])('holds for other powers too: %d', (power) => {
    expect(Math.abs(powerOf(normalNoise(23), 15, 0.02, power) - power)).toBeLessThan(0.035);
  });

  it('is lower with more values, a laxer alpha and less power, and 0.9 is the default power', () => {
    const noise = normalNoise(24);
    const values = draw(noise, 12);
    const at = (some: number[], alpha: number, power: number) =>
      detectableShift(some, { nullShift: 0, alpha, power });
    expect(at([...values, ...values], 0.02, 0.9)).toBeLessThan(at(values, 0.02, 0.9));
    expect(at(values, 0.05, 0.9)).toBeLessThan(at(values, 0.02, 0.9));
    expect(at(values, 0.02, 0.8)).toBeLessThan(at(values, 0.02, 0.9));
    expect(detectableShift(values, { nullShift: 0, alpha: 0.02 })).toBe(at(values, 0.02, 0.9));
  });

  it('depends on the spread of the values and not on where they are, and moves with the null', () => {
    const values = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 8, maxLength: 20 });
    const options = { nullShift: 0, alpha: 0.02 };
    fc.assert(
      fc.property(values, fc.integer({ min: -100, max: 100 }), (some, by) => {
        const shift = detectableShift(some, options);
        expect(
          detectableShift(
            some.map((value) => value + by),
            options,
          ),
        ).toBeCloseTo(shift, 8);
        expect(
          detectableShift(
            some.map((value) => 3 * value),
            options,
          ),
        ).toBeCloseTo(3 * shift, 8);
        expect(detectableShift(some, { ...options, nullShift: by })).toBeCloseTo(by + shift, 8);
      }),
    );
  });

  it('is the null where nothing spreads', () => {
    expect(detectableShift(Array(10).fill(0.3), { nullShift: EDGE, alpha: 0.02 })).toBe(EDGE);
  });

  it('is infinite where so few values are never rejected', () => {
    expect(detectableShift([1, 2, 3, 4, 5], { nullShift: 0, alpha: 0.02 })).toBe(Number.POSITIVE_INFINITY);
    expect(detectableShift([1, 2], { nullShift: 0, alpha: 0.3 })).toBe(Number.POSITIVE_INFINITY);
  });

  it('is not a number for less than two values', () => {
    expect(detectableShift([], { nullShift: 0, alpha: 0.02 })).toBeNaN();
    expect(detectableShift([1], { nullShift: 0, alpha: 0.5 })).toBeNaN();
  });

  it.each([
    [[1, Number.NaN], 0, 0.1, 0.9, 'values[1] is NaN'],
    [[1, 2], Number.NaN, 0.1, 0.9, 'nullShift[0] is NaN'],
    [[1, 2], 0, 0, 0.9, 'alpha is 0'],
    [[1, 2], 0, 0.1, 1, 'power is 1'],
  ])('is refused for %j, %d, %d, %d', (values, nullShift, alpha, power, message) => {
    expect(() => detectableShift(values, { nullShift, alpha, power })).toThrow(RangeError);
    expect(() => detectableShift(values, { nullShift, alpha, power })).toThrow(message);
  });
});
