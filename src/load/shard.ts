import type { ConnectOptions, Driver } from '../drivers/driver.ts';
import { type Clock, createClock } from '../measure/clock.ts';
import { type ClosedBroadcast, FanoutTracker, quietNs } from '../measure/fanout.ts';
import { Intake, recordBroadcast } from '../measure/intake.ts';
import { Ledger } from '../measure/ledger.ts';
import { ReceiveWindow } from '../measure/receive-window.ts';
import { Recorder } from '../measure/recorder.ts';
import { SERIES } from '../measure/series.ts';
import { stampWriter } from '../measure/stamp.ts';
import { TelemetrySampler } from '../measure/telemetry.ts';
import type { Plan } from '../plan.ts';
import type { Layout, Scenario } from '../scenario.ts';
import { chatMapping } from '../target.ts';
import { arrivalsNs } from './arrivals.ts';
import type { Assignment, FromWorker, SecondCounts, Snapshot } from './messages.ts';
import { Pacer, realWaiter } from './pacer.ts';
import { ClientPool, ReasonCounts } from './pool.ts';
import { initialRateHz, type Profile } from './profile.ts';
import { Sender } from './sender.ts';
import { SnapshotTimer } from './snapshot-timer.ts';

const REHEARSALS = 20;
const TOTALS_EVERY_MS = 100;
/** Messages still unsent so long after the end of the schedule are given up. */
const SEND_GRACE_NS = 1e9;

/** One worker's share of a run: its clients, what they send and what they receive. */
export class Shard {
  readonly #assignment: Assignment;
  readonly #post: (message: FromWorker) => void;
  readonly #clock: Clock;
  readonly #recorder = new Recorder();
  readonly #ledger = new Ledger();
  readonly #layout: Layout;
  readonly #pool: ClientPool;
  readonly #window: ReceiveWindow;
  readonly #telemetry: TelemetrySampler;
  readonly #pacers: Pacer[] = [];
  readonly #closed: ClosedBroadcast[] = [];
  readonly #fanout: FanoutTracker | null;
  readonly #intake: Intake;
  #localAudience: readonly number[] = [];
  readonly #snapshots: SnapshotTimer;
  #sender: Sender | null = null;
  #incompleteBroadcasts = 0;
  #measureStartNs = Number.POSITIVE_INFINITY;
  #snapshotStartNs = 0;
  #snapshotCostMs = 0;

  constructor(
    assignment: Assignment,
    scenario: Scenario,
    driver: Driver,
    post: (message: FromWorker) => void,
  ) {
    const { plan, url, originNs } = assignment;
    this.#assignment = assignment;
    this.#post = post;
    this.#clock = createClock(originNs);
    this.#layout = scenario.layout(plan.scenarioOptions, plan.clients);
    this.#window = new ReceiveWindow(this.#clock, (lengthNs, messages) => {
      if (this.#clock.nowNs() >= this.#measureStartNs) {
        this.#recorder.recordMany('receive_uncertainty', lengthNs, messages);
      }
    });
    this.#fanout =
      scenario.headline === 'delivery'
        ? new FanoutTracker({
            expected: (stream) => this.#localAudience[stream] ?? 0,
            onClosed: (broadcast) => this.#closeBroadcast(broadcast),
            quietNs: quietNs(plan.drainMs),
          })
        : null;
    this.#intake = new Intake({
      headline: scenario.headline,
      recorder: this.#recorder,
      ledger: this.#ledger,
      fanout: this.#fanout,
      window: this.#window,
      lateAfterNs: plan.lateAfterMs * 1e6,
      startedNs: this.#clock.nowNs(),
    });
    this.#pool = new ClientPool({
      driver,
      clock: this.#clock,
      connectOptions: () => connectOptionsOf(plan, url),
      onConnected: (connectNs) => this.#recorder.record('connect', connectNs),
    });
    this.#telemetry = new TelemetrySampler(this.#clock, () =>
      this.#pacers.reduce((sum, pacer) => sum + pacer.waitingNs, 0),
    );
    this.#snapshots = new SnapshotTimer(this.#clock, () => this.#postSnapshot());
    this.#rehearseSnapshots();
  }

  /** Connects this worker's clients and listens to what they receive. */
  async connect(): Promise<void> {
    const progress = setInterval(() => this.#postConnecting(), TOTALS_EVERY_MS);
    await this.#pool.connectAll(this.#assignment.clients, this.#assignment.connectRateHz);
    clearInterval(progress);
    for (const [client, connection] of this.#pool.entries()) {
      connection.on(chatMapping.deliveryEvent, (payload) => this.#take(client, payload));
      connection.answer(chatMapping.askEvent, (data) => data);
    }
    this.#post({
      type: 'connected',
      clients: [...this.#pool.entries().keys()],
      failures: this.#pool.failures.take(),
    });
  }

  /** Joins rooms and opens the accounts of the connected receivers. */
  async join(members: readonly number[]): Promise<void> {
    const { plan } = this.#assignment;
    const connected = new Set(members);
    const failures = new ReasonCounts();
    await Promise.all(
      [...this.#pool.entries().keys()].map(async (client) => {
        const rooms = this.#layout.rooms[client] ?? [];
        if (rooms.length > 0 && !(await this.#joinRooms(client, rooms))) {
          failures.add(`no acknowledgement of joining rooms within ${plan.connectTimeoutMs / 1000} s`);
        }
      }),
    );
    const receivers = this.#layout.streams.map((stream) =>
      stream.receivers.filter((client) => connected.has(client)),
    );
    const mine = new Set(this.#assignment.clients);
    const local = receivers.map((clients) => clients.filter((client) => mine.has(client)));
    this.#localAudience = local.map((clients) => clients.length);
    local.forEach((clients, stream) => {
      for (const client of clients) this.#ledger.open(client, stream);
    });
    this.#sender = new Sender({
      clock: this.#clock,
      pool: this.#pool,
      layout: this.#layout,
      mapping: chatMapping,
      writeStamp: stampWriter(plan.payloadType, plan.payloadBytes),
      recorder: this.#recorder,
      clients: mine,
      audience: receivers.map((clients) => clients.length),
      onReply: (client, payload) => this.#take(client, payload),
    });
    this.#post({ type: 'joined', failures: failures.take() });
  }

  /** Sends at the profile's first rate until {@link measure} says from when to measure. */
  warmUp(startNs: number): void {
    const rateHz = initialRateHz(this.#assignment.plan.profile);
    const endless: Profile = [{ durationMs: 3.6e6, fromHz: rateHz, toHz: rateHz }];
    this.#snapshots.from(startNs);
    void this.#pace(endless, startNs, false);
  }

  /** Runs the measured schedule from `startNs`, which must lie ahead. */
  async measure(startNs: number): Promise<void> {
    const { plan } = this.#assignment;
    const sender = this.#requireSender();
    for (const pacer of this.#pacers) pacer.endAt(startNs);
    this.#measureStartNs = startNs;
    this.#intake.measureStartNs = startNs;
    sender.measureStartNs = startNs;
    sender.sendBeforeNs = startNs + plan.durationMs * 1e6 + SEND_GRACE_NS;
    this.#snapshots.from(startNs);
    await this.#pace(plan.profile, startNs, true);
    this.#post({ type: 'sent', streams: sender.sentByStream(), unsent: sender.unsent.take() });
    setInterval(
      () => this.#post({ type: 'totals', delivered: this.#ledger.totals().delivered }),
      TOTALS_EVERY_MS,
    );
  }

  stop(): void {
    for (const pacer of this.#pacers) pacer.endAt(this.#clock.nowNs());
  }

  /** Hands over what is left and closes the connections. */
  async finish(): Promise<void> {
    this.#snapshots.stop();
    this.#fanout?.closeAll();
    this.#postSnapshot();
    this.#post({ type: 'final', rows: this.#ledger.rows() });
    await this.#pool.closeAll();
  }

  /**
   * The first snapshots cost some milliseconds of allocating and compiling, which must not fall into the
   * measuring: they are taken of made-up values, from 1 ns to 3 s, and thrown away.
   */
  #rehearseSnapshots(): void {
    for (let rehearsal = 0; rehearsal < REHEARSALS; rehearsal++) {
      for (const { name } of SERIES) {
        for (let step = 0; step < 450; step++) this.#recorder.record(name, Math.round(1.05 ** step));
      }
      this.#takeSnapshot();
    }
  }

  #take(client: number, payload: unknown): void {
    this.#intake.take(client, payload, this.#clock.nowNs());
  }

  #requireSender(): Sender {
    if (this.#sender === null) throw new Error('measuring before joining');
    return this.#sender;
  }

  #postConnecting(): void {
    this.#post({ type: 'connecting', connected: this.#pool.connected, failed: this.#pool.failed });
  }

  #joinRooms(client: number, rooms: readonly string[]): Promise<boolean> {
    const { event, data } = chatMapping.join(rooms);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), this.#assignment.plan.connectTimeoutMs);
      this.#pool.connection(client)?.request(event, data, () => {
        clearTimeout(timer);
        resolve(true);
      });
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
      onSlack: () => this.#snapshots.takeIfDue(),
    });
    this.#pacers.push(pacer);
    return pacer.run();
  }

  #closeBroadcast(broadcast: ClosedBroadcast): void {
    if (this.#assignment.fanoutIsSplit) {
      this.#closed.push(broadcast);
      return;
    }
    if (broadcast.latenciesNs.length < broadcast.expected) this.#incompleteBroadcasts += 1;
    recordBroadcast(this.#recorder, broadcast);
  }

  #postSnapshot(): void {
    const startedMs = performance.now();
    this.#fanout?.closeQuiet(this.#clock.nowNs());
    this.#post({ type: 'snapshot', snapshot: this.#takeSnapshot() });
    this.#snapshotCostMs = performance.now() - startedMs;
  }

  #takeSnapshot(): Snapshot {
    const endNs = this.#clock.nowNs();
    const snapshot: Snapshot = {
      startNs: this.#snapshotStartNs,
      endNs,
      recorded: this.#recorder.take(),
      totals: this.#ledger.totals(),
      bySecond: this.#takeBySecond(),
      broadcasts: this.#closed.splice(0),
      incompleteBroadcasts: this.#incompleteBroadcasts,
      dropped: this.#pool.dropped.take(),
      telemetry: this.#telemetry.sample(),
      snapshotCostMs: this.#snapshotCostMs,
    };
    this.#incompleteBroadcasts = 0;
    this.#snapshotStartNs = endNs;
    return snapshot;
  }

  #takeBySecond(): SecondCounts[] {
    const none = { intended: 0, sent: 0, owed: 0 };
    const sent = (this.#sender?.takeBySecond() ?? []).map(([second, counts]) => ({
      second,
      ...counts,
      delivered: 0,
    }));
    const arrived = this.#intake
      .takeDeliveredBySecond()
      .map(([second, delivered]) => ({ second, ...none, delivered }));
    return [...sent, ...arrived];
  }
}

/** How the plan has clients connect. */
function connectOptionsOf(plan: Plan, url: string): ConnectOptions {
  const { namespace } = plan.target;
  const { parser, pollInterval } = plan.settings;
  return {
    url,
    transport: plan.transport,
    timeoutMs: plan.connectTimeoutMs,
    compression: plan.settings.compression === 'on',
    ...(namespace === null ? {} : { namespace }),
    ...(parser === null ? {} : { parser }),
    ...(pollInterval === null ? {} : { pollIntervalMs: pollInterval }),
  };
}
