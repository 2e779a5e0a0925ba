import type { Stream } from '../contract/scenario.ts';
import { ReasonCounts } from '../measure/reason-counts.ts';
import type { Stamp } from '../measure/stamp.ts';
import type { WorkerContext } from './context.ts';
import type { SecondCounts, SentOfStream } from './messages.ts';
import { copiesOf, OPERATIONS } from './operations/index.ts';

/** Why a message was not sent when its sender had been dropped: the server's fault, not the generator's. */
export const SENDER_GONE = 'the sender was not connected';
const TOO_LATE = 'the generator was too late';

/** A message or iteration that is due. */
export interface DueMessage {
  readonly stream: Stream;
  /**
   * Calls `perform` with the stamp of this moment, and counts the message as sent unless that throws. It may be called
   * later than the message was due: the time until then is send lag.
   */
  readonly send: (perform: (stamp: Stamp) => void) => void;
  /** Counts the message as not sent. */
  readonly drop: (reason: string) => void;
}

type Tally = Pick<SecondCounts, 'intended' | 'sent' | 'expected'>;
type CountName = keyof Tally;

/** Numbers the messages of each stream, and counts what was intended, sent and expected in each second. */
export class SentMessages {
  readonly #context: WorkerContext;
  readonly #measured: number[];
  readonly #warmup: number[];
  readonly #bySecond = new Map<number, Record<CountName, number>>();
  readonly unsent = new ReasonCounts();

  constructor(context: WorkerContext) {
    this.#context = context;
    this.#measured = context.layout.streams.map(() => 0);
    this.#warmup = context.layout.streams.map(() => 0);
  }

  /** Begins arrival `index` of the schedule, which is of stream `index` modulo their number. */
  begin(index: number, intendedNs: number, measured: boolean): DueMessage {
    const { streams } = this.#context.layout;
    const streamIndex = index % streams.length;
    const stream = streams[streamIndex];
    if (stream === undefined) throw new Error('a layout without streams sends nothing');
    const iteration = Math.floor(index / streams.length);
    if (measured) this.#count(intendedNs, 'intended');
    const drop = (reason: string) => {
      if (measured) this.unsent.add(reason);
    };
    const startsIteration = OPERATIONS[stream.operation.kind].starts === 'iteration';
    return {
      stream,
      drop,
      send: (perform) => {
        const actualNs = this.#context.clock.nowNs();
        if (measured && actualNs > this.#context.measuring.sendBeforeNs) {
          drop(TOO_LATE);
          return;
        }
        if (startsIteration) {
          perform({ stream: streamIndex, seq: iteration, intendedNs, actualNs, measured });
        } else {
          this.sendNext(streamIndex, intendedNs, measured, perform, actualNs);
        }
        if (!measured) return;
        this.#count(intendedNs, 'sent');
        this.#context.recorder.record('send_lag', actualNs - intendedNs);
      },
    };
  }

  /** Sends the next message of a stream by `perform`. It has no number if that throws. */
  sendNext(
    streamIndex: number,
    intendedNs: number,
    measured: boolean,
    perform: (stamp: Stamp) => void,
    actualNs = this.#context.clock.nowNs(),
  ): void {
    const numbers = measured ? this.#measured : this.#warmup;
    const seq = numbers[streamIndex] ?? 0;
    perform({ stream: streamIndex, seq, intendedNs, actualNs, measured });
    numbers[streamIndex] = seq + 1;
    if (measured) this.#count(intendedNs, 'expected', this.#expectedOf(streamIndex));
  }

  #expectedOf(streamIndex: number): number {
    const { audience, layout } = this.#context;
    const stream = layout.streams[streamIndex];
    return stream === undefined ? 0 : audience.total(streamIndex) * copiesOf(stream);
  }

  /** Counts in the second of the schedule in which a measured message was due. */
  #count(intendedNs: number, name: CountName, count = 1): void {
    const second = Math.floor((intendedNs - this.#context.measuring.startNs) / 1e9);
    let tally = this.#bySecond.get(second);
    if (tally === undefined) {
      tally = { intended: 0, sent: 0, expected: 0 };
      this.#bySecond.set(second, tally);
    }
    tally[name] += count;
  }

  /** Counts by second of the schedule, since the last call. */
  takeBySecond(): SecondCounts[] {
    const taken = [...this.#bySecond].map(([second, tally]) => ({ second, ...tally, delivered: 0 }));
    this.#bySecond.clear();
    return taken;
  }

  /** Measured messages sent so far, by stream. */
  byStream(): SentOfStream[] {
    return this.#measured.map((sent, stream) => ({ stream, sent })).filter(({ sent }) => sent > 0);
  }
}
