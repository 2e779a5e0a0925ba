import type { Stream } from '../contract/scenario.ts';
import { messageOf } from '../errors.ts';
import { type BitSet, recentNumbers } from '../measure/bit-set.ts';
import { ReasonCounts } from '../measure/reason-counts.ts';
import type { Stamp } from '../measure/stamp.ts';
import type { WorkerContext } from './context.ts';
import type { FromWorker, SecondCounts, SentOfStream } from './messages.ts';
import { copiesOf, OPERATIONS } from './operations/index.ts';
import { SentSchedule } from './sent-schedule.ts';
import { SentTimes } from './sent-times.ts';
import { TargetCalls } from './target-calls.ts';

const TOO_LATE = 'the generator was too late';

/** A message or iteration that is due. */
export interface DueMessage {
  readonly stream: Stream;
  /** Calls `perform` with the stamp of this moment, once the message is due. If that throws, the message counts as failed and not sent. */
  readonly send: (perform: (stamp: Stamp) => void) => void;
  /** Counts the message as not sent. */
  readonly drop: (reason: string) => void;
}

type TallyName = 'intended' | 'sent' | 'expected';

/** Numbers the messages of each stream, and counts what was intended, sent and expected in each second. */
export class SentMessages {
  readonly #context: WorkerContext;
  readonly #measured: number[];
  readonly #warmup: number[];
  readonly #bySecond = new Map<number, Record<TallyName, number>>();
  /** Numbers of measured messages that the server rejected, by stream, and how many they are. */
  readonly #rejected: Array<{ readonly numbers: BitSet; count: number } | undefined> = [];
  /** How many measured messages got a number and were not sent, by stream. */
  readonly #withdrawn: number[] = [];
  readonly unsent = new ReasonCounts();
  /** Empty where no client of the run comes back. */
  readonly times = new SentTimes();
  readonly calls: TargetCalls;
  /** When measured messages were sent, beside the schedule. */
  readonly schedule: SentSchedule;

  /** Waits for a time, and returns the time that it is then. */
  readonly #reach: (dueNs: number) => number;

  constructor(context: WorkerContext, reach: (dueNs: number) => number = () => context.clock.nowNs()) {
    this.#context = context;
    this.#reach = reach;
    this.calls = new TargetCalls(context, (stamp, reason) => this.#withdraw(stamp, reason));
    this.schedule = new SentSchedule(context.plan, ownShare(context));
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
        const actualNs = this.#reach(intendedNs);
        if (measured && actualNs > this.#context.measuring.sendBeforeNs) {
          drop(TOO_LATE);
          return;
        }
        try {
          if (startsIteration) {
            perform({ stream: streamIndex, seq: iteration, intendedNs, actualNs, measured });
          } else {
            this.sendNext(streamIndex, intendedNs, measured, perform, actualNs);
          }
        } catch (error) {
          // A function of the target threw, or what it returned cannot be sent.
          const reason = messageOf(error);
          drop(reason);
          if (measured) this.#context.failed.add(reason);
          return;
        }
        if (!measured) return;
        this.#count(intendedNs, 'sent');
        this.#context.recorder.recordDue('send_lag', actualNs - intendedNs, intendedNs);
        this.schedule.add(index, actualNs - this.#context.measuring.startNs);
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
    if (!measured) return;
    this.#count(intendedNs, 'expected', this.#context.audience.expected(streamIndex));
    if (this.#context.absences !== null) this.times.add(streamIndex, seq, intendedNs);
  }

  /** Counts a measured message as rejected by the server, once. From now on it is expected by none. */
  reject({ stream, seq, intendedNs, measured }: Stamp, reason: string): void {
    if (!measured || stream >= this.#measured.length) return;
    const rejected = this.#rejected[stream] ?? { numbers: recentNumbers(), count: 0 };
    this.#rejected[stream] = rejected;
    if (!rejected.numbers.add(seq)) return;
    rejected.count += 1;
    this.times.forget(stream, seq);
    this.#context.rejected.add(reason);
    this.#count(intendedNs, 'expected', -this.#context.audience.expected(stream));
  }

  /** Counts a message as failed and not sent that was begun: a function of the target failed later. */
  #withdraw({ stream, seq, intendedNs, measured }: Stamp, reason: string): void {
    if (!measured || stream >= this.#measured.length) return;
    this.times.forget(stream, seq);
    this.#context.failed.add(reason);
    this.unsent.add(reason);
    this.#withdrawn[stream] = (this.#withdrawn[stream] ?? 0) + 1;
    this.#count(intendedNs, 'expected', -this.#context.audience.expected(stream));
    const { streams } = this.#context.layout;
    const kind = streams[stream]?.operation.kind;
    if (kind !== undefined && OPERATIONS[kind].starts === 'message') this.#count(intendedNs, 'sent', -1);
  }

  /** Counts in the second of the schedule in which a measured message was due. */
  #count(intendedNs: number, name: TallyName, count = 1): void {
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
    return this.#measured
      .map((numbered, stream) => ({
        stream,
        sent: numbered - (this.#withdrawn[stream] ?? 0),
        rejected: this.#rejected[stream]?.count ?? 0,
      }))
      .filter(({ sent }) => sent > 0);
  }

  /** What is known at the end of the schedule. */
  report(): Pick<Extract<FromWorker, { type: 'sent' }>, 'streams' | 'unsent' | 'schedule'> {
    return { streams: this.byStream(), unsent: this.unsent.take(), schedule: this.schedule.counts() };
  }

  /** How many copies one receiver of each measured message that was not rejected gets in all. */
  copies(): number {
    const { streams } = this.#context.layout;
    return this.byStream().reduce((sum, { stream, sent, rejected }) => {
      const laidOut = streams[stream];
      return sum + (sent - rejected) * (laidOut === undefined ? 0 : copiesOf(laidOut));
    }, 0);
  }
}

/** The share of the streams that clients of this worker send. */
function ownShare({ layout: { streams }, clients }: WorkerContext): number {
  return streams.filter(({ sender }) => clients.has(sender)).length / Math.max(1, streams.length);
}
