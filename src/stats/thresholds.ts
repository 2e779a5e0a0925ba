import { type Aggregate, aggregate } from '../result/aggregate.ts';
import { type Bounds, NO_BOUNDS, quantileBounds } from '../result/quantile-bounds.ts';
import type { RunResult, ThresholdOutcome } from '../result/run-result.ts';
import { viewResult } from '../result/view.ts';
import { formatEstimate } from '../units.ts';
import {
  type ArmMetric,
  armMetricName,
  type Clause,
  type Condition,
  type Operator,
  parseCondition,
} from './condition.ts';
import {
  isEstimated,
  type Metric,
  metricUnit,
  metricValue,
  missingBecause,
  type OwnSeries,
} from './metric.ts';

/** A condition that a run, or the head of a comparison, has to meet. */
export type Threshold = Condition;

/** Reads a threshold. Without a base, `base.` is an error. Throws BAD_THRESHOLD. */
export function parseThreshold(
  expression: string,
  own: OwnSeries = {},
  { hasBase = false }: { readonly hasBase?: boolean } = {},
): Threshold {
  return parseCondition(expression, { flag: '--threshold', own, hasBase });
}

/** Every metric that a condition names, once, in order. A count and its share are two. */
export function metricsOf({ clauses }: Condition): readonly ArmMetric[] {
  const byName = new Map<string, ArmMetric>();
  const sides = clauses.flatMap(({ left, times }) => (times === null ? [left] : [left, times]));
  for (const each of sides) byName.set(`${armMetricName(each)} ${each.metric.kind}`, each);
  return [...byName.values()];
}

/** Whether `a` OP `b`. */
export const HOLDS: Readonly<Record<Operator, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
};

/** What a threshold looks its metrics up in. */
export interface MetricSource {
  /** Null where there is no value, and infinite for a time that did not end. */
  value(metric: Metric): number | null;
  /** The 95 % interval of a value that has one. */
  bounds(metric: Metric): Bounds;
  /** The value as text, or why there is none. */
  text(metric: Metric): string;
}

/** One run, or all valid runs of an arm taken together; null for an arm without any. */
function sourceOf(runs: Aggregate | null): MetricSource {
  const valueIn = (metric: Metric) => (runs === null ? null : metricValue(metric, runs));
  const bounds = (metric: Metric) =>
    runs === null || !isEstimated(metric) ? NO_BOUNDS : quantileBounds(runs, metric.series, metric.quantile);
  // A time that did not end is above every limit.
  const isEndless = (metric: Metric) => metric.kind === 'figure' && runs?.endless(metric.name) != null;
  return {
    value: (metric) => (isEndless(metric) ? Number.POSITIVE_INFINITY : valueIn(metric)),
    bounds,
    text(metric) {
      const value = valueIn(metric);
      if (value === null) return missingBecause(metric, runs);
      return formatEstimate(metricUnit(metric), value, bounds(metric));
    },
  };
}

/** Judges a threshold on one run, or on all valid runs of two arms; null for an arm without any. */
export function judgeThreshold(
  threshold: Threshold,
  head: Aggregate | null,
  base: Aggregate | null = null,
): ThresholdOutcome {
  return judgeBySource(threshold, sourceOf(head), sourceOf(base));
}

/** Judges a threshold. A missing value leaves it neither passed nor failed, unless another clause fails. */
export function judgeBySource(
  threshold: Threshold,
  head: MetricSource,
  base: MetricSource = sourceOf(null),
): ThresholdOutcome {
  const { expression, clauses } = threshold;
  const lookUp = ({ arm, metric }: ArmMetric) => (arm === 'base' ? base : head).value(metric);
  const boundsOf = ({ arm, metric }: ArmMetric) => (arm === 'base' ? base : head).bounds(metric);
  const outcomes = clauses.map(({ left, operator, limit, times }: Clause) => {
    const value = lookUp(left);
    const factor = times === null ? 1 : lookUp(times);
    return value === null || factor === null ? null : HOLDS[operator](value, limit * factor);
  });
  const passed = outcomes.includes(false) ? false : outcomes.includes(null) ? null : true;
  const [only] = clauses.length === 1 && passed !== null ? clauses : [];
  const metrics = metricsOf(threshold);
  // The value of a single metric, or why there is none; of several, `delivery.p99 12.3 ms (11-14), lost 0`.
  const details = metrics.map((each) => {
    const text = (each.arm === 'base' ? base : head).text(each.metric);
    if (metrics.length === 1) return text;
    return `${armMetricName(each)}${lookUp(each) === null ? ' unknown:' : ''} ${text}`;
  });
  const actual = only === undefined ? null : lookUp(only.left);
  return {
    expression,
    passed,
    actual: Number.isFinite(actual) ? actual : null,
    ...(only === undefined ? NO_BOUNDS : boundsOf(only.left)),
    detail: details.join(', '),
  };
}

/** Judges thresholds by the figures of one run. */
export function judgeRunThresholds(result: RunResult, thresholds: readonly Threshold[]): ThresholdOutcome[] {
  const measured = aggregate([viewResult(result)]);
  return thresholds.map((each) => judgeThreshold(each, measured));
}
