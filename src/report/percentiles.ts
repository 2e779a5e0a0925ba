import type { NsHistogram } from '../result/view.ts';

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
 * The next level at which HdrHistogram reports: five equal steps over each half of the distance to 1, so
 * 0, 0.1 .. 0.5, 0.55 .. 0.75, 0.775 and so on. All histograms are reported at the same levels.
 * Source: HdrHistogram's PercentileIterator.java.
 */
function nextLevel(level: number): number {
  const halvings = Math.floor(Math.log2(1 / (1 - level))) + 1;
  return level + 1 / (TICKS_PER_HALF_DISTANCE * 2 ** halvings);
}

/** From level 0 to the first that all values reach, then the maximum at level 1; empty without values. */
export function percentileRows(histogram: NsHistogram): PercentileRow[] {
  const total = histogram.count;
  const rows: PercentileRow[] = [];
  let level = 0;
  let count = 0;
  for (const bucket of histogram.buckets()) {
    count += bucket.count;
    while (count / total >= level) {
      rows.push({ valueNs: bucket.highestNs, level, count, odds: 1 / (1 - level) });
      level = nextLevel(level);
      if (count === total) break;
    }
  }
  if (total > 0) rows.push({ valueNs: histogram.maxNs, level: 1, count: total, odds: 1 / (1 - level) });
  return rows;
}
