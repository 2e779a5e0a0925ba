import type { ClosedBroadcast, FanoutTracker } from './fanout.ts';
import type { Ledger } from './ledger.ts';
import type { ReceiveWindow } from './receive-window.ts';
import type { Recorder } from './recorder.ts';
import { readStamp } from './stamp.ts';

/** A message from so far ahead is of another run; one from a little ahead would show a fault of our clock. */
const AHEAD_NS = 1e9;

/** Measured messages that were intended in one second of the run and arrived. */
export type DeliveredBySecond = Map<number, number>;

export interface IntakeOptions {
  readonly headline: 'delivery' | 'ack';
  readonly recorder: Recorder;
  readonly ledger: Ledger;
  /** Null where messages have one receiver. */
  readonly fanout: FanoutTracker | null;
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

  /** Takes a payload that `receiver` got at `receivedNs`. */
  take(receiver: number, payload: unknown, receivedNs: number): void {
    const { headline, recorder, ledger, fanout, window, lateAfterNs, startedNs } = this.#options;
    window.note(receivedNs);
    const stamp = readStamp(payload);
    if (stamp === null || stamp.intendedNs < startedNs || stamp.intendedNs > receivedNs + AHEAD_NS) {
      ledger.receiveForeign();
      return;
    }
    const latencyNs = receivedNs - stamp.intendedNs;
    if (!stamp.measured) {
      recorder.record('warmup', latencyNs);
      return;
    }
    const receipt = ledger.receive(receiver, stamp.stream, stamp.seq, latencyNs > lateAfterNs);
    if (receipt === 'duplicate' || receipt === 'unexpected') return;
    recorder.record(headline, latencyNs);
    recorder.record(`${headline}_actual`, receivedNs - stamp.actualNs);
    fanout?.add(stamp.stream, stamp.seq, latencyNs, receivedNs);
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

/** Records the first, median and last receiver of a closed broadcast, and the time between first and last. */
export function recordBroadcast(recorder: Recorder, { latenciesNs }: ClosedBroadcast): void {
  const first = latenciesNs[0];
  const median = latenciesNs[Math.floor((latenciesNs.length - 1) / 2)];
  const last = latenciesNs[latenciesNs.length - 1];
  if (first === undefined || median === undefined || last === undefined) return;
  recorder.record('fanout_first', first);
  recorder.record('fanout_median', median);
  recorder.record('fanout_last', last);
  recorder.record('fanout_skew', last - first);
}
