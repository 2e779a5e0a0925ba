import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MetricOutcome, MetricRule, Verdict } from '../../src/result/comparison.ts';
import { judgeObserved } from '../../src/stats/judge-metrics.ts';
import type { Observed, Point } from '../../src/stats/pairs.ts';
import { chance, type Noise, normalNoise, shareOf, uniform } from './noise.ts';

const RULE: MetricRule = {
  metric: 'delivery.p50',
  unit: 'duration',
  kind: 'ratio',
  gating: true,
  optional: false,
  delta: 0.05,
  floor: 0,
};

const pointsOf = (values: ReadonlyArray<readonly [base: number, head: number]>): Point[] =>
  values.map(([base, head], index) => ({ round: index + 1, base, head }));

const observe = (points: readonly Point[], rule: Partial<MetricRule> = {}): Observed => ({
  rule: { ...RULE, ...rule },
  points,
  base: points.reduce((sum, { base }) => sum + base, 0),
  head: points.reduce((sum, { head }) => sum + head, 0),
});

function judged(points: readonly Point[], rule: Partial<MetricRule> = {}, alpha = 0.02): MetricOutcome {
  const [outcome] = judgeObserved([observe(points, rule)], alpha);
  if (outcome === undefined) throw new Error('nothing was judged');
  return outcome;
}

/** Ten rounds of about `times`. */
const around = (times: number, base = 1e6) =>
  pointsOf(
    Array.from({ length: 10 }, (_, i) => [base + i * 1e3, (base + i * 1e3) * times * (1 + (i % 3) / 100)]),
  );

describe('a metric of which there are ratios', () => {
  it.each<[what: string, points: Point[], rule: Partial<MetricRule>, verdict: Verdict, because: RegExp]>([
    ['much worse', around(1.5), {}, 'REGRESSED', /^worse by more than the tolerated 5 %$/],
    ['much better', around(0.6), {}, 'IMPROVED', /^better by more than 5 %$/],
    // By 6 % and 4 %, in rounds that differ by 1 %.
    [
      'a little worse than tolerated',
      around(1.05),
      {},
      'REGRESSED',
      /^worse by more than the tolerated 5 %$/,
    ],
    ['worse by what is tolerated', around(1.03), {}, 'OK', /^not worse by more than the tolerated 5 %$/],
    ['the same', around(1), {}, 'OK', /^not worse by more than the tolerated 5 %$/],
    [
      'much worse, by little',
      around(1.5),
      { floor: 2e6 },
      'OK',
      /^not worse by more than the tolerated 2 ms$/,
    ],
    [
      'much better, by little',
      around(0.6),
      { floor: 2e6 },
      'OK',
      /^not worse by more than the tolerated 5 %/,
    ],
    [
      'zero everywhere',
      around(1, 0).map((point) => ({ ...point, base: 0, head: 0 })),
      {},
      'OK',
      /^not worse$/,
    ],
    ['of two rounds', around(1.5).slice(0, 2), {}, 'INCONCLUSIVE', /^2 pairs are too few for a verdict$/],
    ['of no round', [], {}, 'INCONCLUSIVE', /^too few pairs have a value$/],
    [
      'half and half',
      [...around(0.8), ...around(1.4)],
      {},
      'INCONCLUSIVE',
      /^the rounds differ too much: the ratio may be 0.8/,
    ],
  ])('%s', (_, points, rule, verdict, because) => {
    expect(judged(points, rule)).toMatchObject({ verdict, because: expect.stringMatching(because) });
  });

  it('is not OK because its difference is perhaps within what is always tolerated', () => {
    const points = around(1.5);
    const { difference } = judged(points);
    const outcome = judged(points, { floor: (difference ?? 0) + 1 });
    expect(outcome).toMatchObject({ verdict: 'INCONCLUSIVE' });
    expect(outcome.because).toMatch(/^worse by more than the tolerated 5 %, but possibly by less than/);
    expect(judged(points, { floor: (difference ?? 0) - 1 }).verdict).toBe('REGRESSED');
  });

  it('hides no round in which only one arm has a zero', () => {
    const points = around(1).map((point, i) => (i < 3 ? { ...point, base: 0 } : point));
    const outcome = judged(points);
    expect(outcome).toMatchObject({ verdict: 'INCONCLUSIVE', ratio: null, pRegressed: null });
    expect(outcome.because).toBe('a round has a value of zero, so there is no ratio');
    expect(judged(points, { floor: 2e6 }).verdict).toBe('OK');
  });

  it('has its signs turned where more is better', () => {
    const rate = { metric: 'sent', unit: 'rate' } as const;
    const fewer = judged(around(0.6), rate);
    expect(fewer.verdict).toBe('REGRESSED');
    expect(fewer.ratio).toBeCloseTo(0.606, 3);
    expect(fewer.difference).toBeLessThan(0);
    expect(fewer.lower).toBeLessThan(fewer.ratio ?? 0);
    expect(fewer.upper).toBeGreaterThan(fewer.ratio ?? 0);
    expect(fewer.detectable).toBeLessThanOrEqual(1 / 1.05);
    expect(judged(around(1.5), rate).verdict).toBe('IMPROVED');
  });

  it('names the bounds that are shown, of rates too', () => {
    const equal = [...around(0.8).slice(0, 5), ...around(1.3).slice(0, 5)];
    const worse = [...around(0.9), ...around(1.4)];
    const better = [...around(0.7), ...around(1.05)];
    for (const [metric, unit, points, limit] of [
      ['delivery.p50', 'duration', equal, '1.1 would have to be ruled out'],
      ['delivery.p50', 'duration', worse, '1.02 would have to be exceeded'],
      ['sent', 'rate', equal, '0.909 would have to be ruled out'],
      ['sent', 'rate', better, '0.976 would have to be exceeded'],
    ] as const) {
      const { because, lower, upper } = judged(points, { metric, unit });
      const [, from, to, needed] =
        /^the rounds differ too much: the ratio may be (\S+) to (\S+), and (.+)$/.exec(because) ?? [];
      expect(Number(from)).toBeCloseTo(lower ?? 0, 2);
      expect(Number(to)).toBeCloseTo(upper ?? 0, 2);
      expect(needed).toBe(limit);
    }
  });

  it('is judged at a stricter level beside other gating metrics, and not beside informational ones', () => {
    const others = (gating: boolean) => [observe(around(1), { gating }), observe(around(1), { gating })];
    const levelOf = (observed: readonly Observed[]) => judgeObserved(observed, 0.02)[0]?.lowerAlpha;
    expect(levelOf([observe(around(1.5))])).toBe(0.02);
    expect(levelOf([observe(around(1.5)), ...others(false)])).toBe(0.02);
    expect(levelOf([observe(around(1.5)), ...others(true)])).toBeCloseTo(0.02 / 3, 15);
    // The first of three needs p = 0.02 / 3 or less; five rounds reach 2^-5 only.
    const five = [observe(around(1.5).slice(0, 6)), ...others(true)];
    expect(judgeObserved(five, 0.02)[0]?.verdict).toBe('INCONCLUSIVE');
    expect(judgeObserved(five.slice(0, 1), 0.02)[0]?.verdict).toBe('REGRESSED');
  });

  it('is IMPROVED at a stricter level beside other gating metrics', () => {
    // One of eight rounds is not better, by the least: p is 2 / 2^8, between 0.02 / 3 and 0.02.
    const better = observe([...around(0.6).slice(0, 7), { round: 8, base: 1e6, head: 0.98e6 }]);
    const others = [observe(around(1)), observe(around(1))];
    expect(judgeObserved([better], 0.02)[0]).toMatchObject({ verdict: 'IMPROVED', upperAlpha: 0.02 });
    expect(judgeObserved([better, ...others], 0.02)[0]).toMatchObject({ verdict: 'OK', upperAlpha: 0.05 });
  });
});

describe('a count', () => {
  const COUNT = { metric: 'lost', unit: 'count', kind: 'exact', delta: 0.25 } as const;
  const times = (length: number, base: number, head: number): Array<[number, number]> =>
    Array.from({ length }, () => [base, head]);

  it.each<[what: string, values: Array<[number, number]>, verdict: Verdict]>([
    ['of none in either', times(10, 0, 0), 'OK'],
    ['of one where the base has none', [...times(9, 0, 0), [0, 1]], 'INCONCLUSIVE'],
    ['of many in one round, where the base has none', [...times(9, 0, 0), [0, 500]], 'INCONCLUSIVE'],
    ['of one in five rounds where the base has none', [...times(5, 0, 0), ...times(5, 0, 1)], 'INCONCLUSIVE'],
    // 2^-6 is under 0.02.
    ['of one in six rounds where the base has none', [...times(4, 0, 0), ...times(6, 0, 1)], 'REGRESSED'],
    ['of one that only the base has', [...times(9, 0, 0), [1, 0]], 'OK'],
    ['of one in six rounds that only the base has', [...times(4, 0, 0), ...times(6, 1, 0)], 'IMPROVED'],
    ['of more in every round', times(10, 5, 6), 'REGRESSED'],
    ['of fewer in every round', times(10, 6, 5), 'IMPROVED'],
    ['of as many in every round', times(10, 5, 5), 'OK'],
    ['of now more, now fewer', [...times(5, 5, 6), ...times(5, 6, 5)], 'OK'],
    ['of now many more, now fewer', [...times(5, 5, 9), ...times(5, 6, 5)], 'INCONCLUSIVE'],
    ['of one in either', [...times(8, 0, 0), [0, 1], [1, 0]], 'INCONCLUSIVE'],
    ['of no round', [], 'INCONCLUSIVE'],
  ])('%s', (_, values, verdict) => {
    expect(judged(pointsOf(values), COUNT)).toMatchObject({ verdict, ratio: null, lower: null });
  });

  it('that is rare is reported with its rounds', () => {
    const because = (values: Array<[number, number]>) => judged(pointsOf(values), COUNT).because;
    expect(because([...times(14, 0, 0), [0, 1]])).toBe(
      '1 in 1 of 15 rounds of the head, none in the base: too rare to judge',
    );
    expect(because([...times(12, 0, 0), [0, 3], [0, 2], [4, 0]])).toBe(
      '5 in 2 of 15 rounds of the head, 4 in 1 of 15 rounds of the base: too rare or too uneven to judge',
    );
  });

  it('is judged at its part of the level beside other gating counts', () => {
    const six = observe(pointsOf([...times(4, 0, 0), ...times(6, 0, 1)]), COUNT);
    const none = (gating: boolean) => observe(pointsOf(times(10, 0, 0)), { ...COUNT, gating });
    const first = (...others: Observed[]) => judgeObserved([six, ...others], 0.02)[0];
    expect(first(none(false))).toMatchObject({ verdict: 'REGRESSED', upperAlpha: 0.02 });
    expect(first(none(true))).toMatchObject({ verdict: 'INCONCLUSIVE', upperAlpha: 0.01 });
    // Ratios are no part of that family.
    expect(first(observe(around(1)))).toMatchObject({ verdict: 'REGRESSED' });
  });

  it('of what equal servers rarely lose is REGRESSED in no more than 2 % of gates, over all counts', () => {
    const noise = uniform(3);
    const rare = () => (noise() < 0.1 ? 1 + Math.floor(3 * noise()) : 0);
    const share = shareOf(500, () => {
      const counts = Array.from({ length: 5 }, () =>
        observe(pointsOf(Array.from({ length: 15 }, (): [number, number] => [rare(), rare()])), COUNT),
      );
      return judgeObserved(counts, 0.02).some(({ verdict }) => verdict === 'REGRESSED');
    });
    expect(share).toBeLessThanOrEqual(0.02);
  });
});

const pairs = fc.array(
  fc.tuple(fc.double({ min: 1, max: 1e3, noNaN: true }), fc.double({ min: 0.5, max: 2, noNaN: true })),
  { minLength: 1, maxLength: 12 },
);
const pointsFrom = (values: ReadonlyArray<readonly [number, number]>) =>
  pointsOf(values.map(([base, times]) => [base, base * times]));
const floors = fc.constantFrom(0, 50);

/** ln(a / b) and -ln(b / a) may differ by a rounding error, which would decide between equal ranks. */
const isMirrored = ({ base, head }: Point) => Math.log(head / base) === -Math.log(base / head);
const mirroredPoints = fc.constantFrom(0.7, 1, 1.5).chain((times) => {
  const base = fc.double({ min: 1, max: 1e3, noNaN: true });
  const growth = fc.double({ min: 0.5, max: 2, noNaN: true });
  const point = fc
    .tuple(base, growth)
    .map(([from, by]) => ({ round: 1, base: from, head: from * by * times }));
  return fc.array(point.filter(isMirrored), { minLength: 1, maxLength: 12 });
});

describe('verdicts of metrics', () => {
  it('stay REGRESSED when the head is slower still in every round, by however much', () => {
    const slower = fc.array(fc.double({ min: 1, max: 3, noNaN: true }), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(pairs, pairs, floors, slower, (one, other, floor, more) => {
        const slow = (points: readonly Point[]) =>
          points.map((point, i) => ({ ...point, head: point.head * (more[i] ?? 1) }));
        const before = [pointsFrom(one), pointsFrom(other.map(([base, times]) => [base, 1.4 * times]))];
        const judgeAll = (all: readonly Point[][]) =>
          judgeObserved(
            all.map((points) => observe(points, { floor })),
            0.3,
          ).map(({ verdict }) => verdict);
        const after = judgeAll(before.map(slow));
        for (const [i, verdict] of judgeAll(before).entries()) {
          if (verdict === 'REGRESSED') expect(after[i]).toBe('REGRESSED');
          if (verdict === 'INCONCLUSIVE') expect(after[i]).not.toBe('IMPROVED');
        }
      }),
      { numRuns: 200 },
    );
  });

  it("are each other's mirror when the arms are exchanged", () => {
    fc.assert(
      fc.property(mirroredPoints, floors, (points, floor) => {
        const exchanged = points.map(({ round, base, head }) => ({ round, base: head, head: base }));
        const [there, back] = [judged(points, { floor }, 0.1), judged(exchanged, { floor }, 0.1)];
        expect(back.verdict === 'IMPROVED').toBe(there.verdict === 'REGRESSED');
        expect(back.verdict === 'REGRESSED').toBe(there.verdict === 'IMPROVED');
        expect((there.ratio ?? 0) * (back.ratio ?? 0)).toBeCloseTo(1, 9);
      }),
      { numRuns: 200 },
    );
  });

  it('and their ratios do not depend on the unit', () => {
    fc.assert(
      fc.property(pairs, fc.integer({ min: -20, max: 20 }), (values, power) => {
        const points = pointsFrom(values);
        const scaled = points.map(({ round, base, head }) => ({
          round,
          base: base * 2 ** power,
          head: head * 2 ** power,
        }));
        const { verdict, ratio, lower, upper, pRegressed, pImproved } = judged(points, {}, 0.1);
        const same = { verdict, ratio, lower, upper, pRegressed, pImproved };
        expect(judged(scaled, {}, 0.1)).toMatchObject(same);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a gate on noise of 5 % in each run', () => {
  const LOOKS = [
    { rounds: 10, alpha: 0.006 },
    { rounds: 20, alpha: 0.014 },
  ];

  /** What a gate of three metrics says of a head that is `times` as slow in all of them. */
  function gate(times: number, noise: Noise): string {
    const near = () => 1e6 * Math.exp(0.05 * noise());
    const metrics = [1, 2, 3].map(() => pointsOf(Array.from({ length: 20 }, () => [near(), times * near()])));
    for (const { rounds, alpha } of LOOKS) {
      const observed = metrics.map((points) => observe(points.slice(0, rounds)));
      const verdicts = judgeObserved(observed, alpha).map(({ verdict }) => verdict);
      if (verdicts.includes('REGRESSED')) return 'REGRESSED';
      if (!verdicts.includes('INCONCLUSIVE')) return verdicts.includes('IMPROVED') ? 'IMPROVED' : 'OK';
    }
    return 'INCONCLUSIVE';
  }

  const shares = (times: number, gates: number, verdict: string) => {
    const noise = normalNoise(7);
    return shareOf(gates, () => gate(times, noise) === verdict);
  };

  it('calls equal arms REGRESSED in no more than 2 % of all gates, over both looks, and OK in nine of ten', () => {
    expect(shares(1, 200, 'REGRESSED')).toBeLessThanOrEqual(0.02);
    expect(shares(1, 200, 'OK')).toBeGreaterThanOrEqual(0.9);
  });

  it('keeps to 2 % where the arms differ by half of what is tolerated, which is the worst case', () => {
    expect(shares(1.025, 400, 'REGRESSED')).toBeLessThanOrEqual(0.02 + chance(0.02, 400));
  });

  it('calls twice the tolerated growth OK in no more than 5 %', () => {
    expect(shares(1.1, 400, 'OK')).toBeLessThanOrEqual(0.05 + chance(0.05, 400));
  });

  it('calls 10 % REGRESSED in seven of ten gates at least', () => {
    expect(shares(1.1, 200, 'REGRESSED')).toBeGreaterThanOrEqual(0.7);
  });

  it('calls 20 % REGRESSED in nine of ten gates at least', () => {
    expect(shares(1.2, 200, 'REGRESSED')).toBeGreaterThanOrEqual(0.9);
  });
});
