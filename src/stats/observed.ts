import type { MetricOutcome, MetricRule } from '../result/comparison.ts';

export type Point = MetricOutcome['points'][number];

/** A metric in all rounds. */
export interface Observed {
  readonly rule: MetricRule;
  readonly points: readonly Point[];
  /** Over all rounds together; null where there are too few samples. */
  readonly base: number | null;
  readonly head: number | null;
}

/** 1, or -1 for a quantity of which more is better. */
export function worseSign({ unit }: MetricRule): 1 | -1 {
  return unit === 'rate' ? -1 : 1;
}

/**
 * ln(head / base) of each round; upwards is worse. None where any round has a zero, of which there is no ratio: to
 * leave out that round alone would leave out the one that differs most.
 */
export function worseLogs(rule: MetricRule, points: readonly Point[]): number[] {
  if (points.some(({ base, head }) => base <= 0 || head <= 0)) return [];
  return points.map(({ base, head }) => worseSign(rule) * Math.log(head / base));
}

/** head - base of each round; upwards is worse. */
export function worseDifferences(rule: MetricRule, points: readonly Point[]): number[] {
  return points.map(({ base, head }) => worseSign(rule) * (head - base));
}
