import { SockbenchError } from '../errors.ts';
import { type Aggregate, COUNTS, type CountName, isCount } from '../result/aggregate.ts';
import { FIGURE_NAMES, FIGURES, type FigureName, isFigure, type MetricUnit } from '../result/metrics.ts';
import { samplesNeeded, seriesOfRun } from '../result/view.ts';
import { nearest } from '../text.ts';
import { formatBytes, formatCount, formatNs, formatNumber, formatPercent } from '../units.ts';

export type { MetricUnit };

/** One number of a run, or of several runs taken together. */
export type Metric =
  | { readonly kind: 'quantile'; readonly series: string; readonly quantile: number }
  | { readonly kind: 'mean'; readonly series: string }
  | { readonly kind: 'count'; readonly name: CountName }
  | { readonly kind: 'share'; readonly name: CountName }
  | { readonly kind: 'figure'; readonly name: FigureName };

/** Why a text names no metric, and what to write. */
interface NoMetric {
  readonly problem: string;
  readonly hint: string;
}

/**
 * Reads the name of a metric.
 *
 *     metric    = series "." statistic | count | figure
 *     series    = "delivery" | "fanout_last" | "ack" | ... ; see series.ts, and the scenario's `own`
 *     statistic = "p" number | "min" | "max" | "mean"      ; p50, p99.9
 *     count     = "lost" | "late" | "duplicated" | "reordered" | "unexpected" | "failed"
 *     figure    = "server_cpu_per_delivery" | "traffic_per_delivery" | ... ; see figures.ts
 *
 * Throws BAD_METRIC.
 */
export function parseMetric(text: string, own: Readonly<Record<string, string>> = {}): Metric {
  const read = readMetric(text.trim(), own);
  if (isMetric(read)) return read;
  throw new SockbenchError({ code: 'BAD_METRIC', message: read.problem, hint: read.hint });
}

export function isMetric(read: Metric | NoMetric): read is Metric {
  return 'kind' in read;
}

/** As {@link parseMetric}, for those who know more of where the text stands. */
export function readMetric(text: string, own: Readonly<Record<string, string>>): Metric | NoMetric {
  const [name = '', ...rest] = text.split('.');
  const series = seriesOfRun(own).map((each) => each.name);
  if (rest.length > 0) return readStatistic(name, rest.join('.'), series);
  if (isCount(name)) return { kind: 'count', name };
  if (isFigure(name)) return { kind: 'figure', name };
  if (series.includes(name)) {
    return { problem: `"${name}" is a whole series`, hint: `Name a statistic, like ${name}.p99.` };
  }
  const known = [...COUNTS, ...FIGURE_NAMES];
  const near = nearest(name, [...known, ...series]);
  return {
    problem: `"${name}" is not one of ${known.join(', ')}, nor a series with a statistic`,
    hint: near === null ? 'Use one of them, or write it like delivery.p99.' : meant(near, series),
  };
}

function meant(near: string, series: readonly string[]): string {
  return `Did you mean ${near}${series.includes(near) ? '.p99' : ''}?`;
}

function readStatistic(name: string, statistic: string, series: readonly string[]): Metric | NoMetric {
  if (!series.includes(name)) {
    const near = nearest(name, series);
    return {
      problem: `"${name}" is not one of ${series.join(', ')}`,
      hint: near === null ? 'Use one of them.' : `Did you mean ${near}?`,
    };
  }
  const problem = `"${statistic}" is not p0 to p99.999, min, max or mean`;
  return parseStatistic(name, statistic) ?? { problem, hint: `Write it like ${name}.p99.` };
}

function parseStatistic(series: string, statistic: string): Metric | null {
  if (statistic === 'mean') return { kind: 'mean', series };
  if (statistic === 'min') return { kind: 'quantile', series, quantile: 0 };
  if (statistic === 'max') return { kind: 'quantile', series, quantile: 1 };
  const percent = /^p(\d+(?:\.\d+)?)$/.exec(statistic)?.[1];
  return percent === undefined || Number(percent) >= 100
    ? null
    : { kind: 'quantile', series, quantile: Number(`${percent}e-2`) };
}

/** As {@link parseMetric} reads it. */
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

/** The extremes are what they are; everything between needs samples beyond it. */
export function isEstimated(metric: Metric): metric is Extract<Metric, { kind: 'quantile' }> {
  return metric.kind === 'quantile' && metric.quantile !== 0 && metric.quantile !== 1;
}

/**
 * How many independent samples one run needs for a quantile that is compared and not reported: a fifth of what a
 * report asks for.
 */
export function samplesOfRound(quantile: number): number {
  return Math.ceil(samplesNeeded(quantile) / 5);
}

/** In the metric's unit; null where the runs have no such value, or too few independent samples for it. */
export function metricValue(metric: Metric, pool: Aggregate): number | null {
  switch (metric.kind) {
    case 'count':
      return pool.count(metric.name);
    case 'share': {
      const all = metric.name === 'failed' ? pool.sent : pool.expected;
      return all === 0 ? null : pool.count(metric.name) / all;
    }
    case 'figure':
      return pool.figure(metric.name);
    case 'mean':
      return pool.histogram(metric.series)?.meanNs ?? null;
    case 'quantile': {
      const isShort = isEstimated(metric) && pool.samples(metric.series) < samplesNeeded(metric.quantile);
      return isShort ? null : (pool.histogram(metric.series)?.quantileNs(metric.quantile) ?? null);
    }
  }
}

/** Why {@link metricValue} is null. */
export function missingBecause(metric: Metric, pool: Aggregate): string {
  if (metric.kind === 'figure') return 'the run does not tell it';
  if (metric.kind === 'share') {
    return metric.name === 'failed' ? 'nothing was sent' : 'no message was owed to anyone';
  }
  if (!isEstimated(metric) || pool.histogram(metric.series) === null)
    return 'the run recorded no value of it';
  const has = formatCount(pool.samples(metric.series));
  return `it needs ${formatCount(samplesNeeded(metric.quantile))} independent samples, the run has ${has}; make the run longer`;
}

/** A value with its unit, for people. */
export function formatMetric(unit: MetricUnit, value: number): string {
  switch (unit) {
    case 'duration':
      return formatNs(value);
    case 'bytes':
      return formatBytes(value);
    case 'share':
      return formatPercent(value);
    case 'rate':
      return `${formatNumber(value)}/s`;
    case 'average':
      return formatNumber(value);
    case 'count':
      return formatCount(value);
  }
}
