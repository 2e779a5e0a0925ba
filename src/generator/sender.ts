import type { Layout, Stream } from '../contract/scenario.ts';
import type { Connection } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import { ReasonCounts } from '../measure/reason-counts.ts';
import type { Stamp } from '../measure/stamp.ts';
import { arrivalsNs } from '../plan/arrivals.ts';
import { initialRateHz, type Profile } from '../plan/profile.ts';
import type { WorkerContext } from './context.ts';
import type { SecondCounts, SentOfStream } from './messages.ts';
import { copiesOf, OPERATIONS } from './operations/index.ts';
import { type PacedArrival, Pacer } from './pacer.ts';
import type { PacerWaits } from './pacer-waits.ts';

/** Why a message was not sent when its sender had been dropped: the server's fault, not the generator's. */
export const SENDER_GONE = 'the sender was not connected';
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
  readonly unsent = new ReasonCounts();

  /** Waits for a time, and returns the time that it is then. */
  readonly #reach: (dueNs: number) => number;

  constructor(context: WorkerContext, reach: (dueNs: number) => number = () => context.clock.nowNs()) {
    this.#context = context;
    this.#reach = reach;
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
    if (measured) this.#count(intendedNs, 'expected', this.#context.audience.expected(streamIndex));
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
    return this.#measured.map((sent, stream) => ({ stream, sent })).filter(({ sent }) => sent > 0);
  }

  /** How many copies one receiver of each measured message gets in all. */
  copies(): number {
    const { streams } = this.#context.layout;
    return this.byStream().reduce((sum, { stream, sent }) => {
      const laidOut = streams[stream];
      return sum + sent * (laidOut === undefined ? 0 : copiesOf(laidOut));
    }, 0);
  }
}

export interface SenderOptions {
  readonly messages: SentMessages;
  /** Undefined when the client is not connected. */
  readonly connectionOf: (client: number) => Connection | undefined;
  readonly perform: (message: DueMessage, connection: Connection) => void;
  readonly waits: PacerWaits;
}

/** Sends what this worker's clients send, on schedule. A worker whose clients send nothing has no pacer. */
export class Sender {
  readonly #context: WorkerContext;
  readonly #options: SenderOptions;
  readonly #pacers: Pacer[] = [];
  readonly #stopped = Promise.withResolvers<void>();
  readonly #noteWork = () => this.#context.window.worked();
  /** Resolves when {@link stop} is called. */
  readonly stopped = this.#stopped.promise;

  constructor(context: WorkerContext, options: SenderOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** Time that pacers have spun so far with nothing else to do. */
  get pacingNs(): number {
    return this.#options.waits.spunNs;
  }

  /** Sends at the first rate of the profile until {@link measure} begins. */
  warmUp(startNs: number): void {
    const rateHz = initialRateHz(this.#context.plan.profile);
    void this.#pace([{ durationMs: 3.6e6, fromHz: rateHz, toHz: rateHz }], startNs, false);
  }

  /** Sends the measured schedule. Resolves at its end, or when all is sent if that is later, or after {@link stop}. */
  async measure(): Promise<void> {
    const { plan, clock, timers, measuring } = this.#context;
    const { startNs, endNs } = measuring;
    for (const pacer of this.#pacers) pacer.endAt(startNs);
    const ended = Promise.withResolvers<void>();
    const cancel = timers.after(Math.max(0, endNs - clock.nowNs()) / 1e6, ended.resolve);
    const paced = this.#pace(plan.profile, startNs, true);
    await Promise.race([ended.promise, this.stopped]);
    cancel();
    await paced;
  }

  /** Sends nothing more; a pacer that sleeps ends within 100 ms. */
  stop(): void {
    for (const pacer of this.#pacers) pacer.endAt(this.#context.clock.nowNs());
    this.#stopped.resolve();
  }

  async #pace(profile: Profile, startNs: number, measured: boolean): Promise<void> {
    const { clock, plan, layout, clients } = this.#context;
    if (!layout.streams.some(({ sender }) => clients.has(sender))) return;
    const offsetsNs = arrivalsNs(profile, plan.arrival, plan.seed);
    const pacer = new Pacer({
      clock,
      wait: this.#options.waits.create(),
      arrivals: ownArrivals(offsetsNs, layout, clients),
      startNs,
      onDue: (index, intendedNs) => this.#send(index, intendedNs, measured),
    });
    this.#pacers.push(pacer);
    await pacer.run();
  }

  #send(index: number, intendedNs: number, measured: boolean): void {
    const { messages, connectionOf, perform } = this.#options;
    const message = messages.begin(index, intendedNs, measured);
    const connection = connectionOf(message.stream.sender);
    if (connection === undefined) message.drop(SENDER_GONE);
    else perform(message, connection);
    // What sending leaves to the end of this callback is sending too.
    process.nextTick(this.#noteWork);
  }
}

/** Those arrivals whose stream is sent by one of `clients`, with their indices in the whole schedule. */
export function* ownArrivals(
  offsetsNs: Iterable<number>,
  { streams }: Layout,
  clients: ReadonlySet<number>,
): Generator<PacedArrival, void> {
  const isOwn = streams.map(({ sender }) => clients.has(sender));
  let index = 0;
  for (const offsetNs of offsetsNs) {
    if (isOwn[index % streams.length] === true) yield { index, offsetNs };
    index += 1;
  }
}
