import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hodgesLehmann, walshAverages } from '../../src/stats/signed-rank.ts';
import { DEPRESSION } from './published.ts';

const wholes = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 20 });

describe('the Hodges-Lehmann estimate', () => {
  it('is that of Hollander and Wolfe', () => {
    expect(hodgesLehmann(DEPRESSION)).toBeCloseTo(0.46, 12);
  });

  it.each([
    [[7], 7],
    [[1, 2], 1.5],
    [[1, 2, 6], 2.75],
    [[0, 0, 0, 100], 0],
    [[-5, 5], 0],
  ])('of %j is %d', (values, expected) => {
    expect(hodgesLehmann(values)).toBe(expected);
  });

  it('of no values is not a number', () => {
    expect(hodgesLehmann([])).toBeNaN();
  });

  it('moves with the values, turns with their sign, and lies among them', () => {
    fc.assert(
      fc.property(wholes, fc.integer({ min: -1000, max: 1000 }), (values, by) => {
        const estimate = hodgesLehmann(values);
        expect(hodgesLehmann(values.map((value) => value + by))).toBe(estimate + by);
        expect(hodgesLehmann(values.map((value) => -value)) + estimate).toBe(0);
        expect(estimate).toBeGreaterThanOrEqual(Math.min(...values));
        expect(estimate).toBeLessThanOrEqual(Math.max(...values));
      }),
    );
  });

  it('leaves as many pairs, in either order and with itself, below it as above', () => {
    fc.assert(
      fc.property(wholes, (values) => {
        const twice = 2 * hodgesLehmann(values);
        const sums = values.flatMap((a, i) => values.slice(i).map((b) => a + b));
        const half = sums.length / 2;
        expect(sums.filter((sum) => sum < twice).length).toBeLessThanOrEqual(half);
        expect(sums.filter((sum) => sum > twice).length).toBeLessThanOrEqual(half);
      }),
    );
  });

  it('refuses a value that is not finite, and names it', () => {
    expect(() => hodgesLehmann([1, Number.NaN])).toThrow(
      new RangeError('values[1] is NaN; it must be a finite number'),
    );
  });
});

it('there are n (n + 1) / 2 Walsh averages, in ascending order', () => {
  expect([...walshAverages([4, -2, 1])]).toEqual([-2, -0.5, 1, 1, 2.5, 4]);
});
