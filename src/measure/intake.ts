import type { ClosedBroadcast, FanoutTracker } from './fanout.ts';
import type { Ledger } from './ledger.ts';
import type { ReceiveWindow } from './receive-window.ts';
import type { Recorder } from './recorder.ts';
import { findStamp, readStamp, type Stamp } from './stamp.ts';

/** A message from so far ahead is of another run; one from a little ahead would show a fault of our clock. */
const AHEAD_NS = 1e9;

/** Measured messages that were intended in one second of the run and arrived. */
export type DeliveredBySecond = Map<number, number>;

/** Where the messages of one stream are recorded. */
export interface StreamRoute {
  readonly series: string;
  /** Replies to one request, 1 for anything else: a request with several is a broadcast to one client. */
  readonly copies: number;
  /** Names of the series of its broadcasts; null where a message goes to one receiver once. */
  readonly broadcast: BroadcastSeries | null;
}

export interface IntakeOptions {
  readonly headline: string;
  readonly routes: readonly StreamRoute[];
  readonly recorder: Recorder;
  readonly ledger: Ledger;
  readonly fanout: FanoutTracker;
  readonly window: ReceiveWindow;
  readonly lateAfterNs: number;
  /**
   * When this process joined the run. Every run has a time base of its own, so that what another run sent, and
   * a server kept or still works off, lies outside.
   */
  readonly startedNs: number;
}

/** Where every received message goes: timed against its stamp, entered in the ledger, counted towards its broadcast. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #deliveredBySecond: DeliveredBySecond = new Map();
  /** Start of the measured schedule; set before the first measured message is due. */
  measureStartNs = 0;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Whether the sender of a stream and a receiver are served by one process; null where that is not known. */
  isSameNode: (stream: number, receiver: number) => boolean | null = () => null;

  /** Takes a payload that `receiver` got at `receivedNs`: copy number `copy` of those that it is owed, from 0. */
  take(receiver: number, payload: unknown, receivedNs: number, copy = 0): void {
    const { ledger, window, startedNs } = this.#options;
    window.note(receivedNs);
    const stamp = readStamp(payload) ?? findStamp(payload);
    if (stamp === null || stamp.intendedNs < startedNs || stamp.intendedNs > receivedNs + AHEAD_NS) {
      if (receivedNs >= this.measureStartNs) ledger.receiveForeign();
      return;
    }
    this.#enter(receiver, stamp, receivedNs, copy);
  }

  /** Takes the answer to a message of which the stamp is known without reading it. */
  takeAnswer(receiver: number, stamp: Stamp, receivedNs: number, copy = 0): void {
    this.#options.window.note(receivedNs);
    this.#enter(receiver, stamp, receivedNs, copy);
  }

  #enter(receiver: number, stamp: Stamp, receivedNs: number, copy: number): void {
    const { headline, routes, recorder, ledger, fanout, lateAfterNs } = this.#options;
    const latencyNs = receivedNs - stamp.intendedNs;
    if (!stamp.measured) {
      recorder.record('warmup', latencyNs);
      return;
    }
    const { series, copies, broadcast } = routes[stamp.stream] ?? UNKNOWN_ROUTE;
    const isCopy = Number.isInteger(copy) && copy >= 0 && copy < copies;
    const number = isCopy ? stamp.seq * copies + copy : -1;
    const receipt = ledger.receive(receiver, stamp.stream, number, latencyNs > lateAfterNs);
    if (receipt === 'duplicate' || receipt === 'unexpected') return;
    recorder.record(series, latencyNs);
    if (series === headline) recorder.record(`${series}_actual`, receivedNs - stamp.actualNs);
    if (broadcast !== null) {
      fanout.add(stamp.stream, stamp.seq, latencyNs, receivedNs);
      // Replies come back to who asked: they always stay within one process.
      const isSame = broadcast === FANOUT_SERIES ? this.isSameNode(stamp.stream, receiver) : null;
      if (isSame !== null) recorder.record(isSame ? 'delivery_same_node' : 'delivery_cross_node', latencyNs);
    }
    const second = Math.floor((stamp.intendedNs - this.measureStartNs) / 1e9);
    this.#deliveredBySecond.set(second, (this.#deliveredBySecond.get(second) ?? 0) + 1);
  }

  /** Deliveries by the second in which they were intended, since the last call. */
  takeDeliveredBySecond(): Array<[second: number, delivered: number]> {
    const taken = [...this.#deliveredBySecond];
    this.#deliveredBySecond.clear();
    return taken;
  }
}

const UNKNOWN_ROUTE: StreamRoute = { series: 'delivery', copies: 1, broadcast: null };

/** Where the first, median and last receiver of a broadcast are recorded, and the time between first and last. */
export interface BroadcastSeries {
  readonly first: string;
  readonly median: string | null;
  readonly last: string;
  readonly skew: string | null;
}

export const FANOUT_SERIES: BroadcastSeries = {
  first: 'fanout_first',
  median: 'fanout_median',
  last: 'fanout_last',
  skew: 'fanout_skew',
};

export const REPLY_SERIES: BroadcastSeries = {
  first: 'reply_first',
  median: null,
  last: 'reply_last',
  skew: null,
};

export function recordBroadcast(
  recorder: Recorder,
  { latenciesNs }: ClosedBroadcast,
  series: BroadcastSeries,
): void {
  const first = latenciesNs[0];
  const median = latenciesNs[Math.floor((latenciesNs.length - 1) / 2)];
  const last = latenciesNs[latenciesNs.length - 1];
  if (first === undefined || median === undefined || last === undefined) return;
  recorder.record(series.first, first);
  if (series.median !== null) recorder.record(series.median, median);
  recorder.record(series.last, last);
  if (series.skew !== null) recorder.record(series.skew, last - first);
}
