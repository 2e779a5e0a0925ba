import { describe, expect, it } from 'vitest';
import type { Judgement } from '../../src/result/comparison.ts';
import type { Finding } from '../../src/result/findings.ts';
import { judge, rankArms } from '../../src/stats/judge.ts';
import { type MadeRun, madeDesign, madeRounds, madeRun, ONE_LOOK } from './made-rounds.ts';

const THREE = madeDesign({ names: ['a', 'b', 'c'], looks: ONE_LOOK });

/** Within 3 % of 1, other in each round and arm, and on average the same. */
const wobble = (round: number, arm: number) => 1 + 0.03 * Math.sin(round * 2.3 + arm * 1.9);

/** Rounds in which each arm has the median given, in milliseconds. */
function roundsOf(
  mediansMs: readonly number[],
  more: (round: number, arm: number) => Partial<MadeRun> = () => ({}),
) {
  return madeRounds(10, mediansMs.length, (round, arm) =>
    madeRun({ medianNs: (mediansMs[arm] ?? 0) * 1e6 * wobble(round, arm), ...more(round, arm) }),
  );
}

/** Each arm with its rank and those that it beats, in the order of ranks. */
function places(
  ranking: Judgement['ranking'],
): Array<[arm: number, rank: number, beats: number[]]> | undefined {
  return ranking?.places.map(({ arm, rank, beats }) => [arm, rank, beats]);
}

describe('the ranking of several arms', () => {
  it('gives each its place where all differ, fastest first', () => {
    const ranking = judge(THREE, roundsOf([3, 1, 2])).ranking;
    expect(ranking?.metric).toBe('delivery.p50');
    expect(places(ranking)).toEqual([
      [1, 1, [0, 2]],
      [2, 2, [0]],
      [0, 3, []],
    ]);
  });

  it('says so of differences that are far below what a gate tolerates', () => {
    const fiveInAHundred = roundsOf([1, 1, 1], (_, arm) => ({ medianNs: arm === 2 ? 1.05e6 : 1e6 }));
    expect(places(judge(THREE, fiveInAHundred).ranking)).toEqual([
      [0, 1, [2]],
      [1, 1, [2]],
      [2, 3, []],
    ]);
  });

  it('gives arms without a significant difference one place', () => {
    expect(places(judge(THREE, roundsOf([2, 2, 2])).ranking)?.toSorted()).toEqual([
      [0, 1, []],
      [1, 1, []],
      [2, 1, []],
    ]);
    expect(places(judge(THREE, roundsOf([2, 1, 2])).ranking)).toEqual([
      [1, 1, [0, 2]],
      [0, 2, []],
      [2, 2, []],
    ]);
  });

  it('finds no significant difference in too few rounds, however much the arms differ', () => {
    // The least p-value of n rounds is 2^-n, and the first of six tests is judged at 0.02 / 6.
    const rounds = roundsOf([1, 2, 4]);
    expect(places(rankArms(THREE, rounds.slice(0, 8)))).toEqual([
      [0, 1, []],
      [1, 1, []],
      [2, 1, []],
    ]);
    expect(places(rankArms(THREE, rounds.slice(0, 9)))?.map(([, rank]) => rank)).toEqual([1, 2, 3]);
  });

  it('sorts arms without a significant difference by their estimates, and says how many rounds it takes', () => {
    const rounds = roundsOf([4, 1, 2]).slice(0, 8);
    expect(places(rankArms(THREE, rounds))).toEqual([
      [1, 1, []],
      [2, 1, []],
      [0, 1, []],
    ]);
    expect(rankArms(THREE, rounds)?.minRounds).toBe(9);
  });

  it('knows of what more is better', () => {
    const design = madeDesign({ names: ['a', 'b', 'c'], looks: ONE_LOOK, metrics: ['sent'] });
    const rounds = roundsOf([1, 1, 1], (round, arm) => ({ sentHz: ([20, 60, 40][arm] ?? 0) + round }));
    expect(places(judge(design, rounds).ranking)?.map(([arm]) => arm)).toEqual([1, 2, 0]);
  });

  it('compares pairs, so that a change of all arms of a round does not matter', () => {
    const rounds = roundsOf([1, 1, 1], (round, arm) => ({
      medianNs: 1e6 * (1 + (round % 5)) * (1 + arm / 50),
    }));
    expect(places(judge(THREE, rounds).ranking)?.map(([, rank]) => rank)).toEqual([1, 2, 3]);
  });

  it('shows the median of all valid runs of an arm together', () => {
    const noise: Finding[] = [{ code: 'cpu_steal', message: 'stolen' }];
    const rounds = roundsOf([1, 1, 1], (round, arm) => ({
      medianNs: round < 9 ? 2e6 : 1e9,
      invalid: round >= 9 && arm === 1 ? noise : [],
    }));
    const values = judge(THREE, rounds).ranking?.places.map(({ arm, value }) => [arm, value]) ?? [];
    expect(new Map(values.map(([arm, value]) => [arm, Math.round((value ?? 0) / 1e4)]))).toEqual(
      new Map([
        // Eight rounds of ten at 2 ms, and two at 1 s: the median is the ten sixteenths quantile of those at 2 ms.
        [0, Math.round(200 * (10 / 6) ** 0.2)],
        [1, 200],
        [2, Math.round(200 * (10 / 6) ** 0.2)],
      ]),
    );
  });

  it('is none for two arms, counts alone, an arm that failed, and before the look', () => {
    expect(judge(madeDesign({ looks: ONE_LOOK }), roundsOf([1, 2])).ranking).toBeNull();
    const counts = madeDesign({ names: ['a', 'b', 'c'], looks: ONE_LOOK, metrics: ['lost'] });
    expect(judge(counts, roundsOf([1, 2, 3])).ranking).toBeNull();
    const died: Finding[] = [{ code: 'server_died', message: 'the server ended' }];
    const failed = roundsOf([1, 2, 3], (round, arm) => (round === 10 && arm === 1 ? { invalid: died } : {}));
    expect(judge(THREE, failed).ranking).toBeNull();
    expect(judge(THREE, roundsOf([1, 2, 3]).slice(0, 9)).ranking).toBeNull();
  });
});
