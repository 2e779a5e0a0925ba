import { SockbenchError } from '../errors.ts';
import { FIGURE_NAMES, FIGURES, type FigureName, type FigureUnit, isFigure } from '../result/figures.ts';
import { COUNTS, type CountName, isCount, type Pool } from '../result/pool.ts';
import { samplesNeeded, seriesOfRun } from '../result/view.ts';
import { formatBytes, formatCount, formatNs, formatNumber, formatPercent } from '../units.ts';

/** One number of a run, or of several runs taken together. */
export type Metric =
  | { readonly kind: 'quantile'; readonly series: string; readonly quantile: number }
  | { readonly kind: 'mean'; readonly series: string }
  | { readonly kind: 'count'; readonly name: CountName }
  | { readonly kind: 'share'; readonly name: CountName }
  | { readonly kind: 'figure'; readonly name: FigureName };

export type MetricUnit = FigureUnit | 'count';

function refuse(message: string, hint: string): never {
  throw new SockbenchError({ code: 'BAD_METRIC', message, hint });
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
  const [name = '', ...rest] = text.trim().split('.');
  const statistic = rest.join('.');
  const known = seriesOfRun(own).map((series) => series.name);
  if (rest.length === 0) {
    if (isCount(name)) return { kind: 'count', name };
    if (isFigure(name)) return { kind: 'figure', name };
    if (known.includes(name)) refuse(`"${name}" is a whole series`, `Name a statistic, like ${name}.p99.`);
    refuse(
      `"${name}" is not one of ${[...COUNTS, ...FIGURE_NAMES].join(', ')}, nor a series with a statistic`,
      'Use one of them, or write it like delivery.p99.',
    );
  }
  if (!known.includes(name)) refuse(`"${name}" is not one of ${known.join(', ')}`, 'Use one of them.');
  return (
    parseStatistic(name, statistic) ??
    refuse(`"${statistic}" is not p0 to p99.999, min, max or mean`, `Write it like ${name}.p99.`)
  );
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

/** In the metric's unit; null where the runs have no such value, or too few independent samples for it. */
export function metricValue(metric: Metric, pool: Pool): number | null {
  switch (metric.kind) {
    case 'count':
      return pool.count(metric.name);
    case 'share': {
      const all = metric.name === 'failed' ? pool.sent : pool.owed;
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
