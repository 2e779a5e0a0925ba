import type { MessageSize } from '../drivers/driver.ts';
import type { FromWorker, SentOfStream, Snapshot } from '../generator/messages.ts';
import type { SparseCounts } from '../measure/histogram.ts';
import type { LedgerTotals } from '../measure/ledger.ts';
import { ReasonCounts } from '../measure/reason-counts.ts';
import { type Traffic, trafficWithin } from '../measure/traffic.ts';
import { secondsAway } from './absences/away-times.ts';
import { Dependence } from './dependence.ts';
import { Disconnects } from './disconnects.ts';
import { RunWindows, type RunWindowsOptions } from './latency-windows.ts';
import { LiveSeconds } from './live-seconds.ts';
import type { Membership } from './membership.ts';
import { type ClosedPush, Pushes } from './pushes.ts';
import { SplitBroadcasts, type SplitBroadcastsOptions } from './split-broadcasts.ts';
import { Timeline } from './timeline.ts';
import {
  firstConnectReason,
  newWorkerRecord,
  sentByAll,
  totalsOfAll,
  type WorkerRecord,
} from './worker-record.ts';

const SECOND_NS = 1e9;

interface CollectorOptions
  extends RunWindowsOptions,
    Pick<SplitBroadcastsOptions, 'keepPart' | 'slowFromMs'> {
  readonly membership: Membership;
  /** A broadcast or push that has reached no further receiver for so long is closed as incomplete. */
  readonly quietNs: number;
  readonly durationMs: number;
  readonly drainMs: number;
  /** Series whose values of each second are kept until they are taken from {@link Collector.live}; none unless given. */
  readonly watched?: readonly string[];
}

/** Merges what the workers report into one run. */
export class Collector {
  readonly timeline: Timeline;
  readonly windows: RunWindows;
  readonly live: LiveSeconds;
  readonly dependence = new Dependence();
  /** Start of the warm-up and of the measured schedule; infinite before it is known. */
  warmupStartNs = Number.POSITIVE_INFINITY;
  measureStartNs = Number.POSITIVE_INFINITY;
  readonly pushes: Pushes;
  readonly workers: readonly WorkerRecord[];
  readonly failures = new ReasonCounts();
  /** The part of {@link failures} of clients that connected and could not join their rooms. */
  readonly joinFailures = new ReasonCounts();
  readonly dropped = new ReasonCounts();
  readonly disconnects = new Disconnects();
  readonly closed = new ReasonCounts();
  /** Why clients could not leave before they closed their connections. */
  readonly notLeft = new ReasonCounts();
  readonly failed = new ReasonCounts();
  readonly rejected = new ReasonCounts();
  readonly remarks = new ReasonCounts();
  readonly unexpected = new ReasonCounts();
  readonly unsent = new ReasonCounts();
  readonly impossible = new ReasonCounts();
  /** A message that clients would send, if it is larger than the server takes. */
  tooLarge: MessageSize | null = null;
  /** The smallest step of the server's times of pushes; null where it says none. */
  pushResolutionNs: number | null = null;
  snapshotCostMaxMs = 0;
  readonly #options: CollectorOptions;
  readonly broadcasts: SplitBroadcasts;

  constructor(options: CollectorOptions) {
    const { membership, quietNs } = options;
    this.#options = options;
    this.windows = new RunWindows(options);
    this.timeline = new Timeline(options);
    this.live = new LiveSeconds(options.watched ?? []);
    this.pushes = new Pushes(() => membership.connected.length, quietNs);
    this.workers = membership.spread.map(newWorkerRecord);
    this.broadcasts = new SplitBroadcasts({
      ...options,
      recorder: this.dependence.recorder,
      onSeries: (second, series) => this.#addSeries(second, series),
      secondOf: (timeNs) => this.#secondOf(timeNs),
    });
  }

  measureFrom(startNs: number): void {
    this.measureStartNs = startNs;
    this.disconnects.measureStartNs = startNs;
    this.dependence.measureFrom(startNs, this.#options);
    this.broadcasts.measureStartNs = startNs;
    this.#beginPhase(startNs);
    this.pushes.measureStartNs = startNs;
    this.pushes.measureEndNs = startNs + this.#options.durationMs * 1e6;
  }

  /** Measuring is over, so much after its start: before its time where the run was aborted. */
  endMeasuring(measureMs: number): void {
    this.timeline.endMeasuring(measureMs);
    this.#beginPhase(this.measureStartNs + measureMs * 1e6);
  }

  #beginPhase(timeNs: number): void {
    for (const log of this.workers.flatMap(({ telemetry, traffic }) => [telemetry, traffic]))
      log.cutAt(timeNs);
  }

  onMessage(worker: number, message: FromWorker): void {
    const record = this.workers[worker];
    if (record === undefined) return;
    record.messages += 1;
    switch (message.type) {
      case 'ready':
        record.rssBeforeBytes = message.rssBytes;
        record.sockets = message.sockets;
        break;
      case 'connecting':
        record.connected = message.connected;
        record.connectReason = message.reason;
        break;
      case 'connected':
        record.connected = message.members.length;
        this.#options.membership.connect(message.members);
        this.failures.addAll(message.failures);
        break;
      case 'too-large':
        this.tooLarge = message.size;
        break;
      case 'joined':
        this.failures.addAll(message.failures);
        this.joinFailures.addAll(message.failures);
        break;
      case 'dropped':
        this.disconnects.add(message.atNs, message.clients);
        for (const { client, reason } of message.clients) {
          this.#options.membership.drop(client);
          this.dropped.add(reason);
        }
        break;
      case 'snapshot':
        record.telemetry.push(...message.snapshot.telemetry);
        record.traffic.push(...message.snapshot.traffic);
        record.totals = message.snapshot.totals;
        record.reportedNs = message.snapshot.endNs;
        this.#addSnapshot(message.snapshot);
        break;
      case 'sent':
        record.sent = message.streams;
        record.schedule = message.schedule;
        this.unsent.addAll(message.unsent);
        break;
      case 'totals':
        record.delivered = message.delivered;
        record.iterating = message.iterating;
        record.absences = message.absences ?? record.absences;
        record.sent = message.streams;
        break;
      case 'final':
        record.rows = message.rows;
        record.missedFirst = message.missedFirst;
        record.forgottenGaps = message.forgottenGaps;
        record.received = message.received;
        record.absences = message.absences;
        break;
      case 'closed':
        this.notLeft.addAll(message.notLeft);
        break;
    }
  }

  /** The most frequent reason why clients failed to connect; null while none has failed. */
  get connectFailure(): string | null {
    return this.failures.commonest ?? firstConnectReason(this.workers);
  }

  #addSnapshot(snapshot: Snapshot): void {
    this.snapshotCostMaxMs = Math.max(this.snapshotCostMaxMs, snapshot.snapshotCostMs);
    for (const name of ['closed', 'failed', 'rejected', 'remarks', 'unexpected'] as const)
      this[name].addAll(snapshot[name]);
    for (const [name, count] of Object.entries(snapshot.recorded.impossible))
      this.impossible.add(name, count);
    this.pushes.add(snapshot.pushes);
    this.#addPushes(this.pushes.take(snapshot.endNs));
    this.#addOwnPushes(snapshot);
    this.timeline.addCounts(snapshot.bySecond);
    this.timeline.noteAway(secondsAway(snapshot, (timeNs) => this.#secondOf(timeNs)));
    const measured = this.windows.add(snapshot, this);
    // A snapshot that is late at the start of measuring holds the first measured values, and the slowest of them.
    const within = Math.max(0, Math.round((snapshot.startNs - this.measureStartNs) / SECOND_NS));
    this.#addSeries(within, measured);
    this.broadcasts.add(within, snapshot);
    this.dependence.add(snapshot.successive);
    this.live.reportUntil((snapshot.endNs - this.measureStartNs) / SECOND_NS);
    this.timeline.encodeBefore(within - 1);
  }

  #addSeries(second: number, series: Readonly<Record<string, SparseCounts>>): void {
    this.timeline.addSeries(second, series);
    this.live.add(second, series);
  }

  #secondOf(timeNs: number): number {
    return Math.max(0, Math.floor((timeNs - this.measureStartNs) / SECOND_NS));
  }

  #addPushes(closed: readonly ClosedPush[]): void {
    const expected = this.#options.membership.connected.length;
    for (const { skewNs, firstNs, atNs, reached } of closed) {
      this.dependence.recorder.recordDue('push_skew', skewNs, firstNs);
      this.#addSeries(this.#secondOf(atNs), this.dependence.recorder.take().series);
      const counts = { second: this.#secondOf(firstNs), intended: 1, sent: 1, expected, delivered: reached };
      this.timeline.addCounts([counts]);
    }
  }

  #addOwnPushes({ ownPushes, pushResolutionNs }: Snapshot): void {
    for (const { second, count } of ownPushes) {
      this.pushes.addOwn(count);
      this.timeline.addCounts([{ second, intended: count, sent: count, expected: count, delivered: count }]);
    }
    if (pushResolutionNs !== null)
      this.pushResolutionNs = Math.min(this.pushResolutionNs ?? pushResolutionNs, pushResolutionNs);
  }

  /** Closes broadcasts and pushes that are still open, after the last snapshot. */
  finish(): void {
    this.#addPushes(this.pushes.takeAll());
    this.broadcasts.finish();
  }

  /** Measured messages sent, by stream. Known when a worker's schedule is over. */
  sent(): SentOfStream[] {
    return sentByAll(this.workers);
  }

  /** What all clients did on the wire in the first `measureMs` of measuring, without warm-up and drain. */
  traffic(measureMs: number): Traffic {
    const spans = this.workers.flatMap(({ traffic }) => traffic.items);
    return trafficWithin(spans, this.measureStartNs, this.measureStartNs + measureMs * 1e6);
  }

  /** Sums over workers, as of their last snapshots. */
  totals(): LedgerTotals {
    return totalsOfAll(this.workers);
  }
}
