import { NsHistogram } from '../measure/histogram.ts';
import { seriesNamed } from '../measure/series.ts';
import type { ProcessTelemetry, RunResult } from './run-result.ts';

export { SERIES, type SeriesDefinition, type SeriesName, seriesOfRun } from '../measure/series.ts';
export { NsHistogram };

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
      const by = seriesNamed(name)?.sampledBy ?? null;
      if (by === null) return count;
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

/** Telemetry of one process over the measured time, drain left out; null where its samples do not tell. */
export interface MeasuredTelemetry {
  readonly cpuMs: number;
  /** CPU time over wall time: 1 is one core. */
  readonly cpuRatio: number;
  readonly loopUtilization: number | null;
  /** Utilisation without the pacer's deliberate spinning, 0 to 1. */
  readonly workUtilization: number | null;
  readonly loopDelayP99Ns: number | null;
  readonly loopDelayMaxNs: number | null;
  readonly gcTotalMs: number | null;
  readonly gcMaxMs: number | null;
  readonly rssMaxBytes: number;
  readonly bufferedMaxBytes: number | null;
}

type Sample = ProcessTelemetry['samples'][number];

/** A sample and the part of it that lies in the measured time. */
interface MeasuredSample {
  readonly sample: Sample;
  readonly startMs: number;
  readonly endMs: number;
}

function measuredSamples(samples: readonly Sample[], measureMs: number): MeasuredSample[] {
  return samples
    .map((sample) => ({
      sample,
      startMs: Math.max(sample.atMs - sample.lengthMs, 0),
      endMs: Math.min(sample.atMs, measureMs),
    }))
    .filter(({ startMs, endMs }) => endMs > startMs);
}

/** What was counted in the measured part of the samples, taking each for even; null where nothing was. */
function total(parts: readonly MeasuredSample[], pick: (sample: Sample) => number | null): number | null {
  const values = parts.flatMap(({ sample, startMs, endMs }) => {
    const value = pick(sample);
    return value === null ? [] : [value * ((endMs - startMs) / sample.lengthMs)];
  });
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
}

function most(parts: readonly MeasuredSample[], pick: (sample: Sample) => number | null): number | null {
  const values = parts.map(({ sample }) => pick(sample)).filter((value) => value !== null);
  return values.length === 0 ? null : Math.max(...values);
}

function workOf({ loopUtilization, pacingShare }: Sample): number | null {
  return loopUtilization === null ? null : Math.max(0, loopUtilization - (pacingShare ?? 0));
}

/** Weighs each sample by how much of it lies in the measured time; null when none does. */
export function measuredTelemetry(process: ProcessTelemetry, measureMs: number): MeasuredTelemetry | null {
  const parts = measuredSamples(process.samples, measureMs);
  const wallMs = parts.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  if (wallMs === 0) return null;
  const average = (pick: (sample: Sample) => number | null) => {
    const weighed = total(parts, (sample) => {
      const value = pick(sample);
      return value === null ? null : value * sample.lengthMs;
    });
    return weighed === null ? null : weighed / wallMs;
  };
  const cpuMs = total(parts, (sample) => sample.cpuMs) ?? 0;
  return {
    cpuMs,
    cpuRatio: cpuMs / wallMs,
    loopUtilization: average((sample) => sample.loopUtilization),
    workUtilization: average(workOf),
    loopDelayP99Ns: most(parts, (sample) => sample.loopDelayP99Ns),
    loopDelayMaxNs: most(parts, (sample) => sample.loopDelayMaxNs),
    gcTotalMs: total(parts, (sample) => sample.gcTotalMs),
    gcMaxMs: most(parts, (sample) => sample.gcMaxMs),
    rssMaxBytes: most(parts, (sample) => sample.rssBytes) ?? 0,
    bufferedMaxBytes: most(parts, (sample) => sample.bufferedBytes),
  };
}

/** What one process did, by the name that reports give it. */
export interface MeasuredProcess {
  readonly role: string;
  readonly measured: MeasuredTelemetry;
}

/** Those of some processes that were sampled in the measured time. */
export function measuredProcesses(
  processes: readonly ProcessTelemetry[],
  { timing }: RunResult,
): MeasuredProcess[] {
  return processes.flatMap((process) => {
    const measured = measuredTelemetry(process, timing.measureMs);
    return measured === null ? [] : [{ role: process.role, measured }];
  });
}

/** Messages that were received before measuring ended; for visits that send nothing stamped, these. */
export function receivedInTime(result: RunResult): number {
  const { delivered } = result.ledger;
  if (delivered === 0) return countInTime(result, [result.headline]);
  const names = deliveredSeries(result);
  const all = countAll(result, names);
  // Where no series holds exactly what was delivered, that is taken to come as the headline does.
  return all === 0 ? delivered : Math.round((countInTime(result, names) * delivered) / all);
}

/** The series that hold each delivery once: those of a scenario may be timed apart, or be no deliveries at all. */
function deliveredSeries(result: RunResult): readonly string[] {
  const own = Object.keys(result.ownSeries);
  const candidates = [['delivery'], [result.headline], own];
  return candidates.find((names) => countAll(result, names) === result.ledger.delivered) ?? [result.headline];
}

function countAll({ series }: RunResult, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (series[name]?.count ?? 0), 0);
}

function countInTime({ intervals, timing }: RunResult, names: readonly string[]): number {
  return intervals
    .filter(({ startMs }) => startMs < timing.measureMs)
    .flatMap(({ series }) => names.map((name) => series[name]))
    .reduce((sum, encoded) => sum + (encoded === undefined ? 0 : NsHistogram.decode(encoded).count), 0);
}

/** How much of the measured time at least one of the samples covers. */
function coveredMs(parts: readonly MeasuredSample[]): number {
  let coveredMs = 0;
  let untilMs = 0;
  for (const { startMs, endMs } of parts.toSorted((a, b) => a.startMs - b.startMs)) {
    coveredMs += Math.max(0, endMs - Math.max(startMs, untilMs));
    untilMs = Math.max(untilMs, endMs);
  }
  return coveredMs;
}

/**
 * CPU time of all processes of the server for one delivery (for `ack`: for one request); null without
 * telemetry or deliveries. Scaled up when the samples leave a part of the measured time out.
 */
export function serverCpuPerDeliveryNs(result: RunResult): number | null {
  const { measureMs } = result.timing;
  const samples = result.telemetry.servers.flatMap((server) => server.samples);
  const parts = measuredSamples(samples, measureMs);
  const cpuMs = total(parts, (sample) => sample.cpuMs);
  const delivered = receivedInTime(result);
  if (cpuMs === null || delivered === 0) return null;
  return (cpuMs * (measureMs / coveredMs(parts)) * 1e6) / delivered;
}

/**
 * The headline series in each measured second, by the time of receiving; seconds without values are left out. Encoded
 * as it is stored: of a long run not all fit into memory at once.
 */
export function headlineBySecond({ headline, intervals, timing }: RunResult): string[] {
  return intervals
    .filter(({ startMs }) => startMs < timing.measureMs)
    .map(({ series }) => series[headline])
    .filter((encoded) => encoded !== undefined);
}
