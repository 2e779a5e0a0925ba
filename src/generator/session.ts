import { copiesOf, type Layout, type Scenario, type Stream } from '../contract/scenario.ts';
import type { Connection, Driver } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import { type Clock, createClock } from '../measure/clock.ts';
import { FanoutTracker, quietNs } from '../measure/fanout.ts';
import { Intake } from '../measure/intake.ts';
import { Ledger } from '../measure/ledger.ts';
import { ReasonCounts } from '../measure/reason-counts.ts';
import { ReceiveWindow } from '../measure/receive-window.ts';
import { Recorder } from '../measure/recorder.ts';
import type { Stamp } from '../measure/stamp.ts';
import { TelemetrySampler } from '../measure/telemetry.ts';
import { TrafficSampler } from '../measure/traffic.ts';
import { arrivalsNs } from '../plan/arrivals.ts';
import { layoutOf } from '../plan/plan.ts';
import { initialRateHz, type Profile } from '../plan/profile.ts';
import { openAccounts } from './accounts.ts';
import { Broadcasts } from './broadcasts.ts';
import { HttpPublisher } from './http-publisher.ts';
import { Iterations } from './iterations.ts';
import { joinRooms, nodeOf } from './joining.ts';
import type { Assignment, FromWorker, Member } from './messages.ts';
import { Observer } from './observer.ts';
import { Pacer, realWaiter } from './pacer.ts';
import { Performer } from './performer.ts';
import { ClientPool } from './pool.ts';
import { routeOf } from './route.ts';
import { Sender } from './sender.ts';
import { SnapshotTimer } from './snapshot-timer.ts';
import { Snapshots } from './snapshots.ts';
import type { Target } from './target.ts';

const TOTALS_EVERY_MS = 100;
/** Messages still unsent so long after the end of the schedule are given up. */
const SEND_GRACE_NS = 1e9;

/** One worker's share of a run: its clients, what they send and what they receive. */
export class Shard {
  readonly #assignment: Assignment;
  readonly #scenario: Scenario;
  readonly #target: Target;
  readonly #post: (message: FromWorker) => void;
  readonly #clock: Clock;
  readonly #recorder = new Recorder();
  readonly #ledger = new Ledger();
  readonly #layout: Layout;
  readonly #pool: ClientPool;
  readonly #window: ReceiveWindow;
  readonly #pacers: Pacer[] = [];
  readonly #fanout: FanoutTracker;
  readonly #intake: Intake;
  readonly #observer: Observer;
  readonly #performer: Performer;
  readonly #publisher: HttpPublisher;
  readonly #failed = new ReasonCounts();
  readonly #snapshots: Snapshots;
  readonly #snapshotTimer: SnapshotTimer;
  #localAudience: readonly number[] = [];
  #sender: Sender | null = null;
  #iterations: Iterations | null = null;
  #measureStartNs = Number.POSITIVE_INFINITY;

  constructor(
    assignment: Assignment,
    scenario: Scenario,
    driver: Driver,
    target: Target,
    post: (message: FromWorker) => void,
  ) {
    const { plan, url, originNs } = assignment;
    this.#assignment = assignment;
    this.#scenario = scenario;
    this.#target = target;
    this.#post = post;
    this.#clock = createClock(originNs);
    this.#layout = layoutOf(plan, scenario);
    this.#window = new ReceiveWindow(this.#clock, (lengthNs, messages) => {
      if (this.#clock.nowNs() >= this.#measureStartNs) {
        this.#recorder.recordMany('receive_uncertainty', lengthNs, messages);
      }
    });
    const broadcasts = new Broadcasts(this.#layout, this.#recorder, assignment.fanoutIsSplit);
    this.#fanout = new FanoutTracker({
      expected: (stream) => this.#localAudience[stream] ?? 0,
      onClosed: (broadcast) => broadcasts.close(broadcast),
      quietNs: quietNs(plan.drainMs),
    });
    this.#intake = new Intake({
      headline: plan.headline,
      routes: this.#layout.streams.map((stream) => routeOf(stream, plan.headline)),
      recorder: this.#recorder,
      ledger: this.#ledger,
      fanout: this.#fanout,
      window: this.#window,
      lateAfterNs: plan.lateAfterMs * 1e6,
      startedNs: this.#clock.nowNs(),
    });
    this.#intake.measureStartNs = Number.POSITIVE_INFINITY;
    this.#observer = new Observer(this.#recorder, this.#window);
    const traffic = new TrafficSampler();
    const connectOptions = (client: number) => ({
      ...target.connectOptions(target.clientOf(client), url),
      onPolled: traffic.notePoll,
    });
    this.#pool = new ClientPool({
      driver,
      clock: this.#clock,
      connectOptions,
      onOpened: (client, connection, connectNs) => {
        this.#recorder.record('connect', connectNs);
        this.#listen(client, connection);
      },
      onUpgraded: (upgradeNs) => this.#recorder.record('connect_upgraded', upgradeNs),
    });
    this.#publisher = new HttpPublisher({
      baseUrl: url,
      tls: connectOptions(0).tls ?? {},
      timeoutMs: plan.connectTimeoutMs,
    });
    this.#performer = new Performer({
      clock: this.#clock,
      plan,
      target,
      pool: this.#pool,
      recorder: this.#recorder,
      intake: this.#intake,
      publisher: this.#publisher,
      isStreaming: this.#layout.streams.some(({ operation }) => operation.kind === 'stream-reply'),
      onFailed: (reason) => this.#failed.add(reason),
    });
    this.#snapshots = new Snapshots({
      clock: this.#clock,
      recorder: this.#recorder,
      ledger: this.#ledger,
      intake: this.#intake,
      fanout: this.#fanout,
      broadcasts,
      pool: this.#pool,
      performer: this.#performer,
      observer: this.#observer,
      failed: this.#failed,
      telemetry: new TelemetrySampler(this.#clock, () =>
        this.#pacers.reduce((sum, pacer) => sum + pacer.waitingNs, 0),
      ),
      traffic,
      sender: () => this.#sender,
    });
    this.#snapshotTimer = new SnapshotTimer(this.#clock, () => this.#postSnapshot());
    this.#snapshots.rehearse(scenario.series ?? {});
  }

  /** Connects this worker's clients and listens to what they receive. */
  async connect(): Promise<void> {
    const { plan, clients, connectRateHz } = this.#assignment;
    const progress = setInterval(() => this.#postConnecting(), TOTALS_EVERY_MS);
    await this.#pool.connectAll(clients, connectRateHz);
    clearInterval(progress);
    const node = plan.target.reference?.hasNodes === true ? this.#target.mapping.node?.() : undefined;
    const members = [...this.#pool.entries()].map(
      async ([client, connection]): Promise<Member> => ({
        client,
        node: node === undefined ? null : await nodeOf(connection, node, plan.connectTimeoutMs),
      }),
    );
    this.#post({
      type: 'connected',
      members: await Promise.all(members),
      failures: this.#pool.failures.take(),
    });
  }

  /** Joins rooms and opens the accounts of the connected receivers. */
  async join(members: readonly Member[]): Promise<void> {
    const { plan } = this.#assignment;
    const failures = new ReasonCounts();
    const { join } = this.#target.mapping;
    await Promise.all(
      [...this.#pool.entries()].map(async ([number, connection]) => {
        const rooms = this.#layout.rooms[number] ?? [];
        if (rooms.length === 0 || join === undefined) return;
        const events = [join({ rooms, client: this.#target.clientOf(number) })].flat();
        const unanswered = await joinRooms(connection, events, plan.connectTimeoutMs);
        if (unanswered === null) return;
        failures.add(`no reply to "${unanswered}" (joining rooms) within ${plan.connectTimeoutMs / 1000} s`);
      }),
    );
    this.#openAccounts(members);
    this.#post({ type: 'joined', failures: failures.take() });
  }

  #openAccounts(members: readonly Member[]): void {
    const mine = new Set(this.#assignment.clients);
    const { audience, localAudience, isSameNode } = openAccounts(this.#layout, members, mine, this.#ledger);
    this.#localAudience = localAudience;
    if (this.#assignment.plan.target.reference?.hasNodes === true) this.#intake.isSameNode = isSameNode;
    const sender = new Sender({
      clock: this.#clock,
      layout: this.#layout,
      recorder: this.#recorder,
      clients: mine,
      audience,
      perform: (stream, stamp) => this.#perform(stream, stamp),
    });
    this.#sender = sender;
    this.#iterations = new Iterations({
      scenario: this.#scenario,
      plan: this.#assignment.plan,
      clock: this.#clock,
      target: this.#target,
      pool: this.#pool,
      performer: this.#performer,
      recorder: this.#recorder,
      sender,
      window: this.#window,
      failed: this.#failed,
    });
  }

  #perform(stream: Stream, stamp: Stamp): boolean {
    if (stream.operation.kind !== 'steps') return this.#performer.perform(stream, stamp);
    return this.#iterations?.begin(stream, stamp) ?? false;
  }

  /** Sends at the profile's first rate until {@link measure} says from when to measure. */
  warmUp(startNs: number): void {
    const rateHz = initialRateHz(this.#assignment.plan.profile);
    const endless: Profile = [{ durationMs: 3.6e6, fromHz: rateHz, toHz: rateHz }];
    this.#snapshotTimer.from(startNs);
    void this.#pace(endless, startNs, false);
  }

  /** Runs the measured schedule from `startNs`, which must lie ahead. */
  async measure(startNs: number): Promise<void> {
    const { plan } = this.#assignment;
    const sender = this.#requireSender();
    for (const pacer of this.#pacers) pacer.endAt(startNs);
    this.#measureStartNs = startNs;
    this.#intake.measureStartNs = startNs;
    this.#observer.measureStartNs = startNs;
    this.#observer.measureEndNs = startNs + plan.durationMs * 1e6;
    sender.measureStartNs = startNs;
    sender.sendBeforeNs = startNs + plan.durationMs * 1e6 + SEND_GRACE_NS;
    this.#snapshotTimer.from(startNs);
    const leftMs = (startNs - this.#clock.nowNs()) / 1e6 + plan.durationMs;
    setTimeout(() => this.#snapshots.cutUsage(), Math.max(0, leftMs));
    await this.#pace(plan.profile, startNs, true);
    this.#post({ type: 'sent', streams: sender.sentByStream(), unsent: sender.unsent.take() });
    setInterval(() => this.#postTotals(), TOTALS_EVERY_MS);
  }

  stop(): void {
    for (const pacer of this.#pacers) pacer.endAt(this.#clock.nowNs());
  }

  /** Hands over what is left and closes the connections. */
  async finish(): Promise<void> {
    this.#snapshotTimer.stop();
    this.#fanout.closeAll();
    this.#iterations?.giveUp();
    const { unacknowledged } = this.#performer;
    if (unacknowledged > 0) this.#failed.add('a published message was not acknowledged', unacknowledged);
    this.#warnOfGuesses();
    this.#postSnapshot();
    this.#postTotals();
    this.#post({ type: 'final', rows: this.#ledger.rows() });
    this.#publisher.close();
    await this.#pool.closeAll();
  }

  /** Where replies are missing or came twice, what had to be guessed may be timed against the wrong request. */
  #warnOfGuesses(): void {
    const { guessedReplies } = this.#performer;
    const { delivered, duplicated } = this.#ledger.totals();
    const expected = this.#sender?.sentByStream().reduce((sum, { stream, sent }) => {
      const laidOut = this.#layout.streams[stream];
      return sum + sent * (laidOut === undefined ? 0 : copiesOf(laidOut));
    }, 0);
    if (guessedReplies === 0 || (delivered === expected && duplicated === 0)) return;
    const warning =
      'replies without the payload of their request may be timed against another, since not all came once';
    this.#failed.add(warning, guessedReplies);
  }

  #listen(client: number, connection: Connection): void {
    this.#performer.listen(client, connection);
    const { observe } = this.#target.mapping;
    if (observe === undefined || this.#layout.streams.length > 0) return;
    connection.on(observe.event, (data) => {
      try {
        this.#observer.take(client, String(observe.key(data)), this.#clock.nowNs());
      } catch (error) {
        this.#failed.add(messageOf(error));
      }
    });
  }

  #requireSender(): Sender {
    if (this.#sender === null) throw new Error('measuring before joining');
    return this.#sender;
  }

  #postConnecting(): void {
    const { connected, failures } = this.#pool;
    this.#post({ type: 'connecting', connected, reason: failures.commonest });
  }

  #postTotals(): void {
    const { delivered } = this.#ledger.totals();
    const streams = this.#sender?.sentByStream() ?? [];
    this.#post({
      type: 'totals',
      delivered,
      iterating: (this.#iterations?.underWay ?? 0) + this.#performer.unacknowledged,
      streams,
    });
  }

  #pace(profile: Profile, startNs: number, measured: boolean): Promise<void> {
    const { arrival, seed } = this.#assignment.plan;
    const sender = this.#requireSender();
    const pacer = new Pacer({
      clock: this.#clock,
      waiter: realWaiter,
      arrivalsNs: arrivalsNs(profile, arrival, seed),
      startNs,
      onDue: (index, intendedNs) => sender.send(index, intendedNs, measured),
      workDone: () => this.#window.total,
      onSlack: () => this.#snapshotTimer.takeIfDue(),
    });
    this.#pacers.push(pacer);
    return pacer.run();
  }

  #postSnapshot(): void {
    this.#snapshots.take((snapshot) => this.#post({ type: 'snapshot', snapshot }));
  }
}
