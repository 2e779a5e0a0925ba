import type { Layout, Scenario } from '../contract/scenario.ts';
import type { AbsencesOfClients } from '../measure/absence.ts';
import { type Clock, type MeasureWindow, measureWindow, NOT_MEASURING } from '../measure/clock.ts';
import type { EventLoop } from '../measure/event-loop.ts';
import type { Ledger } from '../measure/ledger.ts';
import { createPayloads, type Payloads } from '../measure/payload.ts';
import { ReasonCounts } from '../measure/reason-counts.ts';
import { Receipts } from '../measure/receipts.ts';
import { ReceiveWindow } from '../measure/receive-window.ts';
import { Recorder } from '../measure/recorder.ts';
import { samplingSeries, unstalled } from '../measure/series.ts';
import { slotTimes } from '../measure/slot-counts.ts';
import type { Timers } from '../measure/timers.ts';
import type { Plan } from '../plan/plan.ts';
import { contentsOfRun } from '../plan/population-payloads.ts';
import { linksOfClients, populationsOfClients } from '../plan/population-plan.ts';
import type { Assignment, Member, ToWorker } from './messages.ts';
import { copiesOf } from './operations/index.ts';
import { sendersDelaysNs, sendsOverLinks } from './population-latencies.ts';
import { SenderClocks } from './sender-clocks.ts';
import type { Target } from './target.ts';

export interface ContextOptions
  extends Pick<WorkerContext, 'assignment' | 'scenario' | 'target' | 'clock' | 'timers'> {
  readonly loop: EventLoop;
}

/** What all parts of a worker share. */
export class WorkerContext {
  readonly assignment: Assignment;
  readonly plan: Plan;
  readonly layout: Layout;
  readonly clients: ReadonlySet<number>;
  /** The population of each client of the run, as its index in the plan; empty where all are alike. */
  readonly populationOf: readonly number[];
  /** The link of each client of the run, as its index in the plan; empty without links. */
  readonly linkOf: ReadonlyArray<number | null>;
  /** Whether messages cross the links of their senders; null where that is unknown. */
  readonly sendsOverLinks: boolean | null;
  /** As {@link sendersDelaysNs} returns it. */
  readonly sendersDelaysNs: readonly number[];
  readonly scenario: Scenario;
  readonly target: Target;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly audience: Audience;
  readonly senderClocks: SenderClocks;
  readonly payloads: Payloads;
  readonly recorder = new Recorder();
  readonly window: ReceiveWindow;
  readonly receipts: Receipts;
  /** Measured work that failed, and functions of the target that threw. */
  readonly failed = new ReasonCounts();
  /** Why the server rejected measured messages. */
  readonly rejected = new ReasonCounts();
  /** How messages were counted where that follows from no declaration of the target; see REMARKS of replies.ts. */
  readonly remarks = new ReasonCounts();
  readonly closed = new ReasonCounts();
  /** Why messages that were received in the measured time were unexpected. */
  readonly unexpected = new ReasonCounts();
  /** Null where no client of the run comes back: nothing then has to know who was away. */
  absences: AbsencesOfClients | null = null;
  /** Set once, when measuring is scheduled. */
  measuring: MeasureWindow = NOT_MEASURING;

  constructor({ assignment, scenario, target, clock, timers, loop }: ContextOptions) {
    this.assignment = assignment;
    this.plan = assignment.plan;
    this.layout = assignment.layout;
    this.clients = new Set(assignment.clients);
    const { network } = this.plan;
    this.populationOf = populationsOfClients(this.plan);
    this.linkOf = linksOfClients(this.plan);
    this.sendsOverLinks = network === null || sendsOverLinks(target.mapping, this.layout);
    this.sendersDelaysNs = sendersDelaysNs({ ...this, ...this.layout, network });
    this.scenario = scenario;
    this.target = target;
    this.clock = clock;
    this.timers = timers;
    this.audience = new Audience(assignment.layout);
    this.senderClocks = new SenderClocks(assignment);
    this.payloads = createPayloads({
      // No two runs on one machine begin in the same nanosecond.
      key: Number(BigInt.asUintN(32, assignment.originNs)),
      contents: contentsOfRun(this.plan, this.layout),
      check: target.mapping.changesPayload === true ? 'nothing' : this.plan.verify ? 'content' : 'length',
    });
    const { headline } = assignment.plan;
    // Series that get a value of each message are looked up once.
    const uncertainty = this.recorder.series('receive_uncertainty');
    const earliest = this.recorder.series(unstalled(headline));
    const onLatency = (latencyNs: number, lateNs: number) => earliest.record(Math.max(0, latencyNs - lateNs));
    this.window = new ReceiveWindow({
      clock,
      timers,
      loop,
      onReceived: (uncertaintyNs) => {
        if (clock.nowNs() < this.measuring.startNs) return;
        uncertainty.record(uncertaintyNs);
      },
      onLatency,
    });
    this.receipts = new Receipts({
      clock,
      window: this.window,
      onStamped: (receivedNs, uncertaintyNs) => {
        if (receivedNs < this.measuring.startNs) return;
        uncertainty.record(uncertaintyNs);
      },
      onLatency,
    });
    this.recorder.series(headline).onValue = (valueNs) => this.receipts.noteLatency(valueNs);
  }

  /** Measures from `startNs`, which must lie ahead. */
  measureFrom(startNs: number): MeasureWindow {
    const { durationMs, headline } = this.plan;
    this.measuring = measureWindow(startNs, durationMs);
    this.recorder.divide(slotTimes(startNs, durationMs), samplingSeries(headline));
    return this.measuring;
  }

  /** Takes what the shards of the run have agreed on, before anything is sent. */
  meet({ key, members, clocks }: Extract<ToWorker, { type: 'meet' }>): void {
    this.payloads.useKey(key);
    this.senderClocks.compare(clocks);
    this.audience.addElsewhere(members);
  }
}

/** What entering deliveries needs of a worker. */
export type DeliveriesContext = Pick<
  WorkerContext,
  | 'plan'
  | 'populationOf'
  | 'linkOf'
  | 'sendsOverLinks'
  | 'sendersDelaysNs'
  | 'layout'
  | 'assignment'
  | 'clock'
  | 'recorder'
  | 'receipts'
  | 'unexpected'
  | 'senderClocks'
  | 'measuring'
  | 'absences'
> & { readonly audience: Pick<WorkerContext['audience'], 'local' | 'isSameNode'> };

/** Who receives what. It is empty until {@link open} is called with the connected clients. */
export class Audience {
  readonly #layout: Layout;
  /** The server process of each client whose process is known. */
  readonly #nodes = new Map<number, number>();
  #expected: readonly number[] = [];
  #local: readonly number[] = [];

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** Opens the accounts of the clients of `members` (connected to any worker) that are among `own`. */
  open(members: readonly Member[], own: ReadonlySet<number>, ledger: Ledger): void {
    const connected = new Set(members.map(({ client }) => client));
    for (const { client, node } of members) if (node !== null) this.#nodes.set(client, node);
    const { streams } = this.#layout;
    const receivers = streams.map((stream) => stream.receivers.filter((client) => connected.has(client)));
    const local = receivers.map((clients) => clients.filter((client) => own.has(client)));
    local.forEach((clients, stream) => {
      for (const client of clients) ledger.open(client, stream);
    });
    this.#expected = this.#copies(receivers);
    this.#local = this.#copies(local);
  }

  /** Adds the connected clients of the other shards, who get what the clients of this one send. */
  addElsewhere(members: readonly Member[]): void {
    const connected = new Set(members.map(({ client }) => client));
    for (const { client, node } of members) if (node !== null) this.#nodes.set(client, node);
    const elsewhere = this.#copies(
      this.#layout.streams.map(({ receivers }) => receivers.filter((client) => connected.has(client))),
    );
    this.#expected = this.#expected.map((count, stream) => count + (elsewhere[stream] ?? 0));
  }

  #copies(receivers: readonly number[][]): number[] {
    return this.#layout.streams.map((stream, index) => (receivers[index]?.length ?? 0) * copiesOf(stream));
  }

  /** How many messages the connected receivers of all workers and shards get for each one of a stream that is sent. */
  expected(stream: number): number {
    return this.#expected[stream] ?? 0;
  }

  /** The part of {@link expected} that the receivers of this worker get. */
  local(stream: number): number {
    return this.#local[stream] ?? 0;
  }

  /** Whether one process of the server serves the sender of a stream and a receiver; null where that is unknown. */
  isSameNode(stream: number, receiver: number): boolean | null {
    if (this.#nodes.size === 0) return null;
    const sender = this.#nodes.get(this.#layout.streams[stream]?.sender ?? -1);
    const own = this.#nodes.get(receiver);
    return sender === undefined || own === undefined ? null : sender === own;
  }
}
