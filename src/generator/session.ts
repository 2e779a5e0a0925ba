import { requireAllowedHost } from '../contract/address.ts';
import { isHolding } from '../contract/scenario.ts';
import type { Driver } from '../drivers/driver.ts';
import { ReasonCounts } from '../measure/reason-counts.ts';
import type { TelemetrySample } from '../measure/telemetry.ts';
import { callAt, handleArrived } from '../measure/timers.ts';
import type { Traffic } from '../measure/traffic.ts';
import { absencesInDrain, reportAbsences } from './absence-report.ts';
import { type Absences, absencesOf } from './absences/absences.ts';
import { type ContextOptions, WorkerContext } from './context.ts';
import { DroppedClients } from './dropped-clients.ts';
import type { CollectGarbage } from './garbage.ts';
import { HttpPublisher, publishWaiting } from './http-publisher.ts';
import { connectAll, joinAll, membersOf } from './joining.ts';
import { findTooLarge } from './message-limit.ts';
import type { FromWorker, Member, ToWorker } from './messages.ts';
import { Observer } from './observer.ts';
import { mayGather, OPERATIONS } from './operations/index.ts';
import type { OperationWorker, RunningOperation } from './operations/operation.ts';
import { waitsOf } from './pacer-waits.ts';
import type { ClientPool } from './pool.ts';
import { expectedEvents, handledEvents, ReceivedMessages } from './received-messages.ts';
import { Receiver } from './receiver.ts';
import { Sender } from './sender.ts';
import { SentMessages } from './sent-messages.ts';
import { type MeasuredPart, Snapshots } from './snapshots.ts';
import type { OwnSockets } from './sockets.ts';
import { createPool } from './worker-pool.ts';

const SAMPLE_EVERY_MS = 100;

export interface SessionOptions extends ContextOptions {
  readonly driver: Driver;
  /** Null for a driver that has its own. */
  readonly sockets: OwnSockets | null;
  readonly telemetry: { sample(pacingNs: number): TelemetrySample };
  readonly traffic: { take(): Traffic; readonly notePoll: (isEmpty: boolean) => void };
  readonly post: (message: FromWorker) => void;
  readonly collectGarbage?: CollectGarbage;
}

/** One worker's share of a run. The coordinator leads it through its phases by the messages that it handles. */
export class GeneratorSession {
  readonly #context: WorkerContext;
  readonly #options: SessionOptions;
  readonly #receiver: Receiver;
  readonly #observer: Observer;
  readonly #pool: ClientPool;
  readonly #publisher: HttpPublisher;
  readonly #messages: SentMessages;
  readonly #operations: ReadonlyMap<string, RunningOperation>;
  readonly #sender: Sender;
  readonly #snapshots: Snapshots;
  readonly #dropped: DroppedClients;
  /** Null where no client of the run comes back, and none is disturbed. */
  readonly #absences: Absences | null;
  readonly #received: ReceivedMessages;
  readonly #notLeft = new ReasonCounts();
  #stopTotals = () => {};

  constructor(options: SessionOptions) {
    const context = new WorkerContext(options);
    const loop = options.sockets?.loop ?? null;
    this.#context = context;
    this.#options = options;
    this.#received = new ReceivedMessages(handledEvents(context.target));
    this.#absences = absencesOf({
      context,
      pool: () => this.#pool,
      onGone: (client, reason) => this.#dropped.add(client, reason),
    });
    this.#receiver = new Receiver(context);
    this.#observer = new Observer(context);
    this.#snapshots = new Snapshots(context, {
      telemetry: { sample: () => options.telemetry.sample(this.#sender.pacingNs) },
      traffic: options.traffic,
      sockets: options.sockets,
      takeMeasured: (isLast) => this.#takeMeasured(isLast),
      post: (snapshot) => options.post({ type: 'snapshot', snapshot }),
    });
    const waits = waitsOf(context, loop, this.#snapshots);
    this.#messages = new SentMessages(context, (dueNs) => waits.reach(dueNs));
    this.#dropped = new DroppedClients(context.clock, context.timers, options.post);
    this.#pool = createPool(context, options, {
      known: this.#receiver.known,
      onRead: this.#received.note,
      notLeft: this.#notLeft,
      onOpened: (client, connection) => {
        this.#absences?.opened(client, connection);
        // Handlers take memory. Clients that only hold their connections have none.
        if (isHolding(context.layout)) return;
        for (const operation of this.#operations.values()) operation.listen?.(client, connection);
        this.#observer.listen(client, connection);
      },
      onDropped: (client, reason, ageNs) =>
        (this.#absences ?? this.#dropped).add(client, this.#received.explainDrop(reason), ageNs),
    });
    this.#publisher = new HttpPublisher({
      baseUrl: context.assignment.url,
      tls: context.target.tls,
      timeoutMs: context.plan.connectTimeoutMs,
      requireAllowed: (url) => requireAllowedHost(url, context.plan.target.allowRemote),
    });
    this.#operations = this.#startOperations();
    this.#sender = new Sender(context, {
      messages: this.#messages,
      connectionOf: (client) => this.#pool.connections.get(client),
      isAway: (client) => this.#absences?.log.isPlanned(client) === true,
      perform: (due, connection) => this.#operations.get(due.stream.operation.kind)?.perform(due, connection),
      waits,
    });
    context.window.onLongTurn = () => this.#postTotals();
    if (loop !== null && mayGather(context.layout)) loop.gatherNs = () => context.receipts.gatherNs();
  }

  #startOperations(): ReadonlyMap<string, RunningOperation> {
    const { plan, payloads } = this.#context;
    const worker: OperationWorker = {
      ...this.#context,
      pool: this.#pool,
      receiver: this.#receiver,
      messages: this.#messages,
      publisher: this.#publisher,
      write: (stamp, type = plan.payloadType) => payloads.write(stamp, type),
    };
    return new Map(Object.entries(OPERATIONS).map(([kind, { start }]) => [kind, start(worker)]));
  }

  noteFailure = (reason: string): void => this.#context.failed.add(reason);

  /** Reports that it can connect. A run with a warm-up rehearses first what must not cost time later. */
  start(): void {
    if (this.#context.plan.warmupMaxMs > 0) this.#snapshots.rehearse();
    const { sockets, post, collectGarbage } = this.#options;
    if (isHolding(this.#context.layout)) collectGarbage?.('everything');
    const inUse = sockets && { kind: sockets.kind, problem: sockets.problem };
    post({ type: 'ready', sockets: inUse, rssBytes: process.memoryUsage.rss() });
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
      case 'meet':
        return this.#context.meet(message);
      case 'warm-up':
        this.#snapshots.warmUp(message.startNs);
        return this.#sender.warmUp(message.startNs);
      case 'measure':
        return this.#measure(message.startNs);
      case 'stop':
        this.#absences?.stopDisturbing();
        return this.#sender.stop();
      case 'restarting':
        return this.#absences?.noteRestart(message.cause);
      case 'finish':
        return this.#finish();
    }
  }

  async #connect(): Promise<void> {
    const { post } = this.#options;
    const stop = this.#context.timers.every(SAMPLE_EVERY_MS, () => {
      const { connections, failures } = this.#pool;
      post({ type: 'connecting', connected: connections.size, reason: failures.commonest });
    });
    await connectAll(this.#context, this.#pool);
    stop();
    const members = await membersOf(this.#context, this.#pool);
    const tooLarge = await findTooLarge(this.#context, this.#pool);
    if (tooLarge !== null) post({ type: 'too-large', size: tooLarge });
    post({ type: 'connected', members, failures: this.#pool.failures.take() });
    // What connecting left would otherwise be collected in the measured time. Where memory is measured, the rest counts.
    this.#options.collectGarbage?.(isHolding(this.#context.layout) ? 'everything' : 'garbage');
  }

  async #join(members: readonly Member[]): Promise<void> {
    const failures = await joinAll(this.#context, this.#pool);
    this.#context.audience.open(members, this.#context.clients, this.#receiver.ledger);
    this.#options.post({ type: 'joined', failures });
  }

  /** Runs the measured schedule from `startNs`, which must lie ahead. */
  async #measure(startNs: number): Promise<void> {
    const { timers } = this.#context;
    const { endNs } = this.#context.measureFrom(startNs);
    this.#snapshots.measure(startNs);
    callAt(this.#context, endNs, () => this.#snapshots.cutUsage());
    this.#absences?.measure(startNs);
    const stopSampling = timers.every(SAMPLE_EVERY_MS, () => this.#receiver.sampleFreshness());
    await this.#sender.measure();
    stopSampling();
    await publishWaiting(this.#publisher, this.#context, this.#sender.stopped);
    this.#options.post({ type: 'sent', ...this.#messages.report() });
    this.#stopTotals = timers.every(SAMPLE_EVERY_MS, () => this.#postTotals());
  }

  async #finish(): Promise<void> {
    const { post } = this.#options;
    this.#stopTotals();
    this.#snapshots.stop();
    this.#absences?.stop();
    // A worker that was held up finds what arrived meanwhile beside the command to finish.
    await handleArrived(this.#context.timers);
    // Every message that this worker's clients sent came once to each receiver.
    const { delivered, duplicated } = this.#receiver.ledger.totals();
    const isExact = delivered === this.#messages.copies() && duplicated === 0;
    for (const operation of this.#operations.values()) operation.finish?.(isExact);
    this.#snapshots.take(true);
    this.#postTotals();
    this.#dropped.post();
    const { known, ledger, replies } = this.#receiver;
    const expected = expectedEvents(this.#context.target.mapping, this.#context.layout, replies.asked);
    const received = { ...this.#received.counts(known.counts()), expected };
    const absences = reportAbsences(this.#context, ledger, this.#messages.times);
    const [rows, missedFirst] = [ledger.rows(), ledger.missedFirst()];
    post({ type: 'final', rows, missedFirst, forgottenGaps: ledger.forgottenGaps, received, absences });
    this.#publisher.close();
    await this.#pool.closeAll();
    post({ type: 'closed', notLeft: this.#notLeft.take() });
  }

  #takeMeasured(isLast: boolean): MeasuredPart {
    const { failed, rejected, remarks, closed, unexpected } = this.#context;
    const { bySecond, ...received } = this.#receiver.takeReport(isLast);
    return {
      ...received,
      bySecond: [...this.#messages.takeBySecond(), ...bySecond],
      closed: closed.take(),
      failed: failed.take(),
      rejected: rejected.take(),
      remarks: remarks.take(),
      unexpected: unexpected.take(),
      ...this.#observer.take(),
    };
  }

  #postTotals(): void {
    const { delivered } = this.#receiver.ledger.totals();
    const iterating = [...this.#operations.values()].reduce((sum, { pending = 0 }) => sum + pending, 0);
    const absences = absencesInDrain(this.#context, this.#receiver.ledger, this.#messages.times);
    const streams = this.#messages.byStream();
    this.#options.post({ type: 'totals', delivered, iterating, streams, absences });
  }
}
