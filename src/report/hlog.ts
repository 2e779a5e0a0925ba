import type { RunResult } from '../result/run-result.ts';
import { NsHistogram } from '../result/view.ts';
import { verdict } from './content/run-verdict.ts';

/** One histogram of one series: start and length in milliseconds from the start of the run. */
interface LogRow {
  readonly tag: string;
  readonly startMs: number;
  readonly lengthMs: number;
  readonly encoded: string;
}

const seconds = (ms: number) => (ms / 1000).toFixed(3);

/** A tag ends at the first comma or space for some reader or other. */
const safeTag = (name: string) => name.replace(/[^\w.-]/g, '_');

/** Every interval's histograms, on the clock of the run instead of that of its measured part. */
function intervalRows(result: RunResult): LogRow[] {
  const { startMs, connectMs, warmupMs } = result.timing;
  const measuredFromMs = startMs + connectMs + warmupMs;
  return result.intervals.flatMap((interval) =>
    Object.entries(interval.series).map(([name, encoded]) => ({
      tag: safeTag(name),
      startMs: measuredFromMs + interval.startMs,
      lengthMs: interval.lengthMs,
      encoded,
    })),
  );
}

/** Series that no interval holds, such as `connect`, which ends before measuring begins: one row for all. */
function wholeRows(result: RunResult): LogRow[] {
  const { startMs, connectMs } = result.timing;
  const inIntervals = new Set(result.intervals.flatMap(({ series }) => Object.keys(series)));
  return Object.entries(result.series)
    .filter(([name]) => !inIntervals.has(name))
    .map(([name, { histogram }]) => ({
      tag: safeTag(name),
      startMs,
      lengthMs: connectMs,
      encoded: histogram,
    }));
}

function formatRow({ tag, startMs, lengthMs, encoded }: LogRow): string {
  const histogram = NsHistogram.decode(encoded);
  const maxMs = histogram.count === 0 ? 0 : histogram.maxNs / 1e6;
  return `Tag=${tag},${seconds(startMs)},${seconds(lengthMs)},${maxMs.toFixed(3)},${encoded}`;
}

/**
 * HdrHistogram's log, format 1.3: values in nanoseconds, maxima in milliseconds, one row for each second and
 * series, by start. The rows of a tag add up to the series of that name. StartTime is the start of the run,
 * so the first row of a measured series begins after connecting and warm-up.
 * Source: HdrHistogram's HistogramLogWriter.java.
 */
export function renderHlog(result: RunResult): string {
  const startedMs = Date.parse(result.startedAt);
  const rows = [...wholeRows(result), ...intervalRows(result)].sort((a, b) => a.startMs - b.startMs);
  return [
    '#[Histogram log format version 1.3]',
    `#[sockbench ${result.tool.version}: ${verdict(result)}]`,
    `#[StartTime: ${seconds(startedMs)} (seconds since epoch), ${new Date(startedMs).toISOString()}]`,
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
    ...rows.map(formatRow),
    '',
  ].join('\n');
}
