import { fail } from '../errors.ts';
import type { Aggregate } from '../result/aggregate.ts';
import {
  COUNT_NAMES,
  COUNTS,
  type CountName,
  FIGURE_NAMES,
  FIGURES,
  type FigureName,
  isCount,
  isFigure,
  type MetricUnit,
  type Tolerance,
} from '../result/metrics.ts';
import { samplesNeeded, seriesOfRun } from '../result/view.ts';
import { didYouMean, nearest } from '../text.ts';
import { formatCount } from '../units.ts';

export type { MetricUnit };

/** One number of a run, or of several runs taken together. */
export type Metric =
  | { readonly kind: 'quantile'; readonly series: string; readonly quantile: number }
  | { readonly kind: 'mean'; readonly series: string }
  | { readonly kind: 'count'; readonly name: CountName }
  /** A count as a share of what could have been counted: of expected deliveries, or of messages sent. */
  | { readonly kind: 'share'; readonly name: CountName }
  | { readonly kind: 'figure'; readonly name: FigureName };

/** The scenario's own series, with the meaning of each. */
export type OwnSeries = Readonly<Record<string, string>>;

/**
 * Reads the name of a metric.
 *
 *     metric    = series "." statistic | count | figure
 *     series    = "delivery" | "fanout_last" | "ack" | ... ; measure/series.ts, and the scenario's own
 *     statistic = "p" number | "min" | "max" | "mean"      ; p50, p99.9
 *     count     = "lost" | "late" | ...                    ; COUNTS of result/metrics.ts
 *     figure    = "server_cpu_per_delivery" | ...          ; FIGURES of result/metrics.ts
 *
 * Throws BAD_METRIC.
 */
export function parseMetric(text: string, own: OwnSeries = {}): Metric {
  const [name = '', ...rest] = text.trim().split('.');
  const series = seriesOfRun(own).map((each) => each.name);
  if (rest.length > 0) return parseStatistic(name, rest.join('.'), series);
  if (isCount(name)) return { kind: 'count', name };
  if (isFigure(name)) return { kind: 'figure', name };
  if (series.includes(name)) {
    return fail('BAD_METRIC', `"${name}" is a whole series`, `Name a statistic, like ${name}.p99.`);
  }
  const known = [...COUNT_NAMES, ...FIGURE_NAMES];
  const near = nearest(name, [...known, ...series]);
  const meant = near === null || !series.includes(near) ? near : `${near}.p99`;
  return fail(
    'BAD_METRIC',
    `"${name}" is not one of ${known.join(', ')}, nor a series with a statistic`,
    meant === null ? 'Use one of them, or write it like delivery.p99.' : `Did you mean ${meant}?`,
  );
}

function parseStatistic(name: string, statistic: string, series: readonly string[]): Metric {
  if (!series.includes(name)) {
    const hint = didYouMean(name, series, 'Use one of them.');
    return fail('BAD_METRIC', `"${name}" is not one of ${series.join(', ')}`, hint);
  }
  if (statistic === 'mean') return { kind: 'mean', series: name };
  if (statistic === 'min') return { kind: 'quantile', series: name, quantile: 0 };
  if (statistic === 'max') return { kind: 'quantile', series: name, quantile: 1 };
  const percent = /^p(\d+(?:\.\d+)?)$/.exec(statistic)?.[1];
  if (percent !== undefined && Number(percent) < 100) {
    return { kind: 'quantile', series: name, quantile: Number(`${percent}e-2`) };
  }
  const problem = `"${statistic}" is not p0 to p99.999, min, max or mean`;
  return fail('BAD_METRIC', problem, `Write it like ${name}.p99.`);
}

/** The name that {@link parseMetric} reads. */
export function metricName(metric: Metric): string {
  switch (metric.kind) {
    case 'quantile':
      if (metric.quantile === 0) return `${metric.series}.min`;
      if (metric.quantile === 1) return `${metric.series}.max`;
      return `${metric.series}.p${Number((metric.quantile * 100).toPrecision(12))}`;
    case 'mean':
      return `${metric.series}.mean`;
    default:
      return metric.name;
  }
}

export function metricUnit(metric: Metric): MetricUnit {
  switch (metric.kind) {
    case 'quantile':
    case 'mean':
      return 'duration';
    case 'figure':
      return FIGURES[metric.name].unit;
    default:
      return metric.kind;
  }
}

/**
 * What a comparison tolerates of the metric by default. How the values were chosen:
 * docs/decisions/0017-what-a-gate-tolerates.md.
 */
export function toleranceOf(metric: Metric): Tolerance {
  switch (metric.kind) {
    case 'quantile':
      if (metric.quantile <= 0.5) return { delta: 0.05, floor: 0.02e6 };
      return metric.quantile <= 0.95 ? { delta: 0.1, floor: 0.1e6 } : { delta: 0.15, floor: 0.25e6 };
    case 'mean':
      return { delta: 0.1, floor: 0.1e6 };
    case 'figure':
      return FIGURES[metric.name].tolerance;
    default:
      return COUNTS[metric.name].tolerance;
  }
}

/** Whether the metric is a quantile that needs samples beyond it. The minimum and the maximum do not. */
export function isEstimated(metric: Metric): metric is Extract<Metric, { kind: 'quantile' }> {
  return metric.kind === 'quantile' && metric.quantile !== 0 && metric.quantile !== 1;
}

/**
 * How many independent samples one run needs for a quantile that is compared and not reported: a fifth of what a
 * report needs.
 */
export function samplesOfRound(quantile: number): number {
  return Math.ceil(samplesNeeded(quantile) / 5);
}

/** Whether the metric counts what a generator process did not report. */
function isUnknown({ kind }: Metric, runs: Aggregate): boolean {
  return (kind === 'count' || kind === 'share') && runs.unknown > 0;
}

/** Whether a count is a share of the messages sent. */
function isOfSent(name: CountName): boolean {
  return name === 'failed' || name === 'rejected';
}

/** In the metric's unit; null where the runs have no such value, or too few independent samples for it. */
export function metricValue(metric: Metric, runs: Aggregate): number | null {
  if (isUnknown(metric, runs)) return null;
  switch (metric.kind) {
    case 'count':
      return runs.count(metric.name);
    case 'share': {
      const all = isOfSent(metric.name) ? runs.sent : runs.expected;
      return all === 0 ? null : runs.count(metric.name) / all;
    }
    case 'figure':
      return runs.figure(metric.name);
    case 'mean':
      return runs.histogram(metric.series)?.meanNs ?? null;
    case 'quantile': {
      const isShort = isEstimated(metric) && runs.samples(metric.series) < samplesNeeded(metric.quantile);
      return isShort ? null : (runs.histogram(metric.series)?.quantileNs(metric.quantile) ?? null);
    }
  }
}

/** Why {@link metricValue} is null; `runs` is null when there were none. */
export function missingBecause(metric: Metric, runs: Aggregate | null): string {
  if (runs === null) return 'nothing was measured';
  if (isUnknown(metric, runs)) {
    return `${formatCount(runs.unknown)} of ${formatCount(runs.expected)} expected deliveries are unknown: a generator process did not report them`;
  }
  if (metric.kind === 'figure') return runs.endless(metric.name) ?? 'the run does not report it';
  if (metric.kind === 'share') {
    return isOfSent(metric.name) ? 'nothing was sent' : 'no delivery was expected';
  }
  if (!isEstimated(metric) || runs.histogram(metric.series) === null) return 'the run recorded no value';
  const has = formatCount(runs.samples(metric.series));
  return `judging it needs ${formatCount(samplesNeeded(metric.quantile))} independent samples, the run has ${has}; make the run longer`;
}
