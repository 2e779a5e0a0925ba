import { describe, expect, it } from 'vitest';
import type { Factor } from '../../src/result/effects.ts';
import { combinationCount, contrastsOf, levelLabel, levelsOfArm } from '../../src/result/effects.ts';
import { estimateEffect, roundsForEffects, sidesOf } from '../../src/stats/effects.ts';
import { goesOn, judge } from '../../src/stats/judge.ts';
import {
  type FactorialOptions,
  factorialDesign,
  factorialRounds,
  TWO_FACTORS,
} from '../report/effects-fixture.ts';
import { madeDesign, madeRounds, madeRun } from './made-rounds.ts';
import { chance, normalNoise, shareOf } from './noise.ts';

const TWO_BY_THREE: readonly Factor[] = [
  { name: 'transport', levels: ['websocket', 'polling'] },
  { name: 'clients', levels: ['10', '100', '1000'] },
];
const THREE: readonly Factor[] = [...TWO_FACTORS, { name: 'pin', levels: ['on', 'off'] }];

/** The value of every combination. */
function valuesOf(factors: readonly Factor[], value: (levels: readonly number[]) => number): number[] {
  return Array.from({ length: combinationCount(factors) }, (_, arm) => value(levelsOfArm(factors, arm)));
}

/** A main effect of 2 and 1.2, 1.44, and with both of them 1.5 times as much. */
const truth = ([a = 0, b = 0]: readonly number[]) => 2 ** a * 1.2 ** b * (a === 1 && b === 2 ? 1.5 : 1);

describe('combinations of factors', () => {
  it('vary the last factor fastest, and begin with every first level', () => {
    expect(valuesOf(TWO_BY_THREE, ([a = 0, b = 0]) => 10 * a + b)).toEqual([0, 1, 2, 10, 11, 12]);
  });

  it('are named by their levels, with the factor where a value says too little', () => {
    const factors: readonly Factor[] = [
      { name: 'payload', levels: ['64B', 'on'] },
      { name: 'drain', levels: ['1s', '2s'] },
      { name: 'late-after', levels: ['1s', '100'] },
    ];
    expect(levelLabel(factors, 0, 0)).toBe('64B');
    expect(levelLabel(factors, 0, 1)).toBe('payload=on');
    expect(levelLabel(factors, 1, 0)).toBe('drain=1s');
    expect(levelLabel(factors, 1, 1)).toBe('2s');
    expect(levelLabel(factors, 2, 1)).toBe('late-after=100');
  });

  it('have a main effect of each other level, and an interaction of each two of different factors', () => {
    expect(contrastsOf(TWO_BY_THREE)).toEqual([
      { factors: [0], levels: [1] },
      { factors: [1], levels: [1] },
      { factors: [1], levels: [2] },
      { factors: [0, 1], levels: [1, 1] },
      { factors: [0, 1], levels: [1, 2] },
    ]);
    expect(contrastsOf(THREE).map(({ factors }) => factors.join())).toEqual([
      '0',
      '1',
      '2',
      '0,1',
      '0,2',
      '1,2',
    ]);
  });

  it('have intervals from the round on in which the exact test can reject each side', () => {
    // 2^-7 is below 0.05 / 6, and 2^-8 is below 0.05 / 10.
    expect(roundsForEffects(TWO_FACTORS)).toBe(7);
    expect(roundsForEffects(TWO_BY_THREE)).toBe(8);
    expect(roundsForEffects(TWO_FACTORS.slice(0, 1))).toBe(1);
  });
});

describe('an effect in one round', () => {
  const values = valuesOf(TWO_BY_THREE, truth);
  const ratioOf = (
    factors: readonly Factor[],
    contrast: ReturnType<typeof contrastsOf>[number],
    of: number[],
  ) => {
    const { from, to } = sidesOf(factors, contrast, of);
    return to / from;
  };

  it('is a ratio of geometric means, and of an interaction a ratio of ratios', () => {
    const ratios = contrastsOf(TWO_BY_THREE).map((contrast) => ratioOf(TWO_BY_THREE, contrast, values));
    const expected = [2 * 1.5 ** (1 / 3), 1.2, 1.44 * Math.sqrt(1.5), 1, 1.5];
    for (const [index, ratio] of ratios.entries()) expect(ratio).toBeCloseTo(expected[index] ?? 0, 10);
    const { from, to } = sidesOf(TWO_BY_THREE, { factors: [0, 1], levels: [1, 2] }, values);
    expect(from).toBeCloseTo(2, 10);
    expect(to).toBeCloseTo(3, 10);
  });

  it('averages over all other factors', () => {
    const ofThree = valuesOf(THREE, ([a = 0, b = 0, c = 0]) => 2 ** a * 3 ** b * 5 ** c * 7 ** (a * b * c));
    const ratios = contrastsOf(THREE).map((contrast) => ratioOf(THREE, contrast, ofThree));
    // The third factor is at its second level in half of the combinations, so 7 counts with its root.
    const expected = [2 * 7 ** 0.25, 3 * 7 ** 0.25, 5 * 7 ** 0.25, 7 ** 0.5, 7 ** 0.5, 7 ** 0.5];
    for (const [index, ratio] of ratios.entries()) expect(ratio).toBeCloseTo(expected[index] ?? 0, 10);
  });
});

describe('an estimate', () => {
  it('has no ratio where a value is zero, and no bounds in too few rounds', () => {
    expect(estimateEffect([{ from: 0, to: 1 }], 0.05)).toEqual({
      from: 0,
      to: 1,
      ratio: null,
      lower: null,
      upper: null,
    });
    const five = Array.from({ length: 5 }, () => ({ from: 1, to: 2 }));
    expect(estimateEffect(five, 0.05)).toMatchObject({ ratio: 2, lower: null, upper: null });
    expect(estimateEffect([...five, { from: 1, to: 2 }], 0.05)).toMatchObject({ lower: 2, upper: 2 });
    expect(estimateEffect([], 0.05).from).toBeNull();
  });

  it('of one factor is that of the arms, to the last digit', () => {
    const noise = normalNoise(3);
    const rounds = madeRounds(12, 2, (_, arm) =>
      madeRun({ medianNs: 1e6 * (1 + arm) * Math.exp(noise() / 10) }),
    );
    const design = madeDesign({ looks: [{ rounds: 12, alpha: 0.02 }], metrics: ['delivery.p50'] });
    const [metric] = judge(design, rounds).heads[0]?.metrics ?? [];
    const factors = TWO_FACTORS.slice(0, 1);
    const sides = metric?.points.map(({ base, head }) =>
      sidesOf(factors, { factors: [0], levels: [1] }, [base, head]),
    );
    expect(sides).toEqual(metric?.points.map(({ base, head }) => ({ from: base, to: head })));
    // One gating metric has its lower bound at the whole alpha, and its upper bound at that of OK.
    const [atAlpha, atOk] = [0.02, 0.05].map((alpha) => estimateEffect(sides ?? [], 2 * alpha));
    expect([atAlpha?.ratio, atAlpha?.lower, atOk?.upper]).toEqual([
      metric?.ratio,
      metric?.lower,
      metric?.upper,
    ]);
    expect(atAlpha?.lower).not.toBeNull();
  });

  it('holds every true effect as often as it says, alone and together', () => {
    const [times, rounds] = [300, 10];
    const noise = normalNoise(11);
    const contrasts = contrastsOf(TWO_BY_THREE);
    const exact = contrasts.map((contrast) => sidesOf(TWO_BY_THREE, contrast, valuesOf(TWO_BY_THREE, truth)));
    const hits = Array.from({ length: times }, () => {
      // What all runs of a round share cancels.
      const blocks = Array.from({ length: rounds }, () => {
        const shared = Math.exp(noise());
        return valuesOf(TWO_BY_THREE, (levels) => shared * truth(levels) * Math.exp(0.1 * noise()));
      });
      return contrasts.map((contrast, index) => {
        const sides = blocks.map((values) => sidesOf(TWO_BY_THREE, contrast, values));
        const { from, to } = exact[index] ?? { from: 1, to: 1 };
        const holds = (alpha: number) => {
          const { lower, upper } = estimateEffect(sides, alpha);
          return lower !== null && upper !== null && lower <= to / from && to / from <= upper;
        };
        return { alone: holds(0.05), together: holds(0.05 / contrasts.length) };
      });
    });
    let at = 0;
    const together = shareOf(times, () => hits[at++]?.every((hit) => hit.together) === true);
    expect(together).toBeGreaterThan(0.95 - chance(0.95, times));
    expect(together).toBeLessThan(1);
    for (const [index] of contrasts.entries()) {
      at = 0;
      const alone = shareOf(times, () => hits[at++]?.[index]?.alone === true);
      // With ten rounds the exact test attains 1 - 2 * 24 / 1024.
      expect(Math.abs(alone - (1 - 48 / 1024))).toBeLessThan(chance(0.95, times));
    }
  });
});

describe('the judgement of a comparison over factors', () => {
  const judged = (given: Partial<FactorialOptions> = {}) =>
    judge(factorialDesign(given), factorialRounds(given));

  it('has the effects that were made, and is OK though arms differ', () => {
    const { verdict, effects, ranking, heads } = judged({ noise: 0.02 });
    expect([verdict, ranking, effects?.rounds, effects?.excluded]).toEqual(['OK', null, 10, []]);
    expect(heads.map((head) => head.verdict)).toContain('REGRESSED');
    const [metric] = effects?.metrics ?? [];
    expect(metric?.metric).toBe('delivery.p50');
    const expected = [2.1, 1.2, 1];
    for (const [index, { ratio, lower, upper }] of (metric?.effects ?? []).entries()) {
      expect(ratio).toBeCloseTo(expected[index] ?? 0, 1);
      expect(lower).toBeLessThan(expected[index] ?? 0);
      expect(upper).toBeGreaterThan(expected[index] ?? 0);
    }
  });

  it('leaves out rounds with an invalid combination, and is INVALID when they are more than a fifth', () => {
    const some = judged({ invalidRounds: [2, 5] });
    expect([some.verdict, some.effects?.rounds, some.effects?.excluded]).toEqual(['OK', 8, [2, 5]]);
    const many = judged({ invalidRounds: [2, 5, 6] });
    expect(many.verdict).toBe('INVALID');
    expect(many.effects?.invalid).toEqual([
      {
        code: 'excluded_pairs',
        message:
          '3 of 10 rounds were excluded (limit 20 % of 10): send_lag 3x; for example: sends were late by 12 ms',
      },
    ]);
  });

  it('ends early when no later round can make it valid', () => {
    const given = { invalidRounds: [1, 2, 3], planned: 10 };
    const goesOnAfter = (rounds: number) =>
      goesOn(factorialDesign(given), factorialRounds({ ...given, rounds }));
    expect([2, 3].map(goesOnAfter)).toEqual([true, false]);
  });

  it('is INCONCLUSIVE without intervals, and before its last round', () => {
    expect(judged({ rounds: 6 }).verdict).toBe('INCONCLUSIVE');
    expect(judged({ rounds: 7 }).verdict).toBe('OK');
    expect(judged({ rounds: 8, planned: 9 }).verdict).toBe('INCONCLUSIVE');
  });

  it('has no effects of one factor, whose arms are judged as others are', () => {
    const given = { factors: TWO_FACTORS.slice(0, 1) };
    const { effects, verdict, heads } = judged(given);
    expect([effects, verdict, heads[0]?.verdict]).toEqual([null, 'REGRESSED', 'REGRESSED']);
    const arms = { ...factorialDesign(given), factors: [] };
    expect(judge(arms, factorialRounds(given))).toEqual(judged(given));
  });
});
