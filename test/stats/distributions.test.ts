import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binomialCdf } from '../../src/result/quantile-bounds.ts';
import { betaQuantile, normalQuantile, studentQuantile } from '../../src/stats/distributions.ts';
import { binomialTail } from './binomial.ts';

describe('the binomial distribution', () => {
  it('is the sum of its terms', () => {
    const few = fc.integer({ min: 1, max: 60 });
    const share = fc.double({ min: 0.001, max: 0.999, noNaN: true });
    fc.assert(
      fc.property(few, fc.integer({ min: -2, max: 62 }), share, (trials, successes, probability) => {
        const expected = 1 - binomialTail(successes + 1, trials, probability);
        expect(binomialCdf(successes, trials, probability)).toBeCloseTo(expected, 9);
      }),
    );
  });

  // SciPy 1.17.1, binom.cdf
  it.each([
    [950, 1000, 0.95, 0.5202589429126815, 9],
    [99_000, 100_000, 0.99, 0.5042686879721225, 9],
    [5_000_000, 10_000_000, 0.5, 0.5001261566229462, 6],
    [50_005_000, 100_000_000, 0.5, 0.8413689419311935, 6],
    [9_500_700, 10_000_000, 0.95, 0.8452804073899325, 3],
    // On either side of where the normal distribution takes over, and where it is least like the binomial.
    [23_760_974, 24_000_000, 0.99, 0.9772615923227376, 6],
    [25_741_014, 26_000_000, 0.99, 0.9772816300294651, 3],
    [25_740_000, 26_000_000, 0.99, 0.5002647316831932, 3],
    [259_739_490, 260_000_000, 0.999, 0.158724942557343, 3],
  ])(
    'has %d or fewer of %d, at %d, with the probability %d',
    (successes, trials, probability, expected, digits) => {
      expect(binomialCdf(successes, trials, probability)).toBeCloseTo(expected, digits);
    },
  );
});

describe('quantiles', () => {
  // The tables of any textbook.
  it.each([
    [0.95, 1.644854],
    [0.975, 1.959964],
    [0.995, 2.575829],
    [0.1, -1.281552],
    [0.5, 0],
  ])('of the normal distribution: %d', (probability, expected) => {
    expect(normalQuantile(probability)).toBeCloseTo(expected, 6);
  });

  it.each([
    [0.975, 1, 12.706],
    [0.975, 9, 2.262],
    [0.95, 19, 1.729],
    [0.99, 9, 2.821],
    [0.005, 4, -4.604],
    [0.975, 120, 1.98],
  ])("of Student's distribution: %d with %d degrees of freedom", (probability, degrees, expected) => {
    expect(studentQuantile(probability, degrees)).toBeCloseTo(expected, 3);
  });

  it('of the beta distribution: the power function, and its mirror', () => {
    for (const n of [1, 7, 59, 1e6]) {
      expect(betaQuantile(0.3, n, 1)).toBeCloseTo(0.3 ** (1 / n), 9);
      expect(betaQuantile(0.3, 1, n)).toBeCloseTo(1 - 0.7 ** (1 / n), 9);
    }
  });
});
