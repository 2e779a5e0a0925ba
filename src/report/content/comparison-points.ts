import { aggregate } from '../../result/aggregate.ts';
import type { Comparison, MetricOutcome, PairOutcome } from '../../result/comparison.ts';
import type { RunResult } from '../../result/run-result.ts';
import { type ResultView, samplesNeeded, viewResult } from '../../result/view.ts';
import { type Pair, pairUp } from '../../stats/pairs.ts';
import { pointsOf } from '../../stats/points.ts';

/** One round of two arms, in the metric's unit; one that was spoilt counts for nothing. */
export interface RoundPoint {
  readonly round: number;
  readonly base: number;
  readonly head: number;
  readonly isExcluded: boolean;
}

/** Null when nothing was measured. */
function resultOf({ rounds }: Comparison, round: number, arm: number): RunResult | null {
  const runs = rounds.find((each) => each.round === round)?.runs ?? [];
  return runs.find((run) => run.arm === arm)?.result ?? null;
}

/** Spoilt rounds in which both arms measured something all the same. */
function excludedPairs(comparison: Comparison, { head, excluded }: PairOutcome): Pair[] {
  return excluded.flatMap(({ round }) => {
    const [ofBase, ofHead] = [resultOf(comparison, round, 0), resultOf(comparison, round, head)];
    if (ofBase === null || ofHead === null) return [];
    return [{ round, base: viewResult(ofBase), head: viewResult(ofHead) }];
  });
}

/** Every round that has the metric on both sides, in the order of execution. */
export function roundPoints(comparison: Comparison, pair: PairOutcome, metric: MetricOutcome): RoundPoint[] {
  const excluded = pointsOf(comparison.design, metric, excludedPairs(comparison, pair));
  return [
    ...metric.points.map((point) => ({ ...point, isExcluded: false })),
    ...excluded.map((point) => ({ ...point, isExcluded: true })),
  ].sort((a, b) => a.round - b.round);
}

/** The valid runs of an arm, as far as they were judged; those of the base stand beside any head. */
function validViews({ design, rounds, judgement }: Comparison, arm: number): ResultView[] {
  const judged = rounds.slice(0, judgement.rounds);
  const heads = arm === 0 ? design.arms.map((_, index) => index).slice(1) : [arm];
  const byRound = new Map<number, ResultView>();
  for (const head of heads) {
    for (const pair of pairUp(judged, head).pairs) byRound.set(pair.round, arm === 0 ? pair.base : pair.head);
  }
  return [...byRound.values()];
}

/** All valid runs of an arm as if they were one, with merged histograms; null when there is none. */
export function mergedView(comparison: Comparison, arm: number): ResultView | null {
  const views = validViews(comparison, arm);
  const [first] = views;
  if (first === undefined) return null;
  const pool = aggregate(views);
  return {
    result: first.result,
    histogram: pool.histogram,
    samples: pool.samples,
    quantileNs: (series, quantile) =>
      pool.samples(series) < samplesNeeded(quantile)
        ? null
        : (pool.histogram(series)?.quantileNs(quantile) ?? null),
  };
}
