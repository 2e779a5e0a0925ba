import { NsHistogram } from '../measure/histogram.ts';
import { MAX_INTERVALS, type RunResult, type StoredInterval } from './run-result.ts';
import { HistogramSum } from './stored-series.ts';
import type { StoredSample } from './telemetry.ts';

/** How long encoded histograms are: as text, and inflated. */
interface Lengths {
  readonly characters: number;
  readonly bytes: number;
}

/** The bounds of one document, which stays below the 40 MiB that `stored-json.ts` reads: samples take 9 MiB. */
const MAX_HISTOGRAMS: Lengths = { characters: 24 * 1024 ** 2, bytes: 40 * 1024 ** 2 };
const MAX_SAMPLES = 12_000;
/** How many rows of the ledger are kept. The totals count all of them. */
const KEPT_ROWS = 200;

/** A comparison or a search holds at most this many runs. */
export const MAX_RUNS = 400;

/**
 * Makes a result so small that a document with `runs` such results can be written, read and shown. Neighbouring
 * intervals and samples are merged, those of the measured time and those of the drain apart: sums and histograms stay
 * exact, and only the resolution in time is lost. A result that is small enough is returned as it is.
 */
export function boundResult(result: RunResult, runs = 1): RunResult {
  const { measureMs } = result.timing;
  const { servers, workers } = result.telemetry;
  const perProcess = Math.floor(MAX_SAMPLES / runs / Math.max(1, servers.length + workers.length));
  const boundProcess = <Process extends { readonly samples: StoredSample[] }>(process: Process) => ({
    ...process,
    samples: boundSamples(process.samples, measureMs, perProcess),
  });
  const totals = lengthsOf(Object.values(result.series).map(({ histogram }) => histogram));
  const left = {
    characters: MAX_HISTOGRAMS.characters / runs - totals.characters,
    bytes: MAX_HISTOGRAMS.bytes / runs - totals.bytes,
  };
  return {
    ...result,
    warmup: { ...result.warmup, windowMediansNs: result.warmup.windowMediansNs.slice(-MAX_INTERVALS) },
    ...boundParts(result, left),
    telemetry: { servers: servers.map(boundProcess), workers: workers.map(boundProcess) },
  };
}

function lengthsOf(encoded: readonly string[]): Lengths {
  return {
    characters: encoded.reduce((sum, { length }) => sum + length, 0),
    bytes: encoded.reduce((sum, each) => sum + NsHistogram.sizeOf(each).bytes, 0),
  };
}

/** An interval, and how many deliveries the senders of a shard expect of it in all shards; 0 in a whole run. */
interface Part extends StoredInterval {
  readonly expectedElsewhere: number;
}

/** The intervals of a result, and what its shard stores of them. */
function boundParts(
  { intervals, shard, timing, headline }: RunResult,
  max: Lengths,
): Pick<RunResult, 'intervals' | 'shard'> {
  const given = intervals.map((each, index) => ({
    ...each,
    expectedElsewhere: shard?.expected[index] ?? 0,
  }));
  const parts = boundIntervals(given, timing.measureMs, max, new Set(['delivery', headline]));
  return {
    intervals: parts.map(({ expectedElsewhere: _, ...interval }) => interval),
    shard: shard && { ...shard, expected: parts.map(({ expectedElsewhere }) => expectedElsewhere) },
  };
}

/** Merges as many neighbours as needed. When even two intervals are too large, they keep the series `kept` only. */
function boundIntervals(
  given: readonly Part[],
  measureMs: number,
  max: Lengths,
  kept: ReadonlySet<string>,
): Part[] {
  let intervals = [...given];
  for (;;) {
    const { characters, bytes } = lengthsOf(intervals.flatMap(({ series }) => Object.values(series)));
    const isDrain = ({ startMs }: StoredInterval) => startMs >= measureMs;
    const parts = [intervals.filter((each) => !isDrain(each)), intervals.filter(isDrain)];
    const longest = Math.max(...parts.map(({ length }) => length));
    const excess = Math.max(
      characters / Math.max(1, max.characters),
      bytes / Math.max(1, max.bytes),
      longest / MAX_INTERVALS,
    );
    if (excess <= 1) return intervals;
    if (longest <= 1) {
      return intervals.map((each) => ({ ...each, series: pick(each.series, kept) }));
    }
    const count = Math.min(longest, Math.ceil(excess));
    intervals = parts.flatMap((part) => groupsOf(part, count).map(mergeIntervals));
  }
}

function pick(series: StoredInterval['series'], kept: ReadonlySet<string>): StoredInterval['series'] {
  return Object.fromEntries(Object.entries(series).filter(([name]) => kept.has(name)));
}

function groupsOf<Value>(values: readonly Value[], count: number): Value[][] {
  return Array.from({ length: Math.ceil(values.length / count) }, (_, group) =>
    values.slice(group * count, (group + 1) * count),
  );
}

/** One interval for several in a row. */
function mergeIntervals(group: readonly Part[]): Part {
  const sum = (name: Exclude<keyof Part, 'startMs' | 'series'>) =>
    group.reduce((total, each) => total + each[name], 0);
  const names = new Set(group.flatMap(({ series }) => Object.keys(series)));
  return {
    startMs: group[0]?.startMs ?? 0,
    lengthMs: sum('lengthMs'),
    intended: sum('intended'),
    sent: sum('sent'),
    expected: sum('expected'),
    delivered: sum('delivered'),
    lost: sum('lost'),
    missed: sum('missed'),
    expectedElsewhere: sum('expectedElsewhere'),
    series: Object.fromEntries([...names].map((name) => [name, mergeEncoded(group, name)])),
  };
}

function mergeEncoded(group: readonly StoredInterval[], name: string): string {
  const sum = new HistogramSum();
  for (const { series } of group) if (series[name] !== undefined) sum.add(series[name]);
  return sum.encode();
}

type AnomalousAccount = RunResult['ledger']['anomalies'][number];

/** Whether anything was lost, late, duplicated, out of order or corrupted. */
export function isAnomalous({
  lost,
  late,
  duplicated,
  reordered,
  corrupted,
}: Pick<AnomalousAccount, 'lost' | 'late' | 'duplicated' | 'reordered' | 'corrupted'>): boolean {
  return lost + late + duplicated + reordered + corrupted > 0;
}

/** Keeps the worst of all accounts with anomalies, and counts them. */
export function keepWorst(
  accounts: Iterable<AnomalousAccount>,
): Pick<RunResult['ledger'], 'anomalies' | 'anomalyCount'> {
  let kept: AnomalousAccount[] = [];
  let anomalyCount = 0;
  const keep = () => kept.sort(worseFirst).slice(0, KEPT_ROWS);
  for (const account of accounts) {
    anomalyCount += 1;
    kept.push(account);
    if (kept.length > 50 * KEPT_ROWS) kept = keep();
  }
  return { anomalies: keep(), anomalyCount };
}

/** Equal ones follow in the order of streams and receivers, however clients were spread over processes. */
function worseFirst(a: AnomalousAccount, b: AnomalousAccount): number {
  const worse = b.lost - a.lost || b.duplicated - a.duplicated || b.late - a.late;
  return worse || a.stream - b.stream || a.receiver - b.receiver;
}

function boundSamples(
  samples: readonly StoredSample[],
  measureMs: number,
  maxSamples: number,
): StoredSample[] {
  const phaseOf = ({ atMs, lengthMs }: StoredSample) =>
    atMs < lengthMs / 2 ? 0 : atMs - lengthMs / 2 < measureMs ? 1 : 2;
  const phases = [0, 1, 2].map((phase) => samples.filter((sample) => phaseOf(sample) === phase));
  // Every phase keeps one sample, and so many as intervals are enough.
  const each = Math.min(MAX_INTERVALS, Math.max(1, Math.floor(maxSamples / 3)));
  return phases.flatMap((part) =>
    groupsOf(part, Math.ceil(part.length / each)).map((group) => group.reduce(mergeSamples)),
  );
}

const SUMMED: ReadonlySet<string> = new Set([
  ...['lengthMs', 'cpuMs', 'gcCount', 'gcTotalMs', 'runQueueWaitMs'],
  ...['receivedCount', 'stampedCount', 'sharedCount', 'queuedSendCount'],
]);
const AVERAGED: ReadonlySet<string> = new Set(['loopUtilization', 'pacingShare', 'rssMeanBytes']);

/**
 * One sample for two in a row: sums, averages weighted by length, of the heap after a collection the smaller one, and of
 * all other figures the larger one.
 */
export function mergeSamples<Sample extends { readonly lengthMs: number }>(a: Sample, b: Sample): Sample {
  const lengthMs = a.lengthMs + b.lengthMs;
  const combine = (name: string, x: number, y: number) => {
    if (SUMMED.has(name)) return Math.min(x + y, Number.MAX_SAFE_INTEGER);
    if (AVERAGED.has(name) && lengthMs > 0) return (x * a.lengthMs + y * b.lengthMs) / lengthMs;
    return name === 'heapAfterGcBytes' ? Math.min(x, y) : Math.max(x, y);
  };
  const merged = (Object.keys(b) as Array<keyof Sample & string>).map((name) => {
    const [x, y] = [a[name], b[name]];
    return [name, typeof x === 'number' && typeof y === 'number' ? combine(name, x, y) : (x ?? y)];
  });
  return Object.fromEntries(merged) as Sample;
}
