import { aggregate } from '../result/aggregate.ts';
import type { FigureName } from '../result/metrics.ts';
import { median } from '../result/order-statistics.ts';
import {
  type Bounds,
  binomialCdf,
  NO_BOUNDS,
  quantileBounds,
  quantileRanks,
} from '../result/quantile-bounds.ts';
import type { StartFigure, StartValue } from '../result/repeated.ts';
import type { ResultView } from '../result/view.ts';
import { normalTail } from './distributions.ts';
import { isEstimated, type Metric, metricName, metricUnit, metricValue, parseMetric } from './metric.ts';

/** Of the interval over the starts, where there are enough of them, and of those within a run. */
export const STARTS_CONFIDENCE = 0.95;

/** A valid start of a repeated run. */
export interface ValidStart {
  readonly start: number;
  readonly view: ResultView;
}

/** An interval of the median of all possible starts, and the probability that it holds this median. */
export interface MedianInterval {
  readonly lower: number;
  readonly upper: number;
  readonly level: number;
}

/**
 * The interval between two of the values, the same number of places from either end, that holds the median of their
 * distribution with a probability of at least 95 %. Fewer than six values give no such interval: then it is the range of
 * all, with the level that it has, 75 % for three. Null for fewer than two values.
 *
 * Source: Conover, "Practical Nonparametric Statistics" (1971), section 3.2.
 */
export function medianInterval(values: readonly number[]): MedianInterval | null {
  const count = values.length;
  if (count < 2) return null;
  const ascending = values.toSorted((a, b) => a - b);
  const { lower } = quantileRanks(count, 0.5);
  const rank = lower ?? 1;
  return {
    lower: ascending[rank - 1] ?? Number.NaN,
    upper: ascending[count - rank] ?? Number.NaN,
    level: 1 - 2 * binomialCdf(rank - 1, count, 0.5),
  };
}

/** The first number of starts that gives an interval at the full confidence: 6. */
export const STARTS_NEEDED = Math.ceil(1 - Math.log2(1 - STARTS_CONFIDENCE));

/** Half the width of a 95 % interval, in standard deviations. */
const HALF_WIDTH = 1.96;

/** The probability that the range of `count` independent standard normal variables is at most `width`. */
function rangeCdf(width: number, count: number): number {
  const step = 0.02;
  let sum = 0;
  for (let z = -8; z <= 8; z += step) {
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
    sum += density * (normalTail(z) - normalTail(z + width)) ** (count - 1);
  }
  return Math.min(1, count * sum * step);
}

/**
 * How many times the width of its interval a figure may differ between `count` starts, in 95 % of the cases, if nothing
 * but what the interval describes makes them differ: 1 up to five starts, 1.14 for ten, 1.28 for twenty. It is the 95 %
 * point of the range of normal variables (two starts give less than 1, which is not used).
 *
 * Source: Harter, "Tables of range and studentized range", Annals of Mathematical Statistics 31 (1960).
 */
export function explainedWidths(count: number): number {
  let [low, high] = [0, 20];
  while (high - low > 1e-3) {
    const middle = (low + high) / 2;
    if (rangeCdf(middle, count) < 0.95) low = middle;
    else high = middle;
  }
  return Math.max(1, high / (2 * HALF_WIDTH));
}

/** What a repeated run shows beside quantiles of its headline and of the slowest receiver. */
const SHOWN_FIGURES: readonly FigureName[] = [
  'sent',
  'accepted',
  'server_cpu_per_delivery',
  'server_rss',
  'server_memory_per_connection',
];

/** Series of the last receiver of each broadcast, or the last reply to each request. */
const SLOWEST_SERIES = ['fanout_last', 'reply_last'];

/** The metrics of a repeated run; the first is the most important. */
function metricsOfStarts([first]: readonly ValidStart[]): Metric[] {
  if (first === undefined) return [];
  const { headline, series, ownSeries } = first.view.result;
  const slowest = SLOWEST_SERIES.filter((name) => name !== headline && series[name] !== undefined);
  const names = [
    ...['p50', 'p95', 'p99'].map((quantile) => `${headline}.${quantile}`),
    ...slowest.flatMap((name) => [`${name}.p50`, `${name}.p99`]),
  ];
  const figures = SHOWN_FIGURES.map((name): Metric => ({ kind: 'figure', name }));
  return [...names.map((name) => parseMetric(name, ownSeries)), ...figures];
}

function measureIn(metric: Metric, { start, view }: ValidStart): StartValue {
  // As the tables of a run have it: none where the samples are too few for an interval.
  const value = isEstimated(metric)
    ? view.quantileNs(metric.series, metric.quantile)
    : metricValue(metric, aggregate([view]));
  const hasInterval = value !== null && isEstimated(metric);
  return {
    start,
    value,
    ...(hasInterval ? quantileBounds(view, metric.series, metric.quantile) : NO_BOUNDS),
  };
}

/** The median over the starts; null where half of them or more have no value. */
export function medianOverStarts(values: ReadonlyArray<number | null>): number | null {
  const known = values.filter((value) => value !== null);
  return known.length * 2 > values.length ? median(known) : null;
}

/** The values of a metric in each of several starts. */
export function valuesOfStarts(metric: Metric, views: readonly ResultView[]): Array<number | null> {
  return views.map((view) => metricValue(metric, aggregate([view])));
}

/** Whether a metric counts something. */
export function isCountOfRun({ kind }: Metric): boolean {
  return kind === 'count' || kind === 'share';
}

/**
 * A metric over several starts. Counts are those of all together, so that what one start lost is not hidden by the others.
 * Everything else is the median over the starts.
 */
export function valueOverStarts(metric: Metric, views: readonly ResultView[]): number | null {
  if (views.length === 0) return null;
  if (isCountOfRun(metric)) return metricValue(metric, aggregate(views));
  return medianOverStarts(valuesOfStarts(metric, views));
}

/** None where there are too few starts for the full confidence. */
export function boundsOverStarts(metric: Metric, views: readonly ResultView[]): Bounds {
  const known = valuesOfStarts(metric, views).filter((value) => value !== null);
  const interval = isCountOfRun(metric) ? null : medianInterval(known);
  if (interval === null || interval.level < STARTS_CONFIDENCE) return NO_BOUNDS;
  return { lower: interval.lower, upper: interval.upper };
}

function figureOfStarts(metric: Metric, starts: readonly ValidStart[]): StartFigure {
  const values = starts.map((start) => measureIn(metric, start));
  const known = values.flatMap(({ value }) => value ?? []);
  const middle = medianOverStarts(values.map(({ value }) => value));
  const interval = middle === null ? null : medianInterval(known);
  const [smallest, largest] = [Math.min(...known), Math.max(...known)];
  const widths = values.map(({ lower, upper }) =>
    lower === null || upper === null || lower <= 0 ? null : upper / lower,
  );
  const withinRun = medianOverStarts(widths);
  return {
    metric: metricName(metric),
    unit: metricUnit(metric),
    values,
    median: middle,
    lower: interval?.lower ?? null,
    upper: interval?.upper ?? null,
    level: interval?.level ?? null,
    spread: interval !== null && smallest > 0 ? largest / smallest : null,
    withinRun,
    explained: interval === null || withinRun === null ? null : withinRun ** explainedWidths(known.length),
  };
}

/** The figures over all valid starts. One that is 0 or unknown in all of them is left out, except for the quantiles. */
export function figuresOfStarts(starts: readonly ValidStart[]): StartFigure[] {
  return metricsOfStarts(starts)
    .map((metric) => ({ metric, figure: figureOfStarts(metric, starts) }))
    .filter(
      ({ metric, figure }) =>
        metric.kind === 'quantile' || figure.values.some(({ value }) => value !== null && value !== 0),
    )
    .map(({ figure }) => figure);
}
