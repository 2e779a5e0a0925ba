import type { RunResult } from '../result/run-result.ts';
import { viewResult } from '../result/view.ts';
import { verdict } from './content/run-verdict.ts';
import { plain } from './plain.ts';

/** One histogram of one series. Times are milliseconds from the start of the run. */
interface LogRow {
  readonly series: string;
  readonly startMs: number;
  readonly lengthMs: number;
  readonly maxNs: number;
  readonly encoded: string;
}

const seconds = (ms: number) => (ms / 1000).toFixed(3);

/** The histograms of every interval, on the clock of the run. */
function intervalRows(result: RunResult): LogRow[] {
  const { timing, intervals } = result;
  const view = viewResult(result);
  const measuredFromMs = timing.startMs + timing.connectMs + timing.warmupMs;
  return intervals.flatMap(({ startMs, lengthMs, series }, index) =>
    Object.entries(series).map(([name, encoded]) => ({
      series: name,
      startMs: measuredFromMs + startMs,
      lengthMs,
      maxNs: view.intervals(name)[index]?.maxNs ?? 0,
      encoded,
    })),
  );
}

/** One row for each series that no interval holds, such as `connect`, which ends before measuring begins. */
function wholeRows(result: RunResult): LogRow[] {
  const { timing, intervals, series } = result;
  const inIntervals = new Set(intervals.flatMap((interval) => Object.keys(interval.series)));
  return Object.entries(series)
    .filter(([name]) => !inIntervals.has(name))
    .map(([name, { count, histogram }]) => ({
      series: name,
      startMs: timing.startMs,
      lengthMs: timing.connectMs,
      maxNs: count === 0 ? 0 : (viewResult(result).histogram(name)?.maxNs ?? 0),
      encoded: histogram,
    }));
}

function formatRow({ series, startMs, lengthMs, maxNs, encoded }: LogRow): string {
  // Some readers end a tag at the first comma or space.
  const tag = series.replace(/[^\w.-]/g, '_');
  return `Tag=${tag},${seconds(startMs)},${seconds(lengthMs)},${(maxNs / 1e6).toFixed(3)},${encoded}`;
}

/**
 * Renders an HdrHistogram log, format 1.3: values in nanoseconds, maxima in milliseconds, one row per interval and
 * series in the order of time. The rows of a tag add up to the series of that name. StartTime is the start of the run,
 * so the first row of a measured series begins after connecting and warm-up.
 * Source: HdrHistogram's HistogramLogWriter.java.
 */
export function renderHlog(result: RunResult): string {
  const startedMs = Date.parse(result.startedAt);
  const rows = [...wholeRows(result), ...intervalRows(result)].sort((a, b) => a.startMs - b.startMs);
  return [
    '#[Histogram log format version 1.3]',
    `#[sockbench ${plain(result.tool.version)}: ${plain(verdict(result))}]`,
    `#[StartTime: ${seconds(startedMs)} (seconds since epoch), ${new Date(startedMs).toISOString()}]`,
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
    ...rows.map(formatRow),
    '',
  ].join('\n');
}
