import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  attainedLevel,
  hodgesLehmann,
  locationBounds,
  signedRankP,
  signedRankPBelow,
  walshAverages,
} from '../../src/stats/signed-rank.ts';
import { chance, draw, laplaceNoise, normalNoise, shareOf } from './noise.ts';
import { DEPRESSION, MAIZE } from './published.ts';

/** Few different values, so that ties and zeros are common; shifts fall on them, between them and halfway. */
const tied = (maxLength: number) => fc.array(fc.integer({ min: -4, max: 4 }), { maxLength });
const shifts = fc.integer({ min: -10, max: 10 }).map((twice) => twice / 2);
/** Whole, so that differences and means are exact; so many that hardly any two have the same distance. */
const different = (minLength: number, maxLength: number) =>
  fc.uniqueArray(fc.integer({ min: -1e9, max: 1e9 }), { minLength, maxLength });
const alphas = fc.double({ min: 1e-4, max: 0.5, noNaN: true });

/** The p-value by its definition: every choice of signs for what is not zero, of which W+ is the sum of ranks. */
function enumeratedP(values: readonly number[], shift: number): number {
  const differences = values.map((value) => value - shift);
  const distances = differences.map(Math.abs);
  const rankOf = (distance: number) =>
    distances.filter((other) => other < distance).length +
    (distances.filter((other) => other === distance).length + 1) / 2;
  const signed = differences.filter((difference) => difference !== 0);
  const ranks = signed.map((difference) => rankOf(Math.abs(difference)));
  const sumOf = (isIn: (i: number) => boolean) =>
    ranks.reduce((sum, rank, i) => sum + (isIn(i) ? rank : 0), 0);
  const observed = sumOf((i) => (signed[i] ?? 0) > 0);
  let extreme = 0;
  for (let signs = 0; signs < 2 ** ranks.length; signs++) {
    if (sumOf((i) => ((signs >> i) & 1) === 1) >= observed) extreme++;
  }
  return extreme / 2 ** ranks.length;
}

/** The p-value by adding up the chances of every sum of ranks, for many values; of "at most 0". */
function summedP(values: readonly number[]): number {
  const ranked = values.map((value) => {
    const smaller = values.filter((other) => Math.abs(other) < Math.abs(value)).length;
    const equal = values.filter((other) => Math.abs(other) === Math.abs(value)).length;
    return { value, doubled: 2 * smaller + equal + 1 };
  });
  const observed = ranked.reduce((sum, { value, doubled }) => sum + (value > 0 ? doubled : 0), 0);
  let chances = new Map([[0, 1]]);
  for (const { value, doubled } of ranked) {
    if (value === 0) continue;
    const next = new Map<number, number>();
    for (const [sum, chance] of chances) {
      for (const to of [sum, sum + doubled]) next.set(to, (next.get(to) ?? 0) + chance / 2);
    }
    chances = next;
  }
  return [...chances].reduce((p, [sum, chance]) => p + (sum >= observed ? chance : 0), 0);
}

/** 1 to n with the signs that make the sum of the negative ranks `below`. */
function withRanksBelow(count: number, below: number): number[] {
  let left = below;
  const values: number[] = [];
  for (let rank = count; rank >= 1; rank--) {
    values.push(rank <= left ? -rank : rank);
    if (rank <= left) left -= rank;
  }
  return values;
}

describe('the p-value of the signed-rank test', () => {
  it('is that of the textbooks', () => {
    expect(signedRankP(DEPRESSION, 0)).toBe(10 / 512);
    expect(signedRankP(MAIZE, 0)).toBe(0.0206298828125);
    expect(2 * signedRankP(MAIZE, 0)).toBe(0.041259765625);
  });

  it.each([
    // SciPy 1.17.1: wilcoxon(values, alternative='greater', method='exact')
    [50, 4, 0.0006651789361971083],
    [100, 3, 0.001763001900825234],
  ])('is that of SciPy for the numbers to %d, each %d-th negative', (count, each, expected) => {
    const values = Array.from({ length: count }, (_, i) => ((i + 1) % each === 0 ? -(i + 1) : i + 1));
    expect(signedRankP(values, 0)).toBeCloseTo(expected, 14);
  });

  it.each([
    ['without ties', 0],
    ['with ties', 0.1],
    ['with many ties, and zeros', 1],
  ])('is within a tenth of the exact one where there are more than 100 values, %s', (_, grid) => {
    const noise = normalNoise(5);
    const near = (value: number) => (grid === 0 ? value : grid * Math.round(value / grid));
    for (const location of [-0.1, 0, 0.1, 0.2, 0.3, 0.4]) {
      const values = draw(noise, 101, location).map(near);
      const exact = summedP(values);
      const ratio = signedRankP(values, 0) / exact;
      expect(ratio).toBeGreaterThan(0.9);
      if (exact >= 0.001) expect(ratio).toBeLessThan(1.1);
    }
  });

  it('agrees with the bounds of 500 values', () => {
    const values = draw(normalNoise(6), 500, 0.2);
    const { lower, upper } = locationBounds(values, 0.01, 0.01);
    expect(signedRankP(values, lower - 1e-6)).toBeLessThanOrEqual(0.01);
    expect(signedRankP(values, lower + 1e-6)).toBeGreaterThan(0.01);
    expect(signedRankPBelow(values, upper + 1e-6)).toBeLessThanOrEqual(0.01);
    expect(signedRankPBelow(values, upper - 1e-6)).toBeGreaterThan(0.01);
  });

  // One-sided critical values of the smaller sum, as in the tables of Wilcoxon and Wilcox (1964).
  it.each([
    [5, 0.05, 0],
    [6, 0.05, 2],
    [7, 0.05, 3],
    [8, 0.05, 5],
    [9, 0.05, 8],
    [10, 0.05, 10],
    [12, 0.05, 17],
    [15, 0.05, 30],
    [20, 0.05, 60],
    [25, 0.05, 100],
    [30, 0.05, 151],
    [6, 0.025, 0],
    [8, 0.025, 3],
    [10, 0.025, 8],
    [12, 0.025, 13],
    [15, 0.025, 25],
    [20, 0.025, 52],
    [25, 0.025, 89],
    [30, 0.025, 137],
    [7, 0.01, 0],
    [10, 0.01, 5],
    [15, 0.01, 19],
    [20, 0.01, 43],
    [25, 0.01, 76],
    [30, 0.01, 120],
    [8, 0.005, 0],
    [10, 0.005, 3],
    [15, 0.005, 15],
    [20, 0.005, 37],
    [25, 0.005, 68],
    [30, 0.005, 109],
  ])(
    'with %d values is up to %d when the negative ranks sum to %d, and over it with one more',
    (n, alpha, sum) => {
      expect(signedRankP(withRanksBelow(n, sum), 0)).toBeLessThanOrEqual(alpha);
      expect(signedRankP(withRanksBelow(n, sum + 1), 0)).toBeGreaterThan(alpha);
    },
  );

  it('is what counting all signs gives, with ties and zeros', () => {
    fc.assert(
      fc.property(tied(10), shifts, (values, shift) => {
        expect(signedRankP(values, shift)).toBe(enumeratedP(values, shift));
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(different(12, 12), (values) => {
        expect(signedRankP(values, 1e8)).toBe(enumeratedP(values, 1e8));
      }),
      { numRuns: 20 },
    );
  });

  it('of the other side is that of the mirrored values', () => {
    fc.assert(
      fc.property(tied(10), shifts, (values, shift) => {
        const mirrored = values.map((value) => -value);
        expect(signedRankPBelow(values, shift)).toBe(enumeratedP(mirrored, -shift));
      }),
    );
  });

  it('never falls as the shift grows, with ties and zeros', () => {
    fc.assert(
      fc.property(tied(14), shifts, fc.integer({ min: 1, max: 40 }), (values, shift, quarters) => {
        expect(signedRankP(values, shift + quarters / 4)).toBeGreaterThanOrEqual(signedRankP(values, shift));
      }),
      { numRuns: 1000 },
    );
  });

  it('is 1 for no values, for values at the shift and for values below it', () => {
    expect(signedRankP([], 0)).toBe(1);
    expect(signedRankP([3, 3, 3], 3)).toBe(1);
    expect(signedRankP([1, 2, 2, -5], 3)).toBe(1);
    expect(signedRankP(draw(laplaceNoise(8), 100), 50)).toBe(1);
  });

  it('is 2^-n when all values are above the shift, tied or not', () => {
    expect(signedRankP([1, 2, 2, 5], 0)).toBe(1 / 16);
    expect(signedRankP(Array(100).fill(0.5), 0)).toBe(2 ** -100);
  });

  it.each([
    [[1, Number.NaN], 0, 'values[1] is NaN'],
    [[Number.POSITIVE_INFINITY], 0, 'values[0] is Infinity'],
    [[1], Number.NaN, 'shift[0] is NaN'],
  ])('is refused for %j and the shift %d', (values, shift, message) => {
    expect(() => signedRankP(values, shift)).toThrow(RangeError);
    expect(() => signedRankP(values, shift)).toThrow(message);
  });
});

describe('the size of the test', () => {
  it.each([
    ['normal', normalNoise(1), 10, 0.02],
    ['normal', normalNoise(2), 20, 0.05],
    ['Laplace', laplaceNoise(3), 10, 0.05],
  ])('for %s noise at the edge of the null is the level it attains', (_, noise, count, alpha) => {
    const edge = Math.log(1.1);
    const level = attainedLevel(count, alpha);
    const share = shareOf(10_000, () => signedRankP(draw(noise, count, edge), edge) <= alpha);
    expect(Math.abs(share - level)).toBeLessThan(chance(level, 10_000));
  });

  it('stays under alpha when most values are tied or zero', () => {
    const noise = normalNoise(4);
    const share = shareOf(10_000, () => signedRankP(draw(noise, 12).map(Math.round), 0) <= 0.05);
    expect(share).toBeLessThan(0.05 + chance(0.05, 10_000));
    expect(share).toBeGreaterThan(0.02);
  });

  it('is next to nothing when both arms are equal and 10 % are tolerated', () => {
    const noise = normalNoise(5);
    const rejects = () =>
      signedRankP(
        draw(noise, 20).map((value) => value * 0.05),
        Math.log(1.1),
      ) <= 0.02;
    expect(shareOf(5000, rejects)).toBe(0);
  });
});

describe('the level that the test attains', () => {
  it.each([
    [5, 0.05, 1 / 32],
    [10, 0.02, 19 / 1024],
    [10, 0.002, 2 / 1024],
    [8, 0.003, 0],
    [4, 1 / 16, 1 / 16],
    [0, 0.5, 0],
  ])('with %d values, of %d, is %d', (count, alpha, level) => {
    expect(attainedLevel(count, alpha)).toBe(level);
  });
});

describe('the bounds of the location', () => {
  it('are those of Hollander and Wolfe', () => {
    const { lower, upper } = locationBounds(DEPRESSION, 0.0196, 0.0196);
    expect(lower).toBeCloseTo(0.01, 12);
    expect(upper).toBeCloseTo(0.786, 12);
  });

  /** A point between each two neighbours of the Walsh averages, and one on either side. */
  function pointsBetween(values: readonly number[]): number[] {
    const averages = values.flatMap((a, i) => values.slice(i).map((b) => (a + b) / 2));
    const ascending = [...new Set(averages)].sort((a, b) => a - b);
    const inner = ascending.slice(1).map((average, i) => (average + (ascending[i] ?? 0)) / 2);
    return [-1e10, ...inner, 1e10];
  }

  it.each([
    ['with ties', tied(12)],
    ['without', different(1, 12)],
  ])('exclude exactly what the test rejects, %s', (_, some) => {
    fc.assert(
      fc.property(some, alphas, alphas, (values, lowerAlpha, upperAlpha) => {
        const { lower, upper } = locationBounds(values, lowerAlpha, upperAlpha);
        for (const point of pointsBetween(values)) {
          expect(lower > point).toBe(signedRankP(values, point) <= lowerAlpha);
          expect(upper < point).toBe(signedRankPBelow(values, point) <= upperAlpha);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are infinite where there are too few values, each for its own alpha', () => {
    expect(locationBounds([], 0.5, 0.5)).toEqual({ lower: -Infinity, upper: Infinity });
    expect(locationBounds([1, 2, 3, 4], 0.05, 0.0625)).toEqual({ lower: -Infinity, upper: 4 });
    expect(locationBounds([1, 2, 3, 4, 5], 0.05, 0.01)).toEqual({ lower: 1, upper: Infinity });
  });

  it('are both the value when there is only one, many times', () => {
    expect(locationBounds(Array(10).fill(2), 0.01, 0.01)).toEqual({ lower: 2, upper: 2 });
  });

  it.each([
    ['normal', normalNoise(6)],
    ['Laplace', laplaceNoise(7)],
  ])('miss the true location as often as their level says, for %s noise', (_, noise) => {
    const level = attainedLevel(12, 0.05);
    const bounds = Array.from({ length: 4000 }, () => locationBounds(draw(noise, 12, 3), 0.05, 0.05));
    const tooHigh = bounds.filter(({ lower }) => lower > 3).length / bounds.length;
    const tooLow = bounds.filter(({ upper }) => upper < 3).length / bounds.length;
    expect(Math.abs(tooHigh - level)).toBeLessThan(chance(level, bounds.length));
    expect(Math.abs(tooLow - level)).toBeLessThan(chance(level, bounds.length));
  });

  it.each([
    [[Number.NaN], 0.1, 0.1, 'values[0] is NaN'],
    [[1], 0, 0.1, 'lowerAlpha is 0'],
    [[1], 0.1, 1, 'upperAlpha is 1'],
    [[1], Number.NaN, 0.1, 'lowerAlpha is NaN'],
  ])('are refused for %j at %d and %d', (values, lowerAlpha, upperAlpha, message) => {
    expect(() => locationBounds(values, lowerAlpha, upperAlpha)).toThrow(RangeError);
    expect(() => locationBounds(values, lowerAlpha, upperAlpha)).toThrow(message);
  });
});

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

  it('rejects a value that is not finite, and names it', () => {
    expect(() => hodgesLehmann([1, Number.NaN])).toThrow(
      new RangeError('values[1] is NaN; it must be a finite number'),
    );
  });
});

it('there are n (n + 1) / 2 Walsh averages, in ascending order', () => {
  expect([...walshAverages([4, -2, 1])]).toEqual([-2, -0.5, 1, 1, 2.5, 4]);
});
