import type { SentOfStream, Snapshot } from '../load/messages.ts';
import { ReasonCounts } from '../load/pool.ts';
import { FanoutTracker } from '../measure/fanout.ts';
import { NsHistogram } from '../measure/histogram.ts';
import { recordBroadcast } from '../measure/intake.ts';
import type { AccountRow, LedgerTotals } from '../measure/ledger.ts';
import { Recorder } from '../measure/recorder.ts';
import type { TelemetrySample } from '../measure/telemetry.ts';
import type { StoredInterval } from '../result/schema.ts';

const SECOND_NS = 1e9;

/** One second of the run while it is still being filled. */
interface OpenInterval {
  intended: number;
  sent: number;
  owed: number;
  delivered: number;
  readonly series: Map<string, NsHistogram>;
  /** Series of a second that is over, encoded to save memory. */
  readonly encoded: Map<string, string>;
}

/** What one worker has said so far. */
export interface WorkerRecord {
  readonly telemetry: TelemetrySample[];
  totals: LedgerTotals;
  rows: readonly AccountRow[];
}

const NO_TOTALS: LedgerTotals = { delivered: 0, late: 0, duplicated: 0, reordered: 0, unexpected: 0 };

/** Merges what the workers report, second by second, into the series and counts of a run. */
export class Collector {
  readonly series = new Map<string, NsHistogram>();
  readonly workers: readonly WorkerRecord[];
  readonly dropped = new ReasonCounts();
  readonly impossible = new ReasonCounts();
  readonly sentByStream = new Map<number, number>();
  incompleteBroadcasts = 0;
  snapshotCostMaxMs = 0;
  readonly #intervals: OpenInterval[] = [];
  readonly #warmup = new Map<number, { readonly histogram: NsHistogram; reports: number }>();
  readonly #fanout: FanoutTracker;
  readonly #recorder = new Recorder();
  #warmupStartNs = Number.POSITIVE_INFINITY;
  #measureStartNs = Number.POSITIVE_INFINITY;

  /** `audience` tells how many connected receivers a stream has; `quietNs` when a broadcast is given up. */
  constructor(workers: number, audience: (stream: number) => number, quietNs: number) {
    this.workers = Array.from({ length: workers }, () => ({ telemetry: [], totals: NO_TOTALS, rows: [] }));
    this.#fanout = new FanoutTracker({
      expected: audience,
      quietNs,
      onClosed: (broadcast) => {
        if (broadcast.latenciesNs.length < broadcast.expected) this.incompleteBroadcasts += 1;
        recordBroadcast(this.#recorder, broadcast);
      },
    });
  }

  warmUpFrom(startNs: number): void {
    this.#warmupStartNs = startNs;
  }

  measureFrom(startNs: number): void {
    this.#measureStartNs = startNs;
  }

  addSnapshot(worker: number, snapshot: Snapshot): void {
    const record = this.workers[worker];
    if (record === undefined) return;
    record.telemetry.push(snapshot.telemetry);
    record.totals = snapshot.totals;
    this.snapshotCostMaxMs = Math.max(this.snapshotCostMaxMs, snapshot.snapshotCostMs);
    for (const { reason, count } of snapshot.dropped) this.dropped.add(reason, count);
    for (const [name, count] of Object.entries(snapshot.recorded.impossible))
      this.impossible.add(name, count);
    for (const counts of snapshot.bySecond) {
      const interval = this.#interval(counts.second);
      interval.intended += counts.intended;
      interval.sent += counts.sent;
      interval.owed += counts.owed;
      interval.delivered += counts.delivered;
    }
    this.#addSeries(snapshot);
    this.#addBroadcasts(snapshot);
  }

  #addSeries(snapshot: Snapshot): void {
    const { warmup, connect, ...measured } = snapshot.recorded.series;
    const second = Math.round((snapshot.startNs - this.#measureStartNs) / SECOND_NS);
    if (connect !== undefined) this.#total('connect').addSparse(connect);
    if (!(second >= 0)) {
      const window = this.#warmupWindow(Math.round((snapshot.endNs - this.#warmupStartNs) / SECOND_NS) - 1);
      window.reports += 1;
      if (warmup !== undefined) window.histogram.addSparse(warmup);
    }
    for (const [name, sparse] of Object.entries(measured)) {
      this.#total(name).addSparse(sparse);
      this.#intervalSeries(Math.max(0, second || 0), name).addSparse(sparse);
    }
    if (second >= 2) this.#encodeBefore(second - 1);
  }

  #addBroadcasts(snapshot: Snapshot): void {
    this.incompleteBroadcasts += snapshot.incompleteBroadcasts;
    for (const { stream, seq, latenciesNs } of snapshot.broadcasts) {
      for (const latencyNs of latenciesNs) this.#fanout.add(stream, seq, latencyNs, snapshot.endNs);
    }
    this.#fanout.closeQuiet(snapshot.endNs);
    this.#takeBroadcasts(Math.round((snapshot.startNs - this.#measureStartNs) / SECOND_NS));
  }

  #takeBroadcasts(second: number): void {
    for (const [name, sparse] of Object.entries(this.#recorder.take().series)) {
      this.#total(name).addSparse(sparse);
      this.#intervalSeries(Math.max(0, second), name).addSparse(sparse);
    }
  }

  /** Closes broadcasts that are still open; after the last snapshot. */
  finish(): void {
    this.#fanout.closeAll();
    this.#takeBroadcasts(this.#intervals.length - 1);
    this.#encodeBefore(this.#intervals.length);
  }

  noteSent(streams: readonly SentOfStream[]): void {
    for (const { stream, sent } of streams) {
      this.sentByStream.set(stream, (this.sentByStream.get(stream) ?? 0) + sent);
    }
  }

  /** Medians of the warm-up's seconds that at least `workers` workers have reported. */
  warmupMediansNs(workers: number): Array<number | null> {
    return [...this.#warmup]
      .filter(([second, { reports }]) => second >= 0 && reports >= workers)
      .sort(([a], [b]) => a - b)
      .map(([, { histogram }]) => (histogram.count === 0 ? null : histogram.quantileNs(0.5)));
  }

  /** Sums over the seconds so far. */
  counts(): { intended: number; sent: number; owed: number; delivered: number } {
    const sum = (name: 'intended' | 'sent' | 'owed' | 'delivered') =>
      this.#intervals.reduce((total, interval) => total + interval[name], 0);
    return { intended: sum('intended'), sent: sum('sent'), owed: sum('owed'), delivered: sum('delivered') };
  }

  intervals(): StoredInterval[] {
    return this.#intervals.map(({ intended, sent, owed, delivered, encoded }, second) => ({
      startMs: second * 1000,
      lengthMs: 1000,
      intended,
      sent,
      owed,
      delivered,
      lost: Math.max(0, owed - delivered),
      series: Object.fromEntries(encoded),
    }));
  }

  totals(): LedgerTotals {
    const sum = (name: keyof LedgerTotals) =>
      this.workers.reduce((total, worker) => total + worker.totals[name], 0);
    return {
      delivered: sum('delivered'),
      late: sum('late'),
      duplicated: sum('duplicated'),
      reordered: sum('reordered'),
      unexpected: sum('unexpected'),
    };
  }

  #total(name: string): NsHistogram {
    return getOrAdd(this.series, name, () => new NsHistogram(64));
  }

  #interval(second: number): OpenInterval {
    while (this.#intervals.length <= second) {
      this.#intervals.push({
        intended: 0,
        sent: 0,
        owed: 0,
        delivered: 0,
        series: new Map(),
        encoded: new Map(),
      });
    }
    const interval = this.#intervals[second];
    if (interval === undefined) throw new Error(`no interval for second ${second}`);
    return interval;
  }

  /** The histogram of one series in one second; a straggler reopens one that was encoded. */
  #intervalSeries(second: number, name: string): NsHistogram {
    const { series, encoded } = this.#interval(second);
    return getOrAdd(series, name, () => {
      const stored = encoded.get(name);
      return stored === undefined ? new NsHistogram(64) : NsHistogram.decode(stored);
    });
  }

  #encodeBefore(second: number): void {
    for (const { series, encoded } of this.#intervals.slice(0, second)) {
      for (const [name, histogram] of series) encoded.set(name, histogram.encode());
      series.clear();
    }
  }

  #warmupWindow(second: number): { readonly histogram: NsHistogram; reports: number } {
    return getOrAdd(this.#warmup, second, () => ({ histogram: new NsHistogram(), reports: 0 }));
  }
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = create();
    map.set(key, value);
  }
  return value;
}
