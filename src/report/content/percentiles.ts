import type { NsHistogram } from '../../result/view.ts';

/** The value below or at which the share `level` of all recorded values lies. */
export interface PercentileRow {
  readonly valueNs: number;
  /** 0 to 1. */
  readonly level: number;
  /** How many values do not exceed `valueNs`. */
  readonly count: number;
  /** 1 / (1 - level), finite in the last row too: there it is that of the level that would come next. */
  readonly odds: number;
}

const TICKS_PER_HALF_DISTANCE = 5;

/**
 * The next level, in percent, at which HdrHistogram reports: five equal steps over each half of the distance
 * to 100, so 0, 10 .. 50, 55 .. 75, 77.5 and so on. All histograms are reported at the same levels. In percent
 * as there, because the sums of these steps round otherwise as shares of one.
 * Source: HdrHistogram's PercentileIterator.java.
 */
function nextPercent(percent: number): number {
  const halvings = Math.floor(Math.log2(100 / (100 - percent))) + 1;
  return percent + 100 / (TICKS_PER_HALF_DISTANCE * 2 ** halvings);
}

/** From level 0 to the first that all values reach, then the maximum at level 1; empty without values. */
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
