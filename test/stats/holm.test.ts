import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holm } from '../../src/stats/correction.ts';

const families = fc.array(fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(0.01)), {
  maxLength: 8,
});
const alphas = fc.double({ min: 1e-6, max: 0.999, noNaN: true });

describe("Holm's correction", () => {
  it.each([
    // Every one is small enough at its step.
    [[0.01, 0.02, 0.04], 0.05, [true, true, true], [0.05 / 3, 0.025, 0.05]],
    // The example of Holm's method on Wikipedia: the third smallest fails at alpha / 2.
    [[0.01, 0.04, 0.03, 0.005], 0.05, [true, false, false, true], [0.05 / 3, 0.025, 0.025, 0.0125]],
    // The first failure stops it, though 0.04 alone would pass at 0.05.
    [[0.04, 0.03], 0.05, [false, false], [0.025, 0.025]],
    [[0.05], 0.05, [true], [0.05]],
    [[0.01, 0.01], 0.02, [true, true], [0.01, 0.01]],
    [[], 0.05, [], []],
  ])('of %j at %d', (pValues, alpha, rejected, levels) => {
    const judged = holm(pValues, alpha);
    expect(judged.map((each) => each.rejected)).toEqual(rejected);
    judged.forEach(({ level }, i) => {
      expect(level).toBeCloseTo(levels[i] ?? Number.NaN, 12);
    });
  });

  it('rejects exactly what is at or under the level that it names', () => {
    fc.assert(
      fc.property(families, alphas, (pValues, alpha) => {
        holm(pValues, alpha).forEach(({ rejected, level }, i) => {
          expect(rejected).toBe((pValues[i] ?? 1) <= level);
          expect(level).toBeGreaterThanOrEqual(alpha / pValues.length);
          expect(level).toBeLessThanOrEqual(alpha);
        });
      }),
    );
  });

  it('rejects what Bonferroni rejects, and as many as adjusted p-values do', () => {
    fc.assert(
      fc.property(families, alphas, (pValues, alpha) => {
        const judged = holm(pValues, alpha);
        pValues.forEach((p, i) => {
          if (p <= alpha / pValues.length) expect(judged[i]?.rejected).toBe(true);
        });
        // The definition: rejected are the smallest ones before the first that fails at its step.
        const ascending = [...pValues].sort((a, b) => a - b);
        let count = 0;
        while (count < ascending.length && (ascending[count] ?? 1) <= alpha / (ascending.length - count))
          count++;
        expect(judged.filter(({ rejected }) => rejected).length).toBe(count);
      }),
    );
  });

  it.each([
    [[0.5, 1.2], 0.05, 'a p-value is 1.2'],
    [[Number.NaN], 0.05, 'a p-value is NaN'],
    [[0.5], 0, 'alpha is 0'],
    [[0.5], 1, 'alpha is 1'],
  ])('is refused for %j at %d', (pValues, alpha, message) => {
    expect(() => holm(pValues, alpha)).toThrow(RangeError);
    expect(() => holm(pValues, alpha)).toThrow(message);
  });
});
