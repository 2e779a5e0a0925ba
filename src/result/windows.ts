import { median } from './order-statistics.ts';
import type { ProcessTelemetry, RunResult } from './run-result.ts';
import { HistogramSum } from './stored-series.ts';

/** A run is cut into fewer windows than this, so that intervals of a long run fill them exactly. */
const MAX_TESTED_WINDOWS = 96;
/** The part of the measured time at its beginning in which memory and caches fill, which is left out. */
const SKIPPED_SHARE = 0.2;
/** Fewer windows than this are not tested for growth. */
const MIN_WINDOWS = 20;

/** The length of a window in milliseconds: a power of two in seconds, as the intervals of a run have it. */
export function windowMs(measureMs: number): number {
  let seconds = 1;
  while (measureMs / 1000 / seconds >= MAX_TESTED_WINDOWS) seconds *= 2;
  return seconds * 1000;
}

/** A part of the measured time. */
interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** The windows that are tested for growth: whole ones of equal length, without the first fifth of the measured time. */
function windowsOf({ timing }: RunResult): Span[] {
  const lengthMs = windowMs(timing.measureMs);
  const count = Math.floor(timing.measureMs / lengthMs);
  const windows = Array.from({ length: count }, (_, at) => ({
    startMs: at * lengthMs,
    endMs: (at + 1) * lengthMs,
  }));
  return windows.slice(Math.ceil(SKIPPED_SHARE * count));
}

/** The values of the windows, in the order of time. A window without a value has that of the one before it. */
function windowValues(result: RunResult, valueIn: (window: Span) => number | null): number[] {
  const known = windowsOf(result).map(valueIn);
  const first = known.find((value) => value !== null);
  if (first === undefined || known.filter((value) => value !== null).length < MIN_WINDOWS) return [];
  let last = first;
  return known.map((value) => {
    last = value ?? last;
    return last;
  });
}

/** The mean resident memory of processes together in each window, in bytes; empty where it is unknown. */
export function rssWindows(result: RunResult, processes: readonly ProcessTelemetry[]): number[] {
  return windowValues(result, (window) => {
    const means = processes.map((process) => meanRss(process, window));
    return means.length === 0 || means.some((mean) => mean === null)
      ? null
      : means.reduce<number>((sum, mean) => sum + (mean ?? 0), 0);
  });
}

function meanRss({ samples }: ProcessTelemetry, { startMs, endMs }: Span): number | null {
  let [weight, sum] = [0, 0];
  for (const { atMs, lengthMs, rssBytes, rssMeanBytes } of samples) {
    const overlapMs = Math.min(atMs, endMs) - Math.max(atMs - lengthMs, startMs);
    if (overlapMs <= 0) continue;
    weight += overlapMs;
    sum += overlapMs * (rssMeanBytes ?? rssBytes);
  }
  return weight === 0 ? null : sum / weight;
}

/** The smallest heap after a full collection in each window, of the only process of the server; empty where unknown. */
export function heapWindows(result: RunResult): number[] {
  const [server, ...others] = result.telemetry.servers;
  if (server === undefined || others.length > 0) return [];
  return windowValues(result, ({ startMs, endMs }) => {
    const heaps = server.samples
      .filter(({ atMs }) => atMs > startMs && atMs <= endMs)
      .flatMap(({ heapAfterGcBytes }) => heapAfterGcBytes ?? []);
    return heaps.length === 0 ? null : Math.min(...heaps);
  });
}

/** Values of a window below which its p99 is not computed. */
const MIN_FOR_P99 = 1000;

/** A percentile of the headline series in each window, in nanoseconds; empty where it has too few values. */
export function latencyWindows(result: RunResult, quantile: 0.5 | 0.99): number[] {
  return windowValues(result, ({ startMs, endMs }) => {
    const sum = new HistogramSum();
    for (const interval of result.intervals) {
      const encoded = interval.series[result.headline];
      if (encoded !== undefined && interval.startMs >= startMs && interval.startMs < endMs) sum.add(encoded);
    }
    if (sum.isEmpty) return null;
    const histogram = sum.histogram();
    return histogram.count < (quantile === 0.5 ? 1 : MIN_FOR_P99) ? null : histogram.quantileNs(quantile);
  });
}

/** The share of the expected deliveries of each window that were lost. */
export function lossWindows(result: RunResult): number[] {
  return windowValues(result, ({ startMs, endMs }) => {
    const within = result.intervals.filter((each) => each.startMs >= startMs && each.startMs < endMs);
    const expected = within.reduce((sum, each) => sum + each.expected, 0);
    return expected === 0 ? null : within.reduce((sum, { lost }) => sum + lost, 0) / expected;
  });
}

/** The slope of values per step: the median of the slopes of all pairs (Theil 1950, Sen 1968). NaN for fewer than two. */
export function slopeOf(values: readonly number[]): number {
  const slopes: number[] = [];
  for (const [later, value] of values.entries()) {
    for (let earlier = 0; earlier < later; earlier++) {
      slopes.push((value - (values[earlier] ?? 0)) / (later - earlier));
    }
  }
  return median(slopes);
}

/** The growth of the resident memory of the server in bytes per hour, below 0 where it falls; null where it is unknown. */
export function serverRssPerHour(result: RunResult): number | null {
  const values = rssWindows(result, result.telemetry.servers);
  return values.length === 0 ? null : (slopeOf(values) * 3.6e6) / windowMs(result.timing.measureMs);
}
