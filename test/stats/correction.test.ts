import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holm, minRounds, planLooks, roundsForVerdict } from '../../src/stats/correction.ts';
import { judge } from '../../src/stats/judge.ts';
import { signedRankP } from '../../src/stats/signed-rank.ts';
import { madeDesign, madeRounds, madeRun } from './made-rounds.ts';
import { chance, draw, laplaceNoise, type Noise, normalNoise, shareOf } from './noise.ts';

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

describe('the looks at a comparison', () => {
  it('are two: at half of the rounds with 30 % of alpha, and at the end with the rest', () => {
    const [first, last, ...more] = planLooks(20, 0.02);
    expect(more).toEqual([]);
    expect(first?.rounds).toBe(10);
    expect(first?.alpha).toBeCloseTo(0.006, 12);
    expect(last?.rounds).toBe(20);
    expect(last?.alpha).toBeCloseTo(0.014, 12);
  });

  it.each([
    [21, 0.02, [11, 21]],
    // 2^-9 is under 0.3 * 0.02 / 3 = 0.002, 2^-8 is not.
    [17, 0.02, [9, 17]],
    [16, 0.02, [16]],
    [10, 0.02, [10]],
    // 2^-8 would do for two metrics, not for three.
    [16, 0.03, [16]],
    [17, 0.03, [9, 17]],
    [1, 0.02, [1]],
    [15, 0.05, [8, 15]],
    [14, 0.05, [14]],
    [7, 0.999, [4, 7]],
    [2, 0.999, [2]],
  ])('of %d rounds at %d come after %j', (rounds, alpha, expected) => {
    expect(planLooks(rounds, alpha).map((look) => look.rounds)).toEqual(expected);
  });

  it.each([1, 9, 16, 17, 40, 1000])('spend all of alpha and no more, of %d rounds', (rounds) => {
    const spent = planLooks(rounds, 0.02).reduce((sum, { alpha }) => sum + alpha, 0);
    expect(spent).toBeCloseTo(0.02, 15);
    expect(spent).toBeLessThanOrEqual(0.02);
  });

  it.each([
    [0, 0.02, 'rounds is 0'],
    [2.5, 0.02, 'rounds is 2.5'],
    [10, 1, 'alpha is 1'],
    [10, Number.NaN, 'alpha is NaN'],
  ])('are refused for %d rounds at %d', (rounds, alpha, message) => {
    expect(() => planLooks(rounds, alpha)).toThrow(RangeError);
    expect(() => planLooks(rounds, alpha)).toThrow(message);
  });
});

describe('the least number of rounds', () => {
  it.each([
    [0.05, 1, 5],
    [0.02, 1, 6],
    [0.02, 3, 8],
    [0.006, 3, 9],
    [0.5, 1, 1],
    [0.25, 2, 3],
  ])('at %d in a family of %d is %d, where the test begins to reject', (alpha, family, expected) => {
    const rounds = minRounds(alpha, family);
    expect(rounds).toBe(expected);
    expect(signedRankP(Array(rounds).fill(1), 0)).toBeLessThanOrEqual(alpha / family);
    expect(signedRankP(Array(rounds - 1).fill(1), 0)).toBeGreaterThan(alpha / family);
  });

  it.each([
    [[], 8],
    [['delivery.p50'], 6],
    [['lost'], 1],
  ])('for any verdict by %j is %d, and with one less none comes', (metrics, expected) => {
    const design = (rounds: number) => madeDesign({ metrics, looks: [{ rounds, alpha: 0.02 }] });
    const run = madeRun();
    const verdictOf = (rounds: number) =>
      judge(
        design(rounds),
        madeRounds(rounds, 2, () => run),
      ).verdict;
    expect(roundsForVerdict(design(30))).toBe(expected);
    expect(verdictOf(expected)).toBe('OK');
    expect(verdictOf(expected - 1)).toBe('INCONCLUSIVE');
  });

  it('goes by what the last look may spend', () => {
    const looks = planLooks(30, 0.02);
    expect(roundsForVerdict(madeDesign({ looks }))).toBe(minRounds(0.014, 3));
  });

  it('is an error for an empty family', () => {
    expect(() => minRounds(0.02, 0)).toThrow(
      new RangeError('family is 0; it must be a whole number, 1 or more'),
    );
  });
});

describe('a whole comparison of three metrics that are all at the edge of what must be exceeded', () => {
  const ROUNDS = 20;
  const ALPHA = 0.05;
  const EDGE = Math.log(1.025);
  const TIMES = 4000;

  /** Three metrics of which each round's values share a part: 0 for none, 1 for all. */
  function metrics(noise: Noise, shared: number): number[][] {
    const common = draw(noise, ROUNDS);
    return [1, 2, 3].map(() =>
      common.map((value) => EDGE + 0.05 * (shared * value + Math.sqrt(1 - shared ** 2) * noise())),
    );
  }

  function isCalled(values: readonly number[][], rounds: number, alpha: number): boolean {
    const pValues = values.map((each) => signedRankP(each.slice(0, rounds), EDGE));
    return holm(pValues, alpha).some(({ rejected }) => rejected);
  }

  it.each([
    ['normal, independent', normalNoise(11), 0],
    ['normal, related', normalNoise(12), 0.8],
    ['normal, the same', normalNoise(13), 1],
    ['Laplace, independent', laplaceNoise(14), 0],
  ])('calls any of them at any look no more often than alpha: %s', (_, noise, shared) => {
    const looks = planLooks(ROUNDS, ALPHA);
    expect(looks).toHaveLength(2);
    const share = shareOf(TIMES, () => {
      const values = metrics(noise, shared);
      return looks.some(({ rounds, alpha }) => isCalled(values, rounds, alpha));
    });
    expect(share).toBeLessThan(ALPHA + chance(ALPHA, TIMES));
  });

  it('would be called far more often by a look after every round, so the simulation can tell', () => {
    const noise = normalNoise(15);
    const share = shareOf(1000, () => {
      const values = metrics(noise, 0);
      return Array.from({ length: 11 }, (_, i) => 10 + i).some((rounds) => isCalled(values, rounds, ALPHA));
    });
    expect(share).toBeGreaterThan(1.5 * ALPHA);
  });
});
