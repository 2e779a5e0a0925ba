import { NsHistogram } from '../measure/histogram.ts';
import type { ProcessTelemetry, RunResult } from './schema.ts';

export { SERIES, type SeriesDefinition, type SeriesName, seriesOfRun } from '../measure/series.ts';
export { NsHistogram };

/**
 * Series whose values are not independent, since all receivers of one broadcast share its fate: the series that
 * has one value for each independent sample, or the samples of the headline.
 */
const SAMPLED_BY: Readonly<Record<string, string>> = {
  delivery: 'fanout_last',
  delivery_actual: 'fanout_last',
  delivery_same_node: 'fanout_last',
  delivery_cross_node: 'fanout_last',
  reply: 'reply_last',
  reply_actual: 'reply_last',
  push_gap: 'push_skew',
  receive_uncertainty: 'headline',
};

/**
 * How many independent samples the quantile `quantile` (0 to 1) needs before it is reported:
 * ten beyond it, 10 / (1 - quantile). 20 for the median, 200 for p95, 1,000 for p99.
 */
export function samplesNeeded(quantile: number): number {
  // Rounded first: 10 / (1 - 0.9) is 100.00000000000003 in binary floating point.
  return Math.ceil(Number((10 / (1 - quantile)).toPrecision(9)));
}

/** A result with its histograms decoded. */
export interface ResultView {
  readonly result: RunResult;
  /** Null when the series was not recorded. */
  histogram(series: string): NsHistogram | null;
  /** Independent samples behind a series: broadcasts for what all receivers of one share, else its values. */
  samples(series: string): number;
  /** Null when the series was not recorded or has too few independent samples for this quantile. */
  quantileNs(series: string, quantile: number): number | null;
}

export function viewResult(result: RunResult): ResultView {
  const decoded = new Map<string, NsHistogram>();
  const view: ResultView = {
    result,
    histogram(name) {
      const stored = result.series[name];
      if (stored === undefined) return null;
      const histogram = decoded.get(name) ?? NsHistogram.decode(stored.histogram);
      decoded.set(name, histogram);
      return histogram;
    },
    samples(name) {
      const count = result.series[name]?.count ?? 0;
      const by = SAMPLED_BY[name];
      if (by === undefined) return count;
      const independent = by === 'headline' ? result.samples.count : (result.series[by]?.count ?? 0);
      return Math.min(count, independent);
    },
    quantileNs(name, quantile) {
      if (view.samples(name) < samplesNeeded(quantile)) return null;
      return view.histogram(name)?.quantileNs(quantile) ?? null;
    },
  };
  return view;
}

/** Telemetry of one process over the measured time, drain left out. */
export interface MeasuredTelemetry {
  readonly cpuMs: number;
  /** CPU time over wall time: 1 is one core. */
  readonly cpuRatio: number;
  readonly loopUtilisation: number;
  /** Utilisation without the pacer's deliberate spinning, 0 to 1. */
  readonly workUtilisation: number;
  readonly loopDelayP99Ns: number;
  readonly loopDelayMaxNs: number;
  readonly gcTotalMs: number;
  readonly gcMaxMs: number;
  readonly rssMaxBytes: number;
  readonly bufferedMaxBytes: number;
}

/** Weighs each sample by how much of it lies in the measured time; null when none does. */
export function measuredTelemetry(process: ProcessTelemetry, measureMs: number): MeasuredTelemetry | null {
  const shares = process.samples
    .map((sample) => {
      const startMs = sample.atMs - sample.lengthMs;
      const overlapMs = Math.min(sample.atMs, measureMs) - Math.max(startMs, 0);
      return { sample, overlapMs, share: overlapMs / sample.lengthMs };
    })
    .filter(({ overlapMs }) => overlapMs > 0);
  const wallMs = shares.reduce((sum, { overlapMs }) => sum + overlapMs, 0);
  if (wallMs === 0) return null;
  const samples = shares.map(({ sample }) => sample);
  const average = (pick: (sample: (typeof samples)[number]) => number) =>
    shares.reduce((sum, { sample, overlapMs }) => sum + pick(sample) * overlapMs, 0) / wallMs;
  const cpuMs = shares.reduce((sum, { sample, share }) => sum + sample.cpuMs * share, 0);
  const most = (pick: (sample: (typeof samples)[number]) => number) =>
    samples.reduce((max, sample) => Math.max(max, pick(sample)), 0);
  return {
    cpuMs,
    cpuRatio: cpuMs / wallMs,
    loopUtilisation: average((sample) => sample.loopUtilisation),
    workUtilisation: average((sample) => Math.max(0, sample.loopUtilisation - sample.pacingShare)),
    loopDelayP99Ns: most((sample) => sample.loopDelayP99Ns),
    loopDelayMaxNs: most((sample) => sample.loopDelayMaxNs),
    gcTotalMs: shares.reduce((sum, { sample, share }) => sum + sample.gcTotalMs * share, 0),
    gcMaxMs: most((sample) => sample.gcMaxMs),
    rssMaxBytes: most((sample) => sample.rssBytes),
    bufferedMaxBytes: most((sample) => sample.bufferedBytes),
  };
}

/** Messages that were received before measuring ended; for visits that send nothing stamped, these. */
export function receivedInTime(result: RunResult): number {
  const inTime = headlinesInTime(result);
  const all = result.series[result.headline]?.count ?? 0;
  const { delivered } = result.ledger;
  // The headline may be one series of several: the others are taken to come as it does.
  return delivered === 0 || all === 0 ? inTime : (inTime / all) * delivered;
}

function headlinesInTime(result: RunResult): number {
  return result.intervals
    .filter(({ startMs }) => startMs < result.timing.measureMs)
    .map(({ series }) => series[result.headline])
    .reduce((sum, encoded) => sum + (encoded === undefined ? 0 : NsHistogram.decode(encoded).count), 0);
}

/** Server CPU time for one delivery (for `ack`: for one request); null without telemetry or deliveries. */
export function serverCpuPerDeliveryNs(result: RunResult): number | null {
  const { server } = result.telemetry;
  const { measureMs } = result.timing;
  const measured = server === null ? null : measuredTelemetry(server, measureMs);
  const delivered = receivedInTime(result);
  return measured === null || delivered === 0 ? null : (measured.cpuRatio * measureMs * 1e6) / delivered;
}
