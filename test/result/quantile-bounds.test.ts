import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregate } from '../../src/result/aggregate.ts';
import { quantileBounds, quantileRanks } from '../../src/result/quantile-bounds.ts';
import { NsHistogram, samplesForBounds, viewResult } from '../../src/result/view.ts';
import { normalQuantile } from '../../src/stats/distributions.ts';
import { makeResult } from '../report/fixture.ts';
import { storedSeries } from '../run/made-series.ts';
import { binomialTail } from '../stats/binomial.ts';
import { chance, normalNoise } from '../stats/noise.ts';

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
      expect(quantileRanks(needed, quantile, confidence).upper).toBe(needed);
      expect(quantileRanks(needed - 1, quantile, confidence).upper).toBeNull();
      expect(quantileRanks(needed, 1 - quantile, confidence).lower).toBe(1);
      expect(quantileRanks(needed - 1, 1 - quantile, confidence).lower).toBeNull();
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
      expect(quantileRanks(count, 0.5, 1 - alpha)).toEqual({ lower: rank, upper: count + 1 - rank });
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
    const bounds = quantileRanks(count, quantile, confidence);
    // With millions of samples the normal distribution stands in for the binomial: two ranks at most.
    const tolerance = count > 1e6 ? 2 : 0;
    expect(Math.abs((bounds.lower ?? 0) - lower)).toBeLessThanOrEqual(tolerance);
    expect(Math.abs((bounds.upper ?? 0) - upper)).toBeLessThanOrEqual(tolerance);
  });

  it('are as close as the confidence allows, by the sum of binomial probabilities', () => {
    const shares = fc.double({ min: 0.02, max: 0.98, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), shares, shares, (count, quantile, confidence) => {
        const { lower, upper } = quantileRanks(count, quantile, confidence);
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
    expect(quantileRanks(1, 0.5, 0.5)).toEqual({ lower: 1, upper: 1 });
  });

  it('are missing where there are no samples', () => {
    expect(quantileRanks(0, 0.5, 0.95)).toEqual({ lower: null, upper: null });
  });

  it.each([
    [-1, 0.5],
    [0.4, 0.5],
    [Number.NaN, 0.5],
    [10_000, 1],
    [10_000, 0],
  ])('are missing for %d samples and the quantile %d', (samples, quantile) => {
    expect(quantileRanks(samples, quantile)).toEqual({ lower: null, upper: null });
  });
});

describe('the ranks among an effective number of samples', () => {
  const FINE = 1 / 64;
  const quantiles = fc.constantFrom(0.5, 0.9, 0.95, 0.99, 0.999);
  const sizes = fc.double({ min: 1, max: 20_000, noNaN: true });

  it('are, for a whole number, those of the whole samples to within one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), quantiles, (samples, quantile) => {
        const whole = quantileRanks(samples, quantile);
        const fine = quantileRanks(samples, quantile, 0.975, FINE);
        expect(fine.lower === null).toBe(whole.lower === null);
        expect(fine.upper === null).toBe(whole.upper === null);
        // Whole ranks are rounded outwards.
        if (whole.lower !== null) expect((fine.lower ?? 0) - whole.lower).toBeGreaterThanOrEqual(0);
        if (whole.lower !== null) expect((fine.lower ?? 0) - whole.lower).toBeLessThan(1);
        if (whole.upper !== null) expect(whole.upper - (fine.upper ?? 0)).toBeGreaterThanOrEqual(0);
        if (whole.upper !== null) expect(whole.upper - (fine.upper ?? 0)).toBeLessThan(1);
      }),
    );
  });

  it('lie within the samples, and around the quantile', () => {
    fc.assert(
      fc.property(sizes, quantiles, (samples, quantile) => {
        const { lower, upper } = quantileRanks(samples, quantile, 0.975, FINE);
        if (lower !== null) expect(lower).toBeGreaterThanOrEqual(1);
        if (lower !== null) expect(lower).toBeLessThanOrEqual(samples * quantile + 1);
        if (upper !== null) expect(upper).toBeGreaterThanOrEqual(samples * quantile);
        if (upper !== null) expect(upper).toBeLessThanOrEqual(samples);
      }),
    );
  });

  it('cover a wider share of the samples, the fewer these are', () => {
    const more = fc.double({ min: 1.2, max: 10, noNaN: true });
    fc.assert(
      fc.property(more, more, quantiles, (few, times, quantile) => {
        const samples = few * samplesForBounds(quantile);
        const shares = (of: number) => {
          const { lower, upper } = quantileRanks(of, quantile, 0.975, FINE);
          return { lower: (lower ?? 0) / of, upper: (upper ?? 0) / of };
        };
        const [wide, narrow] = [shares(samples), shares(samples * times)];
        expect(narrow.lower).toBeGreaterThan(wide.lower - FINE / samples);
        expect(narrow.upper).toBeLessThan(wide.upper + FINE / samples);
      }),
    );
  });

  it.each([0.5, 0.9, 0.95, 0.99, 0.999])(
    'exist for the quantile %d exactly from the number that it needs',
    (quantile) => {
      const needed = samplesForBounds(quantile);
      expect(quantileRanks(needed * 1.0001, quantile, 0.975, FINE)).not.toMatchObject({ upper: null });
      expect(quantileRanks(needed * 0.9999, quantile, 0.975, FINE)).toMatchObject({ upper: null });
    },
  );

  it('end for any number', () => {
    for (const samples of [2 ** 53, 1e16, 1e30]) {
      const { lower, upper } = quantileRanks(samples, 0.99, 0.975, samples / 1000);
      expect(lower).toBeLessThanOrEqual(upper ?? 0);
    }
  });
});

describe('the samples that an interval needs', () => {
  it.each([
    [0.5, 6],
    [0.9, 36],
    [0.95, 72],
    [0.99, 368],
    [0.999, 3688],
    [0.1, 36],
  ])('for %d are %d', (quantile, needed) => {
    expect(Math.ceil(samplesForBounds(quantile))).toBe(needed);
    // 1 - q^n, the chance that one of n samples lies beyond.
    const q = Math.max(quantile, 1 - quantile);
    expect(1 - q ** needed).toBeGreaterThanOrEqual(0.975);
    expect(1 - q ** (needed - 1)).toBeLessThan(0.975);
  });
});

describe('the interval of a quantile of a series', () => {
  const RECEIVERS = 5;

  const EMPTY = makeResult({ scenario: 'broadcast-latency', clients: 2, rateHz: 10, seconds: 1 });

  /** A run in which all receivers of each broadcast had the same latency. */
  function runOf(latenciesNs: readonly number[], effectiveSamples: Readonly<Record<string, number>> = {}) {
    const counted = latenciesNs.map((ns) => [ns, RECEIVERS] as const);
    return viewResult({
      ...EMPTY,
      series: {
        delivery: { ...storedSeries(counted), effectiveSamples },
        fanout_last: storedSeries([[1e6, latenciesNs.length]]),
      },
    });
  }
  const ascending = (count: number) => Array.from({ length: count }, (_, index) => 10 * (index + 1));

  it('is read at the ranks among the broadcasts, however many receivers each has', () => {
    // Under 2048 ns each value has a bucket of its own. SciPy 1.17.1: binom.ppf([0.025, 0.975], 200, q).
    expect(quantileBounds(runOf(ascending(200)), 'delivery', 0.95)).toEqual({ lower: 1840, upper: 1970 });
    expect(quantileBounds(runOf(ascending(200)), 'delivery', 0.5)).toEqual({ lower: 860, upper: 1150 });
  });

  it('has no upper end where the broadcasts are too few, though the values are many', () => {
    expect(quantileBounds(runOf(ascending(71)), 'delivery', 0.95)).toEqual({ lower: 630, upper: null });
    expect(quantileBounds(runOf(ascending(71)), 'ack', 0.95)).toEqual({ lower: null, upper: null });
  });

  it('is wider by the effective number of samples, and has no upper end where these are too few', () => {
    const wide = quantileBounds(runOf(ascending(200), { p95: 100, p99: 90 }), 'delivery', 0.95);
    expect(wide.lower).toBeLessThan(1840);
    expect(wide.upper).toBeGreaterThan(1970);
    const short = runOf(ascending(200), { p95: 71 });
    expect(quantileBounds(short, 'delivery', 0.95).upper).toBeNull();
    expect(short.quantileNs('delivery', 0.95)).toBeNull();
  });

  it('of a percentile between two known ones goes by the smaller number of samples', () => {
    const between = runOf(ascending(200), { p90: 120, p99: 80 });
    expect(between.effectiveSamples('delivery', 0.95)).toBe(80);
    expect(between.effectiveSamples('delivery', 0.9)).toBe(120);
    expect(between.effectiveSamples('delivery', 0.5)).toBe(120);
    expect(between.effectiveSamples('delivery', 0.999)).toBe(80);
    expect(between.effectiveSamples('fanout_last', 0.5)).toBeNull();
  });

  it('does not make a percentile of few broadcasts, however many independent values these have', () => {
    const view = runOf(ascending(50), { p95: 250 });
    expect(view.quantileNs('delivery', 0.95)).toBeNull();
    expect(view.quantileNs('delivery', 0.9)).not.toBeNull();
  });

  it('takes no more samples than values, even if a file says more', () => {
    const view = runOf(ascending(100), { p50: 1e300 });
    expect(quantileBounds(view, 'delivery', 0.5)).toEqual(
      quantileBounds(runOf(ascending(100), { p50: 500 }), 'delivery', 0.5),
    );
  });

  it('of several runs together goes by the sum of their samples', () => {
    const runs = aggregate([runOf(ascending(100), { p50: 60 }), runOf(ascending(100))]);
    expect(runs.effectiveSamples('delivery', 0.5)).toBe(160);
    expect(aggregate([runOf(ascending(100))]).effectiveSamples('delivery', 0.5)).toBeNull();
  });

  it('always holds the figure that is shown', () => {
    const latencies = fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 80, maxLength: 200 });
    fc.assert(
      fc.property(
        latencies,
        fc.option(fc.double({ min: 73, max: 500, noNaN: true })),
        (latenciesNs, effective) => {
          const view = runOf(latenciesNs, effective === null ? {} : { p95: effective });
          const shown = view.quantileNs('delivery', 0.95) ?? Number.NaN;
          const { lower, upper } = quantileBounds(view, 'delivery', 0.95);
          expect(lower).toBeLessThanOrEqual(shown);
          expect(upper).toBeGreaterThanOrEqual(shown);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('the coverage of 95 % intervals', () => {
  it('of independent samples is 95 % or a little more, by the sum of binomial probabilities', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 6, max: 1000 }),
        fc.constantFrom(0.5, 0.9, 0.95, 0.99),
        (samples, quantile) => {
          const { lower, upper } = quantileRanks(samples, quantile);
          fc.pre(lower !== null && upper !== null);
          // The quantile lies between both when at least `lower` samples are below it, and fewer than `upper`.
          const covered =
            binomialTail(lower ?? 0, samples, quantile) - binomialTail(upper ?? 0, samples, quantile);
          expect(covered).toBeGreaterThanOrEqual(0.95);
          expect(covered).toBeLessThan(0.993);
        },
      ),
    );
  });

  it('of correlated latencies is 95 % by their effective number, and far less by their number', () => {
    // Latencies come in groups of four alike, as all messages behind one stall: 1,200 count as 300.
    const times = 200;
    const noise = normalNoise(7);
    const histograms = Array.from({ length: times }, () => {
      const histogram = new NsHistogram();
      for (let group = 0; group < 300; group++) histogram.record(Math.round(Math.exp(noise()) * 1000), 4);
      return histogram;
    });
    const truth = Math.exp(normalQuantile(0.9)) * 1000;
    const coverage = (effective: number | null) => {
      const held = histograms.filter((histogram) => {
        const runs = { histogram: () => histogram, samples: () => 1200, effectiveSamples: () => effective };
        const { lower, upper } = quantileBounds(runs, 'delivery', 0.9);
        return (lower ?? 0) <= truth && truth <= (upper ?? 0);
      });
      return held.length / times;
    };
    expect(Math.abs(coverage(300) - 0.95)).toBeLessThan(chance(0.95, times));
    expect(coverage(null)).toBeLessThan(0.8);
  });
});
