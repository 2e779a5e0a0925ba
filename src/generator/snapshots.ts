import type { Clock } from '../measure/clock.ts';
import type { FanoutTracker } from '../measure/fanout.ts';
import type { Intake } from '../measure/intake.ts';
import type { Ledger } from '../measure/ledger.ts';
import type { ReasonCounts } from '../measure/reason-counts.ts';
import type { Recorder } from '../measure/recorder.ts';
import { seriesOfRun } from '../measure/series.ts';
import type { TelemetrySample, TelemetrySampler } from '../measure/telemetry.ts';
import type { TrafficSampler, TrafficSpan } from '../measure/traffic.ts';
import type { Broadcasts } from './broadcasts.ts';
import type { SecondCounts, Snapshot } from './messages.ts';
import type { Observer } from './observer.ts';
import type { Performer } from './performer.ts';
import type { ClientPool } from './pool.ts';
import type { Sender } from './sender.ts';

const REHEARSALS = 20;

/** Everything in a shard that a snapshot takes from. */
export interface SnapshotSources {
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly ledger: Ledger;
  readonly intake: Intake;
  readonly fanout: FanoutTracker;
  readonly broadcasts: Broadcasts;
  readonly pool: ClientPool;
  readonly performer: Performer;
  readonly observer: Observer;
  readonly failed: ReasonCounts;
  readonly telemetry: TelemetrySampler;
  readonly traffic: TrafficSampler;
  /** Null before joining. */
  readonly sender: () => Sender | null;
}

/** Gathers what a shard measured since the last time. */
export class Snapshots {
  readonly #sources: SnapshotSources;
  #startNs = 0;
  #costMs = 0;
  #usageFromNs = 0;
  #telemetry: TelemetrySample[] = [];
  #traffic: TrafficSpan[] = [];

  constructor(sources: SnapshotSources) {
    this.#sources = sources;
  }

  /**
   * Ends a sample of what this process and its connections did, so that none reaches over a border. Handed over with
   * the next snapshot.
   */
  cutUsage(): void {
    const { clock, telemetry, traffic } = this.#sources;
    const endNs = clock.nowNs();
    this.#telemetry.push(telemetry.sample());
    this.#traffic.push({ startNs: this.#usageFromNs, endNs, traffic: traffic.take() });
    this.#usageFromNs = endNs;
  }

  /** Gathers, hands over by `post`, and notes what that cost. */
  take(post: (snapshot: Snapshot) => void): void {
    const startedMs = performance.now();
    this.#sources.fanout.closeQuiet(this.#sources.clock.nowNs());
    post(this.#gather());
    this.#costMs = performance.now() - startedMs;
  }

  /**
   * The first snapshots cost some milliseconds of allocating and compiling, which must not fall into the
   * measuring: they are taken of made-up values, from 1 ns to 3 s, and thrown away.
   */
  rehearse(ownSeries: Readonly<Record<string, string>>): void {
    for (let rehearsal = 0; rehearsal < REHEARSALS; rehearsal++) {
      for (const { name } of seriesOfRun(ownSeries)) {
        for (let step = 0; step < 450; step++) this.#sources.recorder.record(name, Math.round(1.05 ** step));
      }
      this.#gather();
    }
  }

  #gather(): Snapshot {
    const { clock, recorder, ledger, broadcasts, pool, performer, observer } = this.#sources;
    const { failed } = this.#sources;
    this.cutUsage();
    const endNs = clock.nowNs();
    const snapshot: Snapshot = {
      startNs: this.#startNs,
      endNs,
      recorded: recorder.take(),
      totals: ledger.totals(),
      bySecond: this.#takeBySecond(),
      ...broadcasts.take(),
      dropped: pool.dropped.take(),
      closed: performer.closed.take(),
      failed: failed.take(),
      pushes: observer.takeArrivals(endNs),
      telemetry: this.#telemetry,
      traffic: this.#traffic,
      snapshotCostMs: this.#costMs,
    };
    this.#startNs = endNs;
    this.#telemetry = [];
    this.#traffic = [];
    return snapshot;
  }

  #takeBySecond(): SecondCounts[] {
    const { sender, intake } = this.#sources;
    const none = { intended: 0, sent: 0, expected: 0 };
    const sent = (sender()?.takeBySecond() ?? []).map(([second, counts]) => ({
      second,
      ...counts,
      delivered: 0,
    }));
    const arrived = intake
      .takeDeliveredBySecond()
      .map(([second, delivered]) => ({ second, ...none, delivered }));
    return [...sent, ...arrived];
  }
}
