import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NsHistogram } from '../../src/result/view.ts';
import { clopperPearson, quantileBoundsNs, quantileRankBounds } from '../../src/stats/distributions.ts';
import { binomialTail } from './binomial.ts';
import { exponentialNoise, shareOf } from './noise.ts';

describe('the ranks that bound a quantile', () => {
  // The sample sizes of Hahn and Meeker, and of Wilks: the largest of n exceeds the quantile.
  it.each([
    [0.9, 0.95, 29],
    [0.95, 0.95, 59],
    [0.99, 0.95, 299],
    [0.9, 0.99, 44],
    [0.95, 0.99, 90],
    [0.99, 0.99, 459],
    [0.5, 0.95, 5],
  ])(
    'have an upper one for the quantile %d at %d from %d samples on, and mirrored a lower one',
    (quantile, confidence, needed) => {
      expect(quantileRankBounds(needed, quantile, confidence).upper).toBe(needed);
      expect(quantileRankBounds(needed - 1, quantile, confidence).upper).toBeNull();
      expect(quantileRankBounds(needed, 1 - quantile, confidence).lower).toBe(1);
      expect(quantileRankBounds(needed - 1, 1 - quantile, confidence).lower).toBeNull();
    },
  );

  // For the median they are those of the sign test: n, alpha of each side, and its tabled critical value + 1.
  it.each([
    [10, 0.025, 2],
    [15, 0.025, 4],
    [20, 0.025, 6],
    [25, 0.025, 8],
    [10, 0.05, 2],
    [12, 0.05, 3],
    [20, 0.05, 6],
    [20, 0.005, 4],
  ])(
    'of the median of %d samples, missed with %d on each side, are the %d-th from either end',
    (count, alpha, rank) => {
      expect(quantileRankBounds(count, 0.5, 1 - alpha)).toEqual({ lower: rank, upper: count + 1 - rank });
    },
  );

  // SciPy 1.17.1, binom.ppf and binom.cdf
  it.each([
    [200, 0.95, 0.95, 185, 196],
    [1000, 0.99, 0.95, 985, 996],
    [1000, 0.5, 0.95, 474, 527],
    [100_000, 0.999, 0.99, 99_876, 99_923],
    [10_000_000, 0.5, 0.95, 4_997_399, 5_002_602],
    [10_000_000, 0.95, 0.99, 9_498_396, 9_501_604],
    [100_000_000, 0.5, 0.95, 49_991_776, 50_008_225],
  ])('for %d samples, the quantile %d at %d are %d and %d', (count, quantile, confidence, lower, upper) => {
    const bounds = quantileRankBounds(count, quantile, confidence);
    // With millions of samples the normal distribution stands in for the binomial: two ranks at most.
    const tolerance = count > 1e6 ? 2 : 0;
    expect(Math.abs((bounds.lower ?? 0) - lower)).toBeLessThanOrEqual(tolerance);
    expect(Math.abs((bounds.upper ?? 0) - upper)).toBeLessThanOrEqual(tolerance);
  });

  it('are as close as the confidence allows, by the sum of binomial probabilities', () => {
    const shares = fc.double({ min: 0.02, max: 0.98, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), shares, shares, (count, quantile, confidence) => {
        const { lower, upper } = quantileRankBounds(count, quantile, confidence);
        // The r-th sample is at or under the quantile when r samples or more are, and over it when fewer are.
        const isUnder = (rank: number) => binomialTail(rank, count, quantile);
        const isOver = (rank: number) => 1 - isUnder(rank);
        for (let rank = 1; rank <= count; rank++) {
          if (Math.abs(isUnder(rank) - confidence) > 1e-6)
            expect(rank <= (lower ?? 0)).toBe(isUnder(rank) >= confidence);
          if (Math.abs(isOver(rank) - confidence) > 1e-6)
            expect(rank >= (upper ?? count + 1)).toBe(isOver(rank) >= confidence);
        }
      }),
    );
  });

  it('of the median at 50 %, from one sample, are that one: as likely above as below', () => {
    expect(quantileRankBounds(1, 0.5, 0.5)).toEqual({ lower: 1, upper: 1 });
  });

  it('are missing where there are no samples', () => {
    expect(quantileRankBounds(0, 0.5, 0.95)).toEqual({ lower: null, upper: null });
  });

  it.each([
    [-1, 0.5, 0.9, 'count is -1'],
    [1.5, 0.5, 0.9, 'count is 1.5'],
    [10, 1, 0.9, 'quantile is 1'],
    [10, 0, 0.9, 'quantile is 0'],
    [10, 0.5, 0, 'confidence is 0'],
    [10, Number.NaN, 0.9, 'quantile is NaN'],
  ])('are refused for %d, %d, %d', (count, quantile, confidence, message) => {
    expect(() => quantileRankBounds(count, quantile, confidence)).toThrow(RangeError);
    expect(() => quantileRankBounds(count, quantile, confidence)).toThrow(message);
  });
});

describe('the bounds of a quantile of latencies', () => {
  const RECEIVERS = 5;

  /** The given number of broadcasts, each of whose receivers has the same latency. */
  function histogramOf(latenciesNs: readonly number[]): NsHistogram {
    const histogram = new NsHistogram();
    for (const latencyNs of latenciesNs) histogram.record(Math.round(latencyNs), RECEIVERS);
    return histogram;
  }

  it('are the latencies at those ranks among independent samples, however many values each has', () => {
    // Under 2048 ns each value has a bucket of its own.
    const histogram = histogramOf(Array.from({ length: 200 }, (_, i) => 10 * (i + 1)));
    expect(quantileBoundsNs(histogram, 200, 0.95, 0.95)).toEqual({ lowerNs: 1850, upperNs: 1960 });
    expect(quantileBoundsNs(histogram, 200, 0.5, 0.95)).toEqual({ lowerNs: 880, upperNs: 1130 });
  });

  it('are missing where the independent samples are too few, though the values are many', () => {
    const histogram = histogramOf(Array.from({ length: 58 }, (_, i) => i + 1));
    expect(quantileBoundsNs(histogram, 58, 0.95, 0.95)).toEqual({ lowerNs: 52, upperNs: null });
    expect(quantileBoundsNs(new NsHistogram(), 0, 0.95, 0.95)).toEqual({ lowerNs: null, upperNs: null });
  });

  it.each([
    [100, 0.95, 0.9],
    [200, 0.95, 0.95],
    [40, 0.5, 0.9],
  ])(
    'hold the true one as often as they say: %d broadcasts, the quantile %d, %d',
    (count, quantile, confidence) => {
      const times = 600;
      const noise = exponentialNoise(31);
      const truthNs = -Math.log(1 - quantile) * 1e6;
      const bounds = Array.from({ length: times }, () => {
        const latenciesNs = Array.from({ length: count }, () => noise() * 1e6);
        return quantileBoundsNs(histogramOf(latenciesNs), count, quantile, confidence);
      });
      let at = 0;
      const next = () => bounds[at++ % times] ?? { lowerNs: null, upperNs: null };
      const slack = 4 * Math.sqrt((confidence * (1 - confidence)) / times);
      // Buckets are 0.1 % wide.
      expect(shareOf(times, () => (next().upperNs ?? 0) >= truthNs)).toBeGreaterThan(confidence - slack);
      expect(shareOf(times, () => (next().lowerNs ?? Number.NaN) <= truthNs * 1.001)).toBeGreaterThan(
        confidence - slack,
      );
    },
  );

  it('are an error for more independent samples than values', () => {
    expect(() => quantileBoundsNs(histogramOf([1]), 6, 0.5, 0.9)).toThrow(
      new RangeError('samples is 6; it must be a whole number, 0 to 5'),
    );
  });
});

const outcomes = fc
  .integer({ min: 1, max: 40 })
  .chain((trials) => fc.tuple(fc.integer({ min: 0, max: trials }), fc.constant(trials)));

describe("Clopper and Pearson's bounds", () => {
  it.each([
    // R's binom.test(682, 925): Conover (1971), page 97, Mendel's peas.
    [682, 925, 0.95, 0.7076683, 0.7654066],
    // SciPy 1.17.1, binomtest(k, n).proportion_ci(method='exact')
    [4, 20, 0.95, 0.057334, 0.436614],
    [7, 10, 0.95, 0.3475471, 0.9332605],
    // SciPy 1.17.1, beta.ppf
    [10, 1_000_000, 0.95, 0.0000047954, 0.0000183903],
    [500_000, 1_000_000, 0.95, 0.4990195, 0.5009805],
    [5_000_000, 10_000_000, 0.95, 0.4996901, 0.5003099],
    [950_000_000, 1_000_000_000, 0.95, 0.9499865, 0.9500135],
  ])('after %d of %d at %d are %d and %d', (successes, trials, confidence, lower, upper) => {
    const bounds = clopperPearson(successes, trials, confidence);
    expect(bounds.lower).toBeCloseTo(lower, 7);
    expect(bounds.upper).toBeCloseTo(upper, 7);
  });

  it.each([
    [59, 0.04951],
    [300, 0.00994],
  ])('say that 0 of %d is at most %d with 95 % on that side', (trials, most) => {
    const { lower, upper } = clopperPearson(0, trials, 0.9);
    expect(lower).toBe(0);
    expect(upper).toBeCloseTo(most, 5);
    expect(upper).toBeCloseTo(1 - 0.05 ** (1 / trials), 9);
    expect(clopperPearson(trials, trials, 0.9).upper).toBe(1);
    expect(clopperPearson(trials, trials, 0.9).lower).toBeCloseTo(1 - upper, 9);
  });

  it('are the probabilities at which so many, or so few, are just as likely as half of what may be missed', () => {
    fc.assert(
      fc.property(
        outcomes,
        fc.double({ min: 0.5, max: 0.999, noNaN: true }),
        ([successes, trials], confidence) => {
          const { lower, upper } = clopperPearson(successes, trials, confidence);
          const missed = (1 - confidence) / 2;
          if (successes > 0) expect(binomialTail(successes, trials, lower)).toBeCloseTo(missed, 7);
          if (successes < trials)
            expect(1 - binomialTail(successes + 1, trials, upper)).toBeCloseTo(missed, 7);
        },
      ),
    );
  });

  it.each([0.01, 0.05, 0.2, 0.5, 0.93])(
    'hold a true probability of %d at least as often as they say',
    (truth) => {
      const trials = 30;
      let held = 0;
      for (let k = 0; k <= trials; k++) {
        const { lower, upper } = clopperPearson(k, trials, 0.9);
        const likelihood = binomialTail(k, trials, truth) - binomialTail(k + 1, trials, truth);
        if (lower <= truth && truth <= upper) held += likelihood;
      }
      expect(held).toBeGreaterThanOrEqual(0.9);
    },
  );

  it('are 0 and 1 after no trials', () => {
    expect(clopperPearson(0, 0, 0.95)).toEqual({ lower: 0, upper: 1 });
  });

  it.each([
    [5, 4, 0.95, 'successes is 5; it must be a whole number, 0 to 4'],
    [-1, 4, 0.95, 'successes is -1'],
    [1, 4.5, 0.95, 'trials is 4.5'],
    [1, 4, 1, 'confidence is 1'],
  ])('are refused for %d of %d at %d', (successes, trials, confidence, message) => {
    expect(() => clopperPearson(successes, trials, confidence)).toThrow(RangeError);
    expect(() => clopperPearson(successes, trials, confidence)).toThrow(message);
  });
});
