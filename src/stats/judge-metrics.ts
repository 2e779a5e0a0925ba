import type { Design, MetricOutcome, MetricRule } from '../result/comparison.ts';
import { poolOf } from '../result/pool.ts';
import type { ResultView } from '../result/view.ts';
import { holm } from './holm.ts';
import { judgeCount } from './judge-count.ts';
import { judgeRatio, type Measured, measure } from './judge-ratio.ts';
import { isEstimated, type Metric, metricValue, parseMetric, samplesOfRound } from './metric.ts';
import type { Observed, Point } from './observed.ts';
import type { Pair } from './pairs.ts';

export type { Observed };

/** Every metric of the design over the valid pairs, at one look. */
export function judgeMetrics(
  { rules, looks, maxInvalidShare }: Design,
  pairs: readonly Pair[],
  look: number,
): MetricOutcome[] {
  const base = poolOf(pairs.map((pair) => pair.base));
  const head = poolOf(pairs.map((pair) => pair.head));
  const observed = rules.map((rule) => {
    const metric = parseMetric(rule.metric, ownSeriesOf(pairs));
    const merged = { base: metricValue(metric, base), head: metricValue(metric, head) };
    return { rule, points: judgedPoints(rule, pairs, maxInvalidShare), ...merged };
  });
  return judgeObserved(observed, looks[look]?.alpha ?? 0);
}

/** The same from the values alone; `alpha` is that of the look. */
export function judgeObserved(observed: readonly Observed[], alpha: number): MetricOutcome[] {
  const measured = observed.map(measure);
  const family = measured.filter(({ rule }) => rule.gating && rule.kind === 'ratio');
  const levels = (pick: (each: Measured) => number) => holm(family.map(pick), alpha);
  const regressed = levels(({ pRegressed }) => pRegressed);
  const improved = levels(({ pImproved }) => pImproved);
  return measured.map((each) => {
    if (each.rule.kind === 'exact') return judgeCount(each, alpha);
    const place = family.indexOf(each);
    return judgeRatio(each, regressed[place]?.level ?? alpha, improved[place]?.level ?? alpha);
  });
}

/** As {@link pointsOf}; none where a larger share of the pairs lacks it, since those may be the worst. */
export function judgedPoints(rule: MetricRule, pairs: readonly Pair[], mostLacking: number): Point[] {
  const points = pointsOf(rule, pairs);
  return pairs.length - points.length > mostLacking * pairs.length ? [] : points;
}

/** A metric in each round that has it on both sides. */
export function pointsOf({ metric: name }: MetricRule, pairs: readonly Pair[]): Point[] {
  const metric = parseMetric(name, ownSeriesOf(pairs));
  return pairs.flatMap(({ round, base, head }): Point[] => {
    const [ofBase, ofHead] = [roundValue(metric, base), roundValue(metric, head)];
    return ofBase === null || ofHead === null ? [] : [{ round, base: ofBase, head: ofHead }];
  });
}

function ownSeriesOf([first]: readonly Pair[]): Readonly<Record<string, string>> {
  return first?.head.result.ownSeries ?? {};
}

function roundValue(metric: Metric, view: ResultView): number | null {
  if (!isEstimated(metric)) return metricValue(metric, poolOf([view]));
  if (view.samples(metric.series) < samplesOfRound(metric.quantile)) return null;
  return view.histogram(metric.series)?.quantileNs(metric.quantile) ?? null;
}
