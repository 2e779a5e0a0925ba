import { wasAway } from '../measure/absence.ts';
import { FanoutTracker, quietNs } from '../measure/fanout.ts';
import { FanoutParts } from '../measure/fanout-parts.ts';
import { Ledger } from '../measure/ledger.ts';
import type { Reading } from '../measure/payload.ts';
import type { RecordedSeries } from '../measure/recorder.ts';
import { acrossHosts } from '../measure/series.ts';
import { SlowestBroadcasts } from '../measure/slowest-broadcasts.ts';
import type { Stamp } from '../measure/stamp.ts';
import { enterInAbsence } from './absence-receipts.ts';
import type { DeliveriesContext } from './context.ts';
import type { ShardClock, Snapshot } from './messages.ts';
import { recordClosed, routeOf, type StreamRoute } from './operations/index.ts';
import { type PopulationLatencies, populationLatencies } from './population-latencies.ts';
import { type SlowReaders, slowReaders } from './slow-readers.ts';
import { UNEXPECTED } from './unexpected.ts';

const UNKNOWN_ROUTE: StreamRoute = { series: 'delivery', copies: 1, broadcast: null, nodes: null };

/** Where the latencies of one stream are recorded, by what is known of its sender's clock. */
interface StreamSeries {
  /** Null where its clock is unknown: messages are counted and not timed. */
  readonly receipt: RecordedSeries | null;
  /** Null where the receipt is not the headline. */
  readonly actual: RecordedSeries | null;
  /** Null without populations and links, where the receipt is not the headline, and where its sender's clock is unknown. */
  readonly populations: PopulationLatencies | null;
  readonly sameNode: RecordedSeries | null;
  readonly crossNode: RecordedSeries | null;
  /** The lowest latency that is recorded as it is: the error of a comparison of clocks may make it negative. */
  readonly lowestNs: number;
  /** Null where all clients read as fast as they can, for other receipts, and where its sender has another clock. */
  readonly slow: SlowReaders | null;
  /** How far the sender's clock is ahead. */
  readonly aheadNs: number;
}

/** Enters what clients received: in the ledger, in the series of its stream, in its broadcast and in its second. */
export class Deliveries {
  readonly ledger = new Ledger();
  readonly #context: DeliveriesContext;
  readonly #lateAfterNs: number;
  readonly #routes: readonly StreamRoute[];
  /** By stream; made when the first message of a stream arrives, since the clocks of shards are compared before. */
  readonly #series: StreamSeries[] = [];
  readonly #fanout: FanoutTracker | null;
  readonly #slow: SlowReaders | null;
  readonly #populationsBy: (clock: ShardClock['kind']) => PopulationLatencies | null;
  readonly #parts = new FanoutParts();
  readonly #slowest = new SlowestBroadcasts();
  readonly #deliveredBySecond = new Map<number, { delivered: number }>();
  /** The second of the last delivery, and its entry. */
  #second = Number.NaN;
  #inSecond = { delivered: 0 };
  #incomplete: Array<Snapshot['incomplete'][number]> = [];
  /** When the newest message that each receiver has got was due; null where every message is expected. */
  readonly #newestNs: Map<number, number> | null;

  constructor(context: DeliveriesContext) {
    const { plan, layout, recorder, audience, assignment } = context;
    this.#context = context;
    this.#newestNs = plan.target.droppable ? new Map() : null;
    this.#lateAfterNs = plan.lateAfterMs * 1e6;
    this.#slow = slowReaders(context);
    this.#populationsBy = populationLatencies(context);
    this.#routes = layout.streams.map((stream) => routeOf(stream, plan.headline));
    this.#fanout = assignment.fanoutIsSplit
      ? null
      : new FanoutTracker({
          expected: (stream, dueNs) => audience.local(stream) - this.#awayAt(stream, dueNs),
          quietNs: quietNs(plan.drainMs),
          onClosed: (broadcast) => {
            if (broadcast.reached < broadcast.expected) this.#incomplete.push(broadcast);
            else recordClosed(layout, recorder, this.#slowest, broadcast);
          },
        });
  }

  /** Enters copy number `copy`, from 0, of a message that a client of this run sent. */
  enter(receiver: number, { stamp, state }: Reading, receivedNs: number, copy = 0): void {
    const { stream, seq, measured } = stamp;
    const { copies } = this.#routes[stream] ?? UNKNOWN_ROUTE;
    const isCopy = Number.isInteger(copy) && copy >= 0 && copy < copies;
    const number = isCopy ? seq * copies + copy : -1;
    if (measured) this.#enterMeasured(receiver, stamp, state === 'corrupted', receivedNs, number);
    else this.#enterWarmup(receiver, stamp, receivedNs, number);
  }

  /** Records how old the newest message of each receiver is, where some may be dropped. */
  sampleFreshness(): void {
    const { clock, recorder, measuring } = this.#context;
    const nowNs = clock.nowNs();
    if (this.#newestNs === null || nowNs >= measuring.endNs) return;
    for (const sentNs of this.#newestNs.values()) recorder.record('freshness', Math.max(0, nowNs - sentNs));
  }

  /** Enters a message that belongs to no message of this run. None of its numbers is used. */
  enterUnexpected(why: keyof typeof UNEXPECTED, receivedNs: number): void {
    const { receipts, measuring, unexpected } = this.#context;
    receipts.note(receivedNs);
    if (receivedNs < measuring.startNs) return;
    this.ledger.receiveForeign();
    unexpected.add(UNEXPECTED[why]);
  }

  /** Warm-up messages are not accounted for, but a server that sends one again sends something unexpected. */
  #enterWarmup(receiver: number, { stream, intendedNs }: Stamp, receivedNs: number, number: number): void {
    const { recorder, receipts, measuring, senderClocks } = this.#context;
    const receipt = this.ledger.receiveWarmup(receiver, stream, number);
    if (receipt === 'duplicate' && receivedNs >= measuring.startNs) {
      this.enterUnexpected('warmup', receivedNs);
      return;
    }
    receipts.note(receivedNs);
    if (senderClocks.of(stream).kind === 'same') recorder.record('warmup', receivedNs - intendedNs);
  }

  #enterMeasured(
    receiver: number,
    stamp: Stamp,
    isCorrupted: boolean,
    receivedNs: number,
    number: number,
  ): void {
    const { receipts, unexpected, absences } = this.#context;
    const series = this.#series[stamp.stream] ?? this.#seriesOf(stamp.stream);
    const dueNs = stamp.intendedNs - series.aheadNs;
    const absence = absences?.newest.get(receiver);
    const isOfAbsence =
      absence !== undefined && (wasAway(absence, dueNs) || absences?.wasAwayAt(receiver, dueNs) === true);
    const isSlow = this.#slow?.has(receiver, receivedNs) === true;
    // One that reads late by the plan is no fault of the generator.
    if (!isSlow) receipts.note(receivedNs);
    const isTimely = series.receipt === null || receivedNs - dueNs <= this.#lateAfterNs;
    const isLate = !isTimely && !isOfAbsence && !isSlow;
    const receipt = isCorrupted
      ? this.ledger.receiveCorrupted(receiver, stamp.stream, number)
      : this.ledger.receive(receiver, stamp.stream, number, isLate);
    if (receipt === 'unexpected') unexpected.add(this.#whyUnexpected(receiver, stamp.stream, number));
    if (absence !== undefined)
      enterInAbsence(absence, { stamp, number, dueNs, receivedNs }, receipt, this.#context);
    if (receipt !== 'first' && receipt !== 'reordered') return;
    // The latency of a message that waited for its receiver is no latency of the server.
    if (isOfAbsence || isSlow) this.#countIn(dueNs);
    if (isSlow && !isOfAbsence) series.slow?.recordSlow(dueNs, receivedNs - dueNs);
    if (!isOfAbsence && !isSlow) this.#record(receiver, stamp, series, dueNs, receivedNs);
  }

  #whyUnexpected(receiver: number, stream: number, number: number): string {
    if (number < 0) return UNEXPECTED.notRequested;
    const isOwn = this.#context.layout.streams[stream]?.sender === receiver;
    return isOwn ? UNEXPECTED.ownMessage : UNEXPECTED.elsewhere;
  }

  /** How many copies of a message are for receivers of this worker that were away, or read slowly, when it was due. */
  #awayAt(stream: number, dueNs: number): number {
    const expects = (receiver: number) => this.ledger.expects(receiver, stream);
    let away = this.#slow?.countAt(dueNs, expects) ?? 0;
    const { absences } = this.#context;
    for (const receiver of absences?.newest.keys() ?? []) {
      const isAway = absences?.wasAwayAt(receiver, dueNs) === true && expects(receiver);
      if (isAway && this.#slow?.has(receiver, dueNs) !== true) away += 1;
    }
    return away * (this.#routes[stream] ?? UNKNOWN_ROUTE).copies;
  }

  #record(receiver: number, stamp: Stamp, series: StreamSeries, dueNs: number, receivedNs: number): void {
    const { receipt, actual, populations, slow, sameNode, crossNode, lowestNs } = series;
    const latencyNs = receivedNs - dueNs;
    const actualNs = latencyNs + stamp.intendedNs - stamp.actualNs;
    const isTimed = receipt !== null;
    if (isTimed) this.#newestNs?.set(receiver, Math.max(dueNs, this.#newestNs.get(receiver) ?? dueNs));
    if (receipt !== null) receipt.recordDue(Math.max(lowestNs, latencyNs), dueNs);
    populations?.record(receiver, stamp.stream, { dueNs, latencyNs, actualNs, lowestNs });
    slow?.recordOther(dueNs, latencyNs);
    if (actual !== null) actual.recordDue(Math.max(lowestNs, actualNs), dueNs);
    if ((this.#routes[stamp.stream] ?? UNKNOWN_ROUTE).broadcast !== null) {
      (this.#fanout ?? this.#parts).add(
        stamp.stream,
        stamp.seq,
        isTimed ? latencyNs : Number.NaN,
        receivedNs,
        receiver,
      );
    }
    if (sameNode !== null && crossNode !== null) {
      const isSame = this.#context.audience.isSameNode(stamp.stream, receiver);
      if (isSame !== null) (isSame ? sameNode : crossNode).recordDue(Math.max(lowestNs, latencyNs), dueNs);
    }
    this.#countIn(isTimed ? dueNs : receivedNs);
  }

  /** Counts a delivery in the second of the schedule in which its message was due. */
  #countIn(dueNs: number): void {
    const second = Math.max(0, Math.floor((dueNs - this.#context.measuring.startNs) / 1e9));
    if (second !== this.#second) {
      const entry = this.#deliveredBySecond.get(second) ?? { delivered: 0 };
      this.#deliveredBySecond.set(second, entry);
      this.#second = second;
      this.#inSecond = entry;
    }
    this.#inSecond.delivered += 1;
  }

  #seriesOf(stream: number): StreamSeries {
    const { plan, recorder, senderClocks } = this.#context;
    const { kind, aheadNs } = senderClocks.of(stream);
    const { series, nodes } = this.#routes[stream] ?? UNKNOWN_ROUTE;
    const seriesIn = (name: string | undefined) => {
      if (name === undefined || kind === 'unknown') return null;
      return recorder.series(kind === 'same' ? name : acrossHosts(name));
    };
    const made = {
      receipt: seriesIn(series),
      actual: seriesIn(series === plan.headline ? `${series}_actual` : undefined),
      populations: series === plan.headline ? this.#populationsBy(kind) : null,
      sameNode: seriesIn(nodes?.sameNode),
      crossNode: seriesIn(nodes?.crossNode),
      lowestNs: kind === 'other' ? 0 : Number.NEGATIVE_INFINITY,
      slow: kind === 'same' && series === 'delivery' ? this.#slow : null,
      aheadNs,
    };
    if (stream < this.#routes.length) this.#series[stream] = made;
    return made;
  }

  /** What was received since the last call. With `isLast`, broadcasts that are still open are closed. */
  takeReport(
    isLast = false,
  ): Pick<Snapshot, 'totals' | 'broadcasts' | 'incomplete' | 'slowest' | 'bySecond'> {
    if (isLast) this.#fanout?.closeAll();
    else this.#fanout?.closeQuiet(this.#context.clock.nowNs());
    const incomplete = this.#incomplete;
    this.#incomplete = [];
    const none = { intended: 0, sent: 0, expected: 0 };
    const bySecond = Array.from(this.#deliveredBySecond, ([second, { delivered }]) => ({
      second,
      ...none,
      delivered,
    }));
    this.#deliveredBySecond.clear();
    this.#second = Number.NaN;
    const [totals, broadcasts, slowest] = [this.ledger.totals(), this.#parts.take(), this.#slowest.take()];
    return { totals, broadcasts, incomplete, slowest, bySecond };
  }
}
