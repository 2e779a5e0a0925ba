import { SockbenchError } from '../errors.ts';
import type { ResultView } from '../result/view.ts';
import { percentileRows } from './content/percentiles.ts';
import { verdict } from './content/run-verdict.ts';
import { plain } from './plain.ts';

const SUB_BUCKETS = 2048;

/** How many halvings of resolution three significant digits need up to `maxNs`. */
function bucketCount(maxNs: number): number {
  return Math.max(1, Math.ceil(Math.log2((maxNs + 1) / SUB_BUCKETS)) + 1);
}

const inMs = (ns: number) => (ns / 1e6).toFixed(6).padStart(12);

/**
 * The percentile distribution of one series as HdrHistogram's Java tool prints it: values in milliseconds.
 *
 * Java leaves the fourth figure out of the last row, C prints `inf` there; both make HdrHistogram's plotter
 * skip the maximum, and `Infinity` would break its axis. Here the row carries the figure of the next level,
 * so every row is four finite numbers and the plotter, which pairs files row by row, shows the maximum.
 *
 * Throws NO_SERIES when the result has no such series.
 */
export function renderHgrm(view: ResultView, series: string = view.result.headline): string {
  const histogram = view.histogram(series);
  if (histogram === null) {
    throw new SockbenchError({
      code: 'NO_SERIES',
      message: `this result has no series "${plain(series)}"; it has ${Object.keys(view.result.series).join(', ') || 'none'}`,
    });
  }
  const rows = percentileRows(histogram).map(({ valueNs, level, count, odds }) =>
    [inMs(valueNs), level.toFixed(12), String(count).padStart(10), odds.toFixed(2).padStart(14)].join(' '),
  );
  const of = (ns: number) => inMs(histogram.count === 0 ? 0 : ns);
  const whole = (count: number) => String(count).padStart(12);
  return [
    '       Value     Percentile TotalCount 1/(1-Percentile)',
    '',
    ...rows,
    `#[Mean    = ${of(histogram.meanNs)}, StdDeviation   = ${of(histogram.stdDeviationNs)}]`,
    `#[Max     = ${of(histogram.maxNs)}, Total count    = ${whole(histogram.count)}]`,
    `#[Buckets = ${whole(bucketCount(histogram.count === 0 ? 0 : histogram.maxNs))}, SubBuckets     = ${whole(SUB_BUCKETS)}]`,
    `#[Series  = ${plain(series)} in ms, ${verdict(view.result)}]`,
    '',
  ].join('\n');
}
