import { fail } from '../errors.ts';
import type { NsHistogram, ResultView } from '../result/view.ts';
import { verdict } from './content/run-verdict.ts';
import { plain } from './plain.ts';

/** One row of a percentile distribution. */
export interface PercentileRow {
  /** The share `level` of all recorded values does not exceed this value. */
  readonly valueNs: number;
  /** 0 to 1. */
  readonly level: number;
  /** Number of values that do not exceed `valueNs`. */
  readonly count: number;
  /** 1 / (1 - level). In the last row, where that is infinite, the odds of the level that would come next. */
  readonly odds: number;
}

const TICKS_PER_HALF_DISTANCE = 5;

/**
 * Returns the next level, in percent, at which HdrHistogram reports: five equal steps over each half of the distance
 * to 100, so 0, 10 .. 50, 55 .. 75, 77.5 and so on. Percent, because sums of shares of one would round differently.
 * Source: HdrHistogram's PercentileIterator.java.
 */
function nextPercent(percent: number): number {
  const halvings = Math.floor(Math.log2(100 / (100 - percent))) + 1;
  return percent + 100 / (TICKS_PER_HALF_DISTANCE * 2 ** halvings);
}

/**
 * Returns the rows from level 0 to the first that all values reach, then the maximum at level 1; none for an empty
 * histogram. All histograms have rows at the same levels.
 */
export function percentileRows(histogram: NsHistogram): PercentileRow[] {
  const total = histogram.count;
  const rows: PercentileRow[] = [];
  let percent = 0;
  let count = 0;
  for (const { highestNs, count: within } of histogram.buckets()) {
    count += within;
    while ((100 * count) / total >= percent) {
      rows.push({ valueNs: highestNs, level: percent / 100, count, odds: 100 / (100 - percent) });
      percent = nextPercent(percent);
      if (count === total) break;
    }
  }
  const odds = 100 / (100 - percent);
  if (total > 0) rows.push({ valueNs: histogram.maxNs, level: 1, count: total, odds });
  return rows;
}

const SUB_BUCKETS = 2048;

/** Returns the number of buckets, each twice as wide as the one before, for three significant digits up to `maxNs`. */
function bucketCount(maxNs: number): number {
  return Math.max(1, Math.ceil(Math.log2((maxNs + 1) / SUB_BUCKETS)) + 1);
}

const inMs = (ns: number) => (ns / 1e6).toFixed(6).padStart(12);

/**
 * Renders the percentile distribution of one series as HdrHistogram's Java tool prints it, values in milliseconds.
 *
 * Java leaves out the fourth number of the last row and C prints `inf`; both make HdrHistogram's plotter skip the
 * maximum, and `Infinity` would break its axis. Here every row has four finite numbers.
 *
 * Throws NO_SERIES when the result has no such series.
 */
export function renderHgrm(view: ResultView, series: string = view.result.headline): string {
  const histogram = view.histogram(series);
  if (histogram === null) {
    const known = Object.keys(view.result.series).join(', ') || 'none';
    return fail('NO_SERIES', `this result has no series "${plain(series)}"; it has ${known}`);
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
    `#[Series  = ${plain(series)} in ms, ${plain(verdict(view.result))}]`,
    '',
  ].join('\n');
}
