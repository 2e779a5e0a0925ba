import type { Layout } from '../contract/scenario.ts';
import { quietNs } from '../measure/fanout.ts';
import { NO_SUCCESSIVE } from '../measure/recorder.ts';
import type { Plan } from '../plan/plan.ts';
import { Collector } from '../run/collector.ts';
import { Membership } from '../run/membership.ts';
import { type BalancedStream, balanceStream, type SentMessagesOf } from './balance.ts';
import type { MemberRecord, ReceivedPart, ReportMessage } from './channel.ts';
import { JoinedBroadcasts } from './joined-broadcasts.ts';

const ONE_SECOND_NS = 1e9;
/** A broadcast of which no thread has reported a receipt for so long is complete. Threads report every second. */
const BROADCAST_QUIET_NS = 3 * ONE_SECOND_NS;

type ThreadReport = Extract<ReportMessage, { type: 'report' }>;

/**
 * What stands for the streams of a run inside Artillery where their figures are recorded: 0 for everything that is
 * published, 1 for requests. The streams themselves are known at the end only.
 */
const LAYOUT: Layout = {
  rooms: [],
  streams: [
    { sender: 0, operation: { kind: 'publish', scope: 'everyone', room: null }, receivers: [] },
    { sender: 0, operation: { kind: 'request' }, receivers: [], series: 'ack' },
  ],
};

/** Everything that the worker threads of a run have reported. */
export class GatheredRun {
  readonly collector: Collector;
  readonly membership: Membership;
  readonly threads: readonly number[];
  readonly members = new Map<number, MemberRecord>();
  readonly #streams = new Map<number, SentMessagesOf & { intendedNs: number[]; actualNs: number[] }>();
  readonly #received: ReceivedPart[] = [];
  readonly #finals = new Set<number>();
  readonly #broadcasts = new JoinedBroadcasts(BROADCAST_QUIET_NS);
  /** Reports from before the first measured message. */
  readonly #early: Array<readonly [index: number, report: ThreadReport]> = [];
  #measuredToNs = 0;
  #reportedToNs = 0;
  #plannedMs: number;
  #isMeasuring = false;

  /** `plannedMs`: how long Artillery's phases take. */
  constructor(plan: Plan, threads: readonly number[], plannedMs: number) {
    this.threads = threads;
    this.#plannedMs = plannedMs;
    this.membership = new Membership(
      LAYOUT,
      threads.map(() => []),
    );
    this.collector = new Collector({
      membership: this.membership,
      quietNs: quietNs(plan.drainMs),
      durationMs: plannedMs,
      drainMs: plan.drainMs,
      headline: plan.headline,
    });
  }

  take(thread: number, message: ReportMessage): void {
    const index = this.threads.indexOf(thread);
    if (index < 0) return;
    if (message.type === 'final') {
      this.#received.push(...message.received);
      this.#finals.add(thread);
      return;
    }
    this.#addSent(message);
    for (const member of message.members) this.members.set(member.client, member);
    this.collector.failures.addAll(message.failures);
    this.collector.dropped.addAll(message.dropped);
    this.collector.unsent.addAll(message.unsent);
    this.#measuredToNs = Math.max(this.#measuredToNs, message.measuredToNs);
    this.#reportedToNs = Math.max(this.#reportedToNs, message.snapshot.endNs);
    this.#early.push([index, message]);
    if (!this.#isMeasuring && Number.isFinite(message.measuredFromNs)) this.#measureFrom(message);
    if (this.#isMeasuring) for (const each of this.#early.splice(0)) this.#addSnapshot(...each);
  }

  #measureFrom({ measuredFromNs, warmupFromNs }: ThreadReport): void {
    this.#isMeasuring = true;
    this.collector.warmupStartNs = Math.min(warmupFromNs, measuredFromNs);
    this.collector.measureFrom(measuredFromNs);
  }

  #addSent({ sent }: ThreadReport): void {
    for (const { stream, intendedNs, actualNs, ...of } of sent) {
      const known = this.#streams.get(stream) ?? { ...of, stream, intendedNs: [], actualNs: [] };
      for (const each of intendedNs) known.intendedNs.push(each);
      for (const each of actualNs) known.actualNs.push(each);
      this.#streams.set(stream, known);
    }
  }

  #addSnapshot(index: number, { snapshot }: ThreadReport): void {
    this.#broadcasts.add(snapshot.broadcasts, snapshot.endNs);
    this.#addToCollector(index, { ...snapshot, incomplete: this.#closed(snapshot.endNs) });
  }

  #addToCollector(index: number, snapshot: ThreadReport['snapshot']): void {
    this.collector.onMessage(index, { type: 'snapshot', snapshot: { ...snapshot, broadcasts: [] } });
  }

  /** Broadcasts that are complete, as they are recorded; all of them at the end. */
  #closed(nowNs: number): ThreadReport['snapshot']['incomplete'] {
    return this.#broadcasts.takeQuiet(nowNs).map((broadcast) => ({ ...broadcast, stream: 0 }));
  }

  /** Threads whose final report is missing. */
  get missing(): number[] {
    return this.threads.filter((thread) => !this.#finals.has(thread));
  }

  /** How long was measured; the time of Artillery's phases before anything was. */
  get measureMs(): number {
    const { measureStartNs } = this.collector;
    // A schedule that was cut off was measured up to the last report.
    const toNs = Math.min(this.#measuredToNs, this.#reportedToNs);
    return this.#isMeasuring ? Math.max(1, (toNs - measureStartNs) / 1e6) : this.#plannedMs;
  }

  /** Deliveries that are expected for certain of what was sent so far, and those that have arrived. */
  progress(): { readonly expected: number; readonly delivered: number } {
    const members = [...this.members.values()];
    const expected = [...this.#streams.values()]
      .flatMap((sent) => balanceStream(sent, members, new Map()).accounts)
      .reduce((sum, { lost }) => sum + lost, 0);
    return { expected, delivered: this.collector.totals().delivered };
  }

  /** Balances all streams, and completes what the collector has recorded. */
  finish(): readonly BalancedStream[] {
    const balanced = this.#balance();
    const { collector, membership } = this;
    if (!this.#isMeasuring) collector.measureFrom(0);
    for (const each of this.#early.splice(0)) this.#addSnapshot(...each);
    this.#recordRest();
    collector.broadcasts.incomplete = balanced
      .filter(({ sent }) => sent.operation === 'publish')
      .reduce((sum, { expectedOf, deliveredOf }) => sum + countIncomplete(expectedOf, deliveredOf), 0);
    collector.timeline.addCounts(this.#countsBySecond(balanced));
    const sentBy = (operation: string) =>
      balanced.reduce((sum, { sent }) => sum + (sent.operation === operation ? sent.actualNs.length : 0), 0);
    collector.onMessage(0, {
      type: 'sent',
      streams: [
        { stream: 0, sent: sentBy('publish'), rejected: 0 },
        { stream: 1, sent: sentBy('request'), rejected: 0 },
      ],
      unsent: [],
      schedule: null,
    });
    const connected = [...this.members.values()].filter(({ connectedNs }) => Number.isFinite(connectedNs));
    membership.connect(connected.map(({ client }) => ({ client, node: null })));
    return balanced;
  }

  #balance(): BalancedStream[] {
    const byStream = new Map<number, Map<number, ReceivedPart>>();
    for (const part of this.#received) {
      const parts = byStream.get(part.stream) ?? new Map<number, ReceivedPart>();
      byStream.set(part.stream, parts.set(part.receiver, part));
    }
    const members = [...this.members.values()];
    return [...this.#streams.values()].map((sent) =>
      balanceStream(sent, members, byStream.get(sent.stream) ?? new Map()),
    );
  }

  /** Records the broadcasts that are still open. */
  #recordRest(): void {
    const incomplete = this.#closed(Number.POSITIVE_INFINITY);
    const nowNs = incomplete.reduce((last, { lastArrivalNs }) => Math.max(last, lastArrivalNs), 0);
    this.#addToCollector(0, {
      ...NOTHING,
      totals: this.#lastTotals(),
      startNs: nowNs,
      endNs: nowNs,
      incomplete,
    });
  }

  #lastTotals() {
    return this.collector.workers[0]?.totals ?? NOTHING.totals;
  }

  #countsBySecond(balanced: readonly BalancedStream[]) {
    const bySecond = new Map<
      number,
      { intended: number; sent: number; expected: number; delivered: number }
    >();
    for (const { sent, expectedOf, deliveredOf } of balanced) {
      for (const [seq, intendedNs] of sent.intendedNs.entries()) {
        const second = Math.max(0, Math.floor((intendedNs - this.collector.measureStartNs) / ONE_SECOND_NS));
        const counts = bySecond.get(second) ?? { intended: 0, sent: 0, expected: 0, delivered: 0 };
        counts.intended += 1;
        counts.sent += 1;
        counts.expected += expectedOf[seq] ?? 0;
        counts.delivered += deliveredOf[seq] ?? 0;
        bySecond.set(second, counts);
      }
    }
    const unsent = this.collector.unsent.total;
    if (unsent > 0) {
      const counts = bySecond.get(0) ?? { intended: 0, sent: 0, expected: 0, delivered: 0 };
      bySecond.set(0, { ...counts, intended: counts.intended + unsent });
    }
    return [...bySecond].map(([second, counts]) => ({ second, ...counts }));
  }
}

/** How many broadcasts reached some receivers, and not all of them. */
function countIncomplete(expectedOf: Int32Array, deliveredOf: Int32Array): number {
  return expectedOf.reduce((sum, expected, seq) => {
    const delivered = deliveredOf[seq] ?? 0;
    return sum + (delivered > 0 && delivered < expected ? 1 : 0);
  }, 0);
}

const NOTHING: ThreadReport['snapshot'] = {
  startNs: 0,
  endNs: 0,
  recorded: { series: {}, impossible: {} },
  successive: NO_SUCCESSIVE,
  totals: { delivered: 0, late: 0, duplicated: 0, reordered: 0, corrupted: 0, unexpected: 0 },
  headlineWindows: [],
  bySecond: [],
  broadcasts: [],
  away: null,
  incomplete: [],
  slowest: [],
  closed: [],
  failed: [],
  rejected: [],
  remarks: [],
  unexpected: [],
  pushes: [],
  ownPushes: [],
  pushResolutionNs: null,
  telemetry: [],
  traffic: [],
  snapshotCostMs: 0,
};
