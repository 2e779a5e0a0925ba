import { largest } from './order-statistics.ts';
import type { ProcessTelemetry, RunResult } from './run-result.ts';
import { isHeld, viewResult } from './view.ts';

export type StoredSample = ProcessTelemetry['samples'][number];

type MeasuredSample = ReturnType<typeof measuredSamples>[number];

/** Samples, each with the part of it that lies in the measured time. */
function measuredSamples(samples: readonly StoredSample[], measureMs: number) {
  return samples
    .map((sample) => ({
      sample,
      startMs: Math.max(sample.atMs - sample.lengthMs, 0),
      endMs: Math.min(sample.atMs, measureMs),
    }))
    .filter(({ startMs, endMs }) => endMs > startMs);
}

/** The sum over the measured parts, as if each sample were even; null where no sample has the value. */
function total(
  parts: readonly MeasuredSample[],
  pick: (sample: StoredSample) => number | null,
): number | null {
  const values = parts.flatMap(({ sample, startMs, endMs }) => {
    const value = pick(sample);
    return value === null ? [] : [value * ((endMs - startMs) / sample.lengthMs)];
  });
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
}

/**
 * Telemetry of one process over the measured time, without the drain. Weights each sample by the part of it that lies in
 * that time; null when none does. A figure is null where no sample has the value.
 */
export function measuredTelemetry(process: ProcessTelemetry, measureMs: number) {
  const parts = measuredSamples(process.samples, measureMs);
  const wallMs = parts.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  if (wallMs === 0) return null;
  const max = (pick: (sample: StoredSample) => number | null) =>
    largest(parts.map(({ sample }) => pick(sample)));
  const average = (pick: (sample: StoredSample) => number | null) => {
    const weighted = total(parts, (sample) => {
      const value = pick(sample);
      return value === null ? null : value * sample.lengthMs;
    });
    return weighted === null ? null : weighted / wallMs;
  };
  const cpuMs = total(parts, (sample) => sample.cpuMs) ?? 0;
  return {
    cpuMs,
    /** CPU time over wall time: 1 is one core. */
    cpuRatio: cpuMs / wallMs,
    loopUtilization: average((sample) => sample.loopUtilization),
    /** Utilization without the deliberate spinning of the pacer, 0 to 1. */
    workUtilization: average(({ loopUtilization, pacingShare }) =>
      loopUtilization === null ? null : Math.max(0, loopUtilization - (pacingShare ?? 0)),
    ),
    loopDelayP99Ns: max((sample) => sample.loopDelayP99Ns),
    loopDelayMaxNs: max((sample) => sample.loopDelayMaxNs),
    gcTotalMs: total(parts, (sample) => sample.gcTotalMs),
    gcMaxMs: max((sample) => sample.gcMaxMs),
    rssMaxBytes: max((sample) => sample.rssBytes) ?? 0,
    bufferedMaxBytes: max((sample) => sample.bufferedBytes),
  };
}

/** The processes of a server in a part of a run; null where no sample of that part has the value. */
export interface ServerMeanwhile {
  readonly loopDelayMaxNs: number | null;
  readonly rssMaxBytes: number | null;
}

/** The processes of a server from one time to another, by the samples that overlap it. */
export function serverBetween(
  servers: readonly ProcessTelemetry[],
  fromMs: number,
  untilMs: number,
): ServerMeanwhile {
  const samples = servers.map((server) =>
    server.samples.filter(({ atMs, lengthMs }) => atMs > fromMs && atMs - lengthMs <= untilMs),
  );
  const largestRss = samples.flatMap((each) => largest(each.map(({ rssBytes }) => rssBytes)) ?? []);
  return {
    loopDelayMaxNs: largest(samples.flat().map(({ loopDelayMaxNs }) => loopDelayMaxNs)),
    rssMaxBytes: largestRss.length === 0 ? null : largestRss.reduce((sum, bytes) => sum + bytes, 0),
  };
}

/** How the generator processes of a run received and sent, from the start of measuring to the end of the drain. */
export function receivingOfWorkers({ telemetry }: RunResult) {
  const samples = telemetry.workers.flatMap(({ role, samples: each }) =>
    each.filter(({ atMs }) => atMs > 0).map((sample) => ({ role, sample })),
  );
  const sum = (name: 'receivedCount' | 'sharedCount' | 'queuedSendCount') =>
    samples.reduce((count, { sample }) => count + (sample[name] ?? 0), 0);
  const [fullest = null] = samples
    .flatMap(({ role, sample: { receiveBufferMaxRatio: ratio } }) =>
      ratio === null ? [] : [{ role, ratio }],
    )
    .sort((a, b) => b.ratio - a.ratio);
  return {
    received: sum('receivedCount'),
    shared: sum('sharedCount'),
    queuedSends: sum('queuedSendCount'),
    fullest,
    waitMaxNs: largest(samples.map(({ sample }) => sample.receiveWaitMaxNs)),
  };
}

/** How long the main thread was ready to run but had no CPU in the measured time; null where that is not known. */
export function runQueueWaitMs(process: ProcessTelemetry, measureMs: number): number | null {
  return total(measuredSamples(process.samples, measureMs), (sample) => sample.runQueueWaitMs);
}

export type MeasuredTelemetry = NonNullable<ReturnType<typeof measuredTelemetry>>;

/** The measured telemetry of one process, with the name that reports give it. */
export interface MeasuredProcess {
  readonly role: string;
  readonly measured: MeasuredTelemetry;
}

/** The processes that were sampled in the measured time. */
export function measuredProcesses(
  processes: readonly ProcessTelemetry[],
  { timing }: RunResult,
): MeasuredProcess[] {
  return processes.flatMap((process) => {
    const measured = measuredTelemetry(process, timing.measureMs);
    return measured === null ? [] : [{ role: process.role, measured }];
  });
}

/**
 * The most memory that all processes of the server held together at one time, in bytes; null without telemetry. Each
 * process counts with the sample that covers the end of any sample in the measured time.
 */
export function serverRssBytes({ telemetry, timing }: RunResult): number | null {
  const tracks = telemetry.servers.map(({ samples }) => ({
    parts: measuredSamples(samples, timing.measureMs).toSorted((a, b) => a.endMs - b.endMs),
    at: 0,
  }));
  const momentsMs = tracks.flatMap(({ parts }) => parts.map(({ endMs }) => endMs)).sort((a, b) => a - b);
  const sums = momentsMs.map((momentMs) => {
    let bytes = 0;
    for (const track of tracks) {
      while ((track.parts[track.at]?.endMs ?? Number.POSITIVE_INFINITY) < momentMs) track.at += 1;
      const part = track.parts[track.at];
      if (part !== undefined && part.startMs < momentMs) bytes += part.sample.rssBytes;
    }
    return bytes;
  });
  return largest(sums);
}

/**
 * How much resident memory each held connection takes, in bytes: that of these processes at the end of the measured time,
 * less what they had before the clients connected. Null where either is unknown, or no connection was held to the end.
 */
export function rssPerConnection(processes: readonly ProcessTelemetry[], result: RunResult): number | null {
  if (!isHeld(result) || result.samples.count === 0 || processes.length === 0) return null;
  let grownBytes = 0;
  for (const { samples, rssBeforeBytes } of processes) {
    const last = measuredSamples(samples, result.timing.measureMs).at(-1);
    if (last === undefined || rssBeforeBytes === null) return null;
    grownBytes += last.sample.rssBytes - rssBeforeBytes;
  }
  return Math.max(0, grownBytes) / result.samples.count;
}

/** Deliveries that arrived before measuring ended; values of the headline where nothing is expected. */
export function receivedInTime(result: RunResult): number {
  const { delivered } = result.ledger;
  if (isHeld(result)) return 0;
  if (delivered === 0) return countInTime(result, [result.headline]);
  const names = deliveredSeries(result);
  const all = countAll(result, names);
  // Where no series holds exactly what was delivered, deliveries are taken to arrive as the headline does.
  return all === 0 ? delivered : Math.round((countInTime(result, names) * delivered) / all);
}

/** An amount per delivery in the measured time, or per request; null when there was none. */
export function perDelivery(result: RunResult, amount: number): number | null {
  const delivered = receivedInTime(result);
  return delivered === 0 ? null : amount / delivered;
}

/** The series that hold each delivery once: a scenario may time deliveries in several series, or in none. */
function deliveredSeries(result: RunResult): readonly string[] {
  const candidates = [['delivery'], [result.headline], Object.keys(result.ownSeries)];
  return candidates.find((names) => countAll(result, names) === result.ledger.delivered) ?? [result.headline];
}

function countAll({ series }: RunResult, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (series[name]?.count ?? 0), 0);
}

function countInTime(result: RunResult, names: readonly string[]): number {
  const view = viewResult(result);
  return names
    .flatMap((name) => view.intervals(name))
    .filter((interval) => interval !== null)
    .filter(({ startMs }) => startMs < result.timing.measureMs)
    .reduce((sum, { count }) => sum + count, 0);
}

/** How much of the measured time at least one of the samples covers. */
function coveredMs(parts: readonly MeasuredSample[]): number {
  let covered = 0;
  let untilMs = 0;
  for (const { startMs, endMs } of parts.toSorted((a, b) => a.startMs - b.startMs)) {
    covered += Math.max(0, endMs - Math.max(startMs, untilMs));
    untilMs = Math.max(untilMs, endMs);
  }
  return covered;
}

/**
 * CPU time of all server processes per delivery (for `ack`: per request), in nanoseconds; null without telemetry or
 * deliveries. Scaled up when the samples leave out a part of the measured time.
 */
export function serverCpuPerDeliveryNs(result: RunResult): number | null {
  return cpuPerDeliveryNs(result, result.telemetry.servers);
}

/** The same of all generator processes, with everything that they do: sending, recording and pacing. */
export function generatorCpuPerDeliveryNs(result: RunResult): number | null {
  return cpuPerDeliveryNs(result, result.telemetry.workers);
}

function cpuPerDeliveryNs(result: RunResult, processes: readonly ProcessTelemetry[]): number | null {
  const { measureMs } = result.timing;
  const parts = measuredSamples(
    processes.flatMap(({ samples }) => samples),
    measureMs,
  );
  const cpuMs = total(parts, (sample) => sample.cpuMs);
  const delivered = receivedInTime(result);
  if (cpuMs === null || delivered === 0) return null;
  return (cpuMs * (measureMs / coveredMs(parts)) * 1e6) / delivered;
}
