import type { Scenario } from '../contract/scenario.ts';
import { requireAllowedHost } from '../contract/target.ts';
import type { Connection, ConnectOptions, Driver } from '../drivers/driver.ts';
import { type Clock, type MeasureWindow, measureWindow, NOT_MEASURING } from '../measure/clock.ts';
import { quietNs } from '../measure/fanout.ts';
import { ReasonCounts } from '../measure/reason-counts.ts';
import { ReceiveWindow, Recorder } from '../measure/recorder.ts';
import { stampWriter } from '../measure/stamp.ts';
import type { TelemetrySample } from '../measure/telemetry.ts';
import type { Timers } from '../measure/timers.ts';
import type { Traffic } from '../measure/traffic.ts';
import { Audience } from './audience.ts';
import { HttpPublisher } from './http-publisher.ts';
import type { Assignment, FromWorker, Member, ToWorker } from './messages.ts';
import { Observer } from './observer.ts';
import { copiesOf, OPERATIONS } from './operations/index.ts';
import type { OperationWorker, RunningOperation } from './operations/operation.ts';
import { ClientPool, joinRooms, nodeOf } from './pool.ts';
import { Receiver } from './receiver.ts';
import { Sender } from './sender.ts';
import { SentMessages } from './sent-messages.ts';
import { type MeasuredPart, Snapshots } from './snapshots.ts';
import type { Target } from './target.ts';

const TOTALS_EVERY_MS = 100;
const PUBLISHED_EVERY_MS = 10;

export interface SessionOptions {
  readonly assignment: Assignment;
  readonly scenario: Scenario;
  readonly driver: Driver;
  readonly target: Target;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly telemetry: { sample(pacingNs: number): TelemetrySample };
  readonly traffic: { take(): Traffic; readonly notePoll: (isEmpty: boolean) => void };
  readonly post: (message: FromWorker) => void;
}

/** One worker's share of a run. The coordinator leads it through its phases by the messages that it handles. */
export class GeneratorSession {
  readonly #options: SessionOptions;
  readonly #clients: ReadonlySet<number>;
  readonly #recorder = new Recorder();
  readonly #failed = new ReasonCounts();
  readonly #closed = new ReasonCounts();
  readonly #audience: Audience;
  readonly #pool: ClientPool;
  readonly #window: ReceiveWindow;
  readonly #receiver: Receiver;
  readonly #observer: Observer;
  readonly #publisher: HttpPublisher;
  readonly #messages: SentMessages;
  readonly #operations: ReadonlyMap<string, RunningOperation>;
  readonly #sender: Sender;
  readonly #snapshots: Snapshots;
  #measuring: MeasureWindow = NOT_MEASURING;
  #stopTotals = () => {};

  constructor(options: SessionOptions) {
    const { assignment, clock, timers, telemetry, traffic, post } = options;
    const { plan, layout, clients, fanoutIsSplit } = assignment;
    this.#options = options;
    this.#clients = new Set(clients);
    const [recorder, failed, measuring] = [this.#recorder, this.#failed, () => this.#measuring];
    const audience = new Audience(layout);
    this.#audience = audience;
    this.#window = new ReceiveWindow(clock, timers, (lengthNs, messages) => {
      if (clock.nowNs() < this.#measuring.startNs) return;
      recorder.recordMany('receive_uncertainty', lengthNs, messages);
    });
    const receiving = { clock, recorder, window: this.#window, measuring, failed };
    this.#receiver = new Receiver({ ...receiving, plan, layout, audience, fanoutIsSplit });
    this.#observer = new Observer({ ...receiving, clientCount: clients.length });
    this.#pool = this.#createPool();
    this.#publisher = this.#createPublisher();
    this.#messages = new SentMessages({
      clock,
      layout,
      recorder,
      measuring,
      audience: (stream) => audience.total(stream),
    });
    this.#operations = this.#startOperations();
    this.#sender = this.#createSender();
    this.#snapshots = new Snapshots({
      clock,
      timers,
      recorder,
      telemetry: { sample: () => telemetry.sample(this.#sender.pacingNs) },
      traffic,
      takeMeasured: (isLast) => this.#takeMeasured(isLast),
      post: (snapshot) => post({ type: 'snapshot', snapshot }),
    });
  }

  #createPool(): ClientPool {
    const { driver, clock, timers } = this.#options;
    return new ClientPool({
      driver,
      clock,
      timers,
      connectOptions: (client) => this.#connectOptions(client),
      onOpened: (client, connection, connectNs) => {
        this.#listen(client, connection);
        this.#recorder.record('connect', connectNs);
      },
      onUpgraded: (upgradeNs) => this.#recorder.record('connect_upgraded', upgradeNs),
    });
  }

  #connectOptions(client: number): ConnectOptions {
    const { target, traffic, assignment } = this.#options;
    return {
      ...target.connectOptions(target.clientOf(client), assignment.url),
      onPolled: traffic.notePoll,
      forgetAfterMs: quietNs(assignment.plan.drainMs) / 1e6,
    };
  }

  #createPublisher(): HttpPublisher {
    const { plan, url } = this.#options.assignment;
    return new HttpPublisher({
      baseUrl: url,
      tls: this.#connectOptions(0).tls ?? {},
      timeoutMs: plan.connectTimeoutMs,
      requireAllowed: (address) => requireAllowedHost(address, plan.target.allowRemote),
    });
  }

  #startOperations(): ReadonlyMap<string, RunningOperation> {
    const { assignment, scenario, target, clock, timers } = this.#options;
    const { plan, layout } = assignment;
    const { payloadBytes, payloadType } = plan;
    const writers = { text: stampWriter('text', payloadBytes), binary: stampWriter('binary', payloadBytes) };
    const worker: OperationWorker = {
      scenario,
      plan,
      layout,
      clock,
      timers,
      target,
      pool: this.#pool,
      recorder: this.#recorder,
      receiver: this.#receiver,
      messages: this.#messages,
      publisher: this.#publisher,
      failed: this.#failed,
      closed: this.#closed,
      write: (stamp, type = payloadType) => writers[type](stamp),
    };
    return new Map(Object.values(OPERATIONS).map(({ kind, start }) => [kind, start(worker)]));
  }

  #createSender(): Sender {
    const { assignment, clock, timers } = this.#options;
    return new Sender({
      clock,
      timers,
      plan: assignment.plan,
      layout: assignment.layout,
      clients: this.#clients,
      messages: this.#messages,
      connectionOf: (client) => this.#pool.connection(client),
      perform: (message, connection) =>
        this.#operations.get(message.stream.operation.kind)?.perform(message, connection),
      workDone: () => this.#window.total,
      onSlack: () => this.#snapshots.takeIfDue(),
    });
  }

  #listen(client: number, connection: Connection): void {
    const { target, assignment } = this.#options;
    const { observe } = target.mapping;
    for (const operation of this.#operations.values()) operation.listen?.(client, connection);
    if (observe !== undefined && assignment.layout.streams.length === 0) {
      this.#observer.listen(client, connection, observe);
    }
  }

  /** Takes snapshots of made-up values before the first real one, so that their cost does not fall into measuring. */
  rehearse(): void {
    this.#snapshots.rehearse(this.#options.scenario.series ?? {});
  }

  /** Handles every message but `assign`, by which the session was made. Rejects when a phase cannot go on. */
  async handle(message: ToWorker): Promise<void> {
    switch (message.type) {
      case 'assign':
        throw new Error('a worker is assigned once');
      case 'connect':
        return this.#connect();
      case 'join':
        return this.#join(message.members);
      case 'warm-up':
        this.#snapshots.from(message.startNs);
        this.#sender.warmUp(message.startNs);
        return;
      case 'measure':
        return this.#measure(message.startNs);
      case 'stop':
        this.#sender.stop();
        return;
      case 'finish':
        return this.#finish();
    }
  }

  /** Connects this worker's clients, which listen from then on. */
  async #connect(): Promise<void> {
    const { assignment, timers, target, post } = this.#options;
    const { plan, clients, connectRateHz } = assignment;
    const stop = timers.every(TOTALS_EVERY_MS, () => {
      const { connected, failures } = this.#pool;
      post({ type: 'connecting', connected, reason: failures.commonest });
    });
    await this.#pool.connectAll(clients, connectRateHz);
    stop();
    const node = plan.target.reference?.hasNodes === true ? target.mapping.node?.() : undefined;
    const members = [...this.#pool.entries()].map(
      async ([client, connection]): Promise<Member> => ({
        client,
        node: node === undefined ? null : await nodeOf(connection, node, plan.connectTimeoutMs, timers),
      }),
    );
    post({ type: 'connected', members: await Promise.all(members), failures: this.#pool.failures.take() });
  }

  /** Joins rooms and opens the accounts of the connected receivers. */
  async #join(members: readonly Member[]): Promise<void> {
    const { assignment, target, clock, timers, post } = this.#options;
    const { plan, layout } = assignment;
    const failures = new ReasonCounts();
    const { join } = target.mapping;
    await Promise.all(
      [...this.#pool.entries()].map(async ([number, connection]) => {
        const rooms = layout.rooms[number] ?? [];
        if (rooms.length === 0 || join === undefined) return;
        const events = [join({ rooms, client: target.clientOf(number) })].flat();
        const unanswered = await joinRooms(connection, events, plan.connectTimeoutMs, clock, timers);
        if (unanswered === null) return;
        failures.add(`no reply to "${unanswered}" (joining rooms) within ${plan.connectTimeoutMs / 1000} s`);
      }),
    );
    this.#audience.open(members, this.#clients, this.#receiver.ledger);
    post({ type: 'joined', failures: failures.take() });
  }

  /** Runs the measured schedule from `startNs`, which must lie ahead. */
  async #measure(startNs: number): Promise<void> {
    const { assignment, clock, timers, post } = this.#options;
    this.#measuring = measureWindow(startNs, assignment.plan.durationMs);
    this.#snapshots.from(startNs);
    timers.after(Math.max(0, this.#measuring.endNs - clock.nowNs()) / 1e6, () => this.#snapshots.cutUsage());
    await this.#sender.measure(this.#measuring);
    await this.#publishWaiting();
    post({ type: 'sent', streams: this.#messages.byStream(), unsent: this.#messages.unsent.take() });
    this.#stopTotals = timers.every(TOTALS_EVERY_MS, () => this.#postTotals());
  }

  /** Waits until messages that wait for an HTTP connection are sent, and drops those that would be too late. */
  async #publishWaiting(): Promise<void> {
    const { clock, timers } = this.#options;
    const isStopped = this.#sender.stopped.then(() => true);
    while (this.#publisher.waiting > 0 && clock.nowNs() < this.#measuring.sendBeforeNs) {
      if (await Promise.race([isStopped, timers.sleep(PUBLISHED_EVERY_MS)])) break;
    }
    this.#publisher.dropWaiting();
  }

  /** Reports what is left and closes the connections. */
  async #finish(): Promise<void> {
    const { post } = this.#options;
    this.#stopTotals();
    this.#snapshots.stop();
    const isExact = this.#isExact();
    for (const operation of this.#operations.values()) operation.finish?.(isExact);
    this.#snapshots.take(true);
    this.#postTotals();
    post({ type: 'final', rows: this.#receiver.ledger.rows() });
    this.#publisher.close();
    await this.#pool.closeAll();
    post({ type: 'closed' });
  }

  /** Whether every message that this worker's clients sent came once to each receiver. */
  #isExact(): boolean {
    const { streams } = this.#options.assignment.layout;
    const { delivered, duplicated } = this.#receiver.ledger.totals();
    const expected = this.#messages.byStream().reduce((sum, { stream, sent }) => {
      const laidOut = streams[stream];
      return sum + sent * (laidOut === undefined ? 0 : copiesOf(laidOut));
    }, 0);
    return delivered === expected && duplicated === 0;
  }

  #takeMeasured(isLast: boolean): MeasuredPart {
    const { bySecond, ...received } = this.#receiver.takeReport(isLast);
    return {
      ...received,
      bySecond: [...this.#messages.takeBySecond(), ...bySecond],
      dropped: this.#pool.dropped.take(),
      closed: this.#closed.take(),
      failed: this.#failed.take(),
      pushes: this.#observer.takeArrivals(this.#options.clock.nowNs()),
    };
  }

  #postTotals(): void {
    const { delivered } = this.#receiver.ledger.totals();
    const iterating = [...this.#operations.values()].reduce((sum, { pending = 0 }) => sum + pending, 0);
    this.#options.post({ type: 'totals', delivered, iterating, streams: this.#messages.byStream() });
  }
}
