import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clopperPearson } from '../../src/stats/distributions.ts';
import { binomialTail } from './binomial.ts';

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
