import { copiesOf, type Layout, type Stream } from '../contract/scenario.ts';
import type { Clock } from '../measure/clock.ts';
import { ReasonCounts } from '../measure/reason-counts.ts';
import type { Recorder } from '../measure/recorder.ts';
import type { Stamp } from '../measure/stamp.ts';
import type { SentOfStream } from './messages.ts';

/** Why a message was not sent when its sender had been dropped: the server's doing, not the generator's. */
export const SENDER_GONE = 'the sender was not connected';

export interface SenderOptions {
  readonly clock: Clock;
  readonly layout: Layout;
  readonly recorder: Recorder;
  /** Client numbers of this worker. */
  readonly clients: ReadonlySet<number>;
  /** Connected receivers of each stream, over all workers. */
  readonly audience: readonly number[];
  /** Carries out the operation of a stream; false when its sender is not connected. */
  readonly perform: (stream: Stream, stamp: Stamp) => boolean;
}

/** Counts of one second of the schedule. */
interface Tally {
  intended: number;
  sent: number;
  expected: number;
}

/** Has a stream's operation performed when one of its messages is due, and counts what was sent. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #sent: number[];
  readonly #rehearsed: number[];
  readonly #bySecond = new Map<number, Tally>();
  readonly unsent = new ReasonCounts();
  /** After this time a measured message is too late to be sent at all. */
  sendBeforeNs = Number.POSITIVE_INFINITY;
  /** Start of the measured schedule. */
  measureStartNs = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#sent = options.layout.streams.map(() => 0);
    this.#rehearsed = options.layout.streams.map(() => 0);
  }

  /** Sends message `index` of the schedule if its sender is one of this worker's. */
  send(index: number, intendedNs: number, measured: boolean): void {
    const { layout, clients, clock, recorder, perform } = this.#options;
    const streamIndex = index % layout.streams.length;
    const stream = layout.streams[streamIndex];
    if (stream === undefined || !clients.has(stream.sender)) return;
    const tally = measured ? this.#tally(intendedNs) : null;
    if (tally !== null) {
      tally.intended += 1;
      if (clock.nowNs() > this.sendBeforeNs) {
        this.unsent.add('the generator was too late');
        return;
      }
    }
    const iteration = Math.floor(index / layout.streams.length);
    const actualNs = clock.nowNs();
    const wasSent =
      stream.operation.kind === 'steps'
        ? perform(stream, { stream: streamIndex, seq: iteration, intendedNs, actualNs, measured })
        : this.sendOf(streamIndex, intendedNs, measured, (stamp) => perform(stream, stamp));
    if (tally === null) return;
    if (!wasSent) {
      this.unsent.add(SENDER_GONE);
      return;
    }
    tally.sent += 1;
    recorder.record('send_lag', actualNs - intendedNs);
  }

  /** Sends the next message of a stream, by `perform`, which says whether its sender is connected. */
  sendOf(
    streamIndex: number,
    intendedNs: number,
    measured: boolean,
    perform: (stamp: Stamp) => boolean,
  ): boolean {
    const numbers = measured ? this.#sent : this.#rehearsed;
    const seq = numbers[streamIndex] ?? 0;
    const actualNs = this.#options.clock.nowNs();
    if (!perform({ stream: streamIndex, seq, intendedNs, actualNs, measured })) return false;
    numbers[streamIndex] = seq + 1;
    if (measured) this.#tally(intendedNs).expected += this.#expectedOf(streamIndex);
    return true;
  }

  #expectedOf(streamIndex: number): number {
    const { audience, layout } = this.#options;
    const stream = layout.streams[streamIndex];
    return (audience[streamIndex] ?? 0) * (stream === undefined ? 1 : copiesOf(stream));
  }

  /** Of the second of the schedule in which a measured message was due. */
  #tally(intendedNs: number): Tally {
    const second = Math.floor((intendedNs - this.measureStartNs) / 1e9);
    let tally = this.#bySecond.get(second);
    if (tally === undefined) {
      tally = { intended: 0, sent: 0, expected: 0 };
      this.#bySecond.set(second, tally);
    }
    return tally;
  }

  /** Counts by second of the schedule, since the last call. */
  takeBySecond(): Array<[second: number, counts: Readonly<Tally>]> {
    const taken = [...this.#bySecond];
    this.#bySecond.clear();
    return taken;
  }

  /** Measured messages sent so far, by stream. */
  sentByStream(): SentOfStream[] {
    return this.#sent.map((sent, stream) => ({ stream, sent })).filter(({ sent }) => sent > 0);
  }
}
