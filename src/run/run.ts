import { setTimeout as delay } from 'node:timers/promises';
import { isObserving, type Scenario } from '../contract/scenario.ts';
import { EXIT, SockbenchError } from '../errors.ts';
import type { FromWorker, ToWorker } from '../generator/messages.ts';
import { lowerOwnPriority } from '../generator/priority.ts';
import { type Clock, createClock, readOriginNs } from '../measure/clock.ts';
import { quietNs } from '../measure/fanout.ts';
import { fanoutIsSplit, spreadClients } from '../plan/partition.ts';
import { layoutOf, type Plan } from '../plan/plan.ts';
import type { FindingCode } from '../result/findings.ts';
import type { Finding, RunResult } from '../result/run-result.ts';
import { formatDurationMs } from '../units.ts';
import { type Affinity, chooseAffinity, pinned } from './affinity.ts';
import { assembleResult } from './assemble.ts';
import { Collector } from './collector.ts';
import { hasOnlyFailures, refuseUnjoined, refuseUnreachable } from './diagnose/unreachable.ts';
import { readSystemCounters, type SystemCounters } from './environment.ts';
import { Membership } from './membership.ts';
import type { Phase, Progress } from './progress.ts';
import type { RunRecord } from './record.ts';
import type { ServerProcess } from './server/server-process.ts';
import { startServer } from './server/start.ts';
import { ServerTelemetry } from './server/telemetry.ts';
import { rehearseTimeline } from './timeline.ts';
import { warmUp } from './warm-up.ts';
import { Workers } from './workers.ts';

const PROGRESS_EVERY_MS = 250;
/** Time for a command to reach every worker before what it says is due. */
const LEAD_NS = 150e6;
/** Snapshots come every second, so that a message of the last two may have arrived without being known. */
const MISSING_AFTER_S = 2;
/** After the last delivery that was owed, duplicates may still come. */
const DUPLICATES_WAIT_MS = 200;
/** Pushes are told of in snapshots: until the next one, nobody knows whether the last of them reached everyone. */
const PUSHES_WAIT_MS = 1200;
/** Time for a worker to tell of a failure after it happened. */
const REPORT_WITHIN_MS = 250;
/** Time for the workers to stop sending, or to close their connections. */
const STOP_WITHIN_MS = 2000;
/** A worker that has not answered for so long after it should have is taken for hung. */
const HUNG_AFTER_MS = 8000;

export interface RunHooks {
  readonly onProgress: (progress: Progress) => void;
  /** Aborting ends the measuring early; what was measured is kept and marked partial. */
  readonly signal: AbortSignal;
  /** Arguments of the command line, to be stored. */
  readonly commandLine: readonly string[];
}

/**
 * Carries out a plan: starts the server and the workers, connects, warms up, measures, drains, collects.
 * Throws a SockbenchError when nothing could be measured; otherwise resolves to a result, however it ended.
 */
export async function runPlan(plan: Plan, scenario: Scenario, hooks: RunHooks): Promise<RunResult> {
  const run = new Run(plan, scenario, hooks);
  try {
    return await run.execute();
  } finally {
    await run.cleanUp();
  }
}

/** A timeout that does not keep the process alive once what it guards has come. */
function timeoutAfter(durationMs: number): Promise<'timeout'> {
  return delay(durationMs, 'timeout', { ref: false });
}

class Run {
  readonly #plan: Plan;
  readonly #scenario: Scenario;
  readonly #hooks: RunHooks;
  readonly #membership: Membership;
  readonly #originNs = readOriginNs();
  readonly #clock: Clock = createClock(this.#originNs);
  readonly #startedAt = new Date();
  readonly #affinity: Affinity;
  readonly #collector: Collector;
  readonly #abortReasons: Finding[] = [];
  readonly #notes: Finding[] = [];
  readonly #deadWorkers: number[] = [];
  readonly #timing = { startMs: 0, connectMs: 0, warmupMs: 0, measureMs: 0, drainMs: 0, collectMs: 0 };
  readonly #cut: Promise<'cut'>;
  #resolveCut: () => void = () => {};
  #telemetry: ServerTelemetry | null = null;
  #server: ServerProcess | null = null;
  #workers: Workers | null = null;
  #phase: Phase = 'start';
  #phaseStartedMs = performance.now();
  #measureStartNs = 0;
  #measuredMs = 0;
  #serverDied = false;
  #url = '';
  #counters: SystemCounters = readSystemCounters();

  constructor(plan: Plan, scenario: Scenario, hooks: RunHooks) {
    this.#plan = plan;
    this.#scenario = scenario;
    this.#hooks = hooks;
    const layout = layoutOf(plan, scenario);
    this.#membership = new Membership(layout, spreadClients(layout, plan.clients, plan.workers));
    const { affinity, problem } = chooseAffinity(plan.workers, plan.pin);
    this.#affinity = affinity;
    if (problem !== null) {
      const message = `server and generator were not kept on CPUs of their own: ${problem}`;
      this.#notes.push({ code: 'not_pinned', message });
    }
    this.#collector = new Collector(this.#membership, quietNs(plan.drainMs));
    this.#cut = new Promise((resolve) => {
      this.#resolveCut = () => resolve('cut');
    });
    if (hooks.signal.aborted) this.#abort('interrupted', 'stopped by the user');
    hooks.signal.addEventListener('abort', () => this.#abort('interrupted', 'stopped by the user'), {
      once: true,
    });
  }

  async execute(): Promise<RunResult> {
    const progress = setInterval(() => this.#report(), PROGRESS_EVERY_MS);
    try {
      await this.#timed('start', 'startMs', () => this.#start());
      await this.#timed('connect', 'connectMs', () => this.#connect());
      const warmup = await this.#timed('warm-up', 'warmupMs', () => this.#warmUp());
      await this.#timed('measure', 'measureMs', () => this.#measure());
      await this.#timed('drain', 'drainMs', () => this.#drain());
      await this.#timed('collect', 'collectMs', () => this.#collect());
      return assembleResult(this.#record(warmup));
    } finally {
      clearInterval(progress);
    }
  }

  /** Ends whatever still runs, however the run went. */
  async cleanUp(): Promise<void> {
    this.#workers?.kill();
    this.#telemetry?.close();
    await this.#server?.stop();
  }

  async #timed<T>(phase: Phase, key: keyof RunResult['timing'], work: () => Promise<T>): Promise<T> {
    this.#phase = phase;
    this.#phaseStartedMs = performance.now();
    this.#report();
    const done = await work();
    this.#timing[key] = performance.now() - this.#phaseStartedMs;
    return done;
  }

  async #start(): Promise<void> {
    this.#telemetry = await ServerTelemetry.open(this.#originNs);
    this.#workers = new Workers(
      this.#plan.workers,
      (worker, command) => pinned(this.#affinity.workers[worker] ?? null, command),
      {
        onMessage: (worker, message) => this.#collector.onMessage(worker, message),
        onDied: (worker, reason) => this.#loseWorker(worker, reason),
      },
    );
    const server = await startServer(this.#plan, {
      cpus: this.#affinity.server,
      env: this.#telemetry.env,
      onDied: (reason) => {
        this.#serverDied = true;
        this.#abort('server_died', `the server ended during the run with ${reason}`);
      },
    });
    this.#server = server.process;
    if (this.#server !== null) this.#telemetry.watch(this.#server);
    this.#url = server.url;
    this.#notes.push(...server.notes);
    await this.#assign();
    lowerOwnPriority();
    rehearseTimeline();
  }

  async #assign(): Promise<void> {
    const { layout, spread } = this.#membership;
    const isSplit = fanoutIsSplit(layout, spread);
    this.#workers?.assign(
      spread.map((clients) => ({
        plan: this.#plan,
        url: this.#url,
        originNs: this.#originNs,
        clients,
        connectRateHz: (this.#plan.connectRateHz * clients.length) / this.#plan.clients,
        fanoutIsSplit: isSplit,
      })),
    );
    await this.#untilAll('ready', Math.max(this.#plan.connectTimeoutMs, HUNG_AFTER_MS));
  }

  async #connect(): Promise<void> {
    const { clients, connectRateHz, connectTimeoutMs } = this.#plan;
    this.#send({ type: 'connect' });
    const all = this.#untilAll(
      'connected',
      (clients / connectRateHz) * 1000 + connectTimeoutMs + HUNG_AFTER_MS,
    );
    await Promise.race([all, timeoutAfter(connectTimeoutMs + REPORT_WITHIN_MS)]);
    this.#failIfAborted();
    if (hasOnlyFailures(this.#collector)) await this.#refuseUnreachable();
    await all;
    this.#failIfAborted();
    if (this.#membership.connected.length === 0) await this.#refuseUnreachable();
    this.#send({ type: 'join', members: this.#membership.connected });
    await this.#untilAll('joined', connectTimeoutMs + HUNG_AFTER_MS);
    this.#failIfAborted();
    const joining = this.#membership.connected.filter(
      ({ client }) => (this.#membership.layout.rooms[client] ?? []).length > 0,
    );
    if (joining.length > 0 && this.#collector.joinFailures.total >= joining.length) {
      refuseUnjoined(this.#url, this.#collector);
    }
  }

  #refuseUnreachable(): Promise<never> {
    const leftMs = this.#plan.connectTimeoutMs - (performance.now() - this.#phaseStartedMs);
    return refuseUnreachable(this.#plan, this.#url, this.#collector, leftMs);
  }

  /** A run that was cut before anything was measured has no result. */
  #failIfAborted(): void {
    const [cause] = this.#abortReasons;
    if (cause === undefined) return;
    throw new SockbenchError({
      code: cause.code.toUpperCase(),
      message: `nothing was measured: ${cause.message}`,
      exitCode: EXIT.invalid,
    });
  }

  async #warmUp(): Promise<RunResult['warmup']> {
    const startNs = this.#clock.nowNs() + LEAD_NS;
    this.#collector.warmUpFrom(startNs);
    if (this.#plan.warmupMaxMs > 0) this.#send({ type: 'warm-up', startNs });
    const warmup = await warmUp({
      plan: this.#plan,
      elapsedMs: () => (this.#clock.nowNs() - startNs) / 1e6,
      mediansNs: () => this.#collector.warmupMediansNs(this.#workers?.alive ?? 0),
      leadMs: LEAD_NS / 1e6,
      cut: this.#cut,
    });
    this.#failIfAborted();
    return warmup;
  }

  async #measure(): Promise<void> {
    this.#measureStartNs = this.#clock.nowNs() + LEAD_NS;
    this.#collector.measureFrom(this.#measureStartNs, this.#plan.durationMs);
    this.#send({ type: 'measure', startNs: this.#measureStartNs });
    await delay(LEAD_NS / 1e6);
    this.#timing.warmupMs += LEAD_NS / 1e6;
    this.#phaseStartedMs = performance.now();
    this.#counters = readSystemCounters();
    this.#telemetry?.sampleNow();
    const endMs = this.#phaseStartedMs + this.#plan.durationMs;
    await this.#untilAll('sent', this.#plan.durationMs + HUNG_AFTER_MS);
    await Promise.race([timeoutAfter(Math.max(0, endMs - performance.now())), this.#cut]);
    this.#measuredMs = Math.min(this.#plan.durationMs, performance.now() - this.#phaseStartedMs);
    this.#telemetry?.sampleNow();
    if (this.#abortReasons.length > 0) {
      this.#send({ type: 'stop' });
      await Promise.race([this.#workers?.all('sent'), timeoutAfter(STOP_WITHIN_MS)]);
    }
  }

  /** Waits for what is still owed, then a moment for duplicates; a dead server sends nothing more. */
  async #drain(): Promise<void> {
    const deadlineMs = performance.now() + this.#plan.drainMs;
    const settleMs = isObserving(this.#membership.layout) ? PUSHES_WAIT_MS : DUPLICATES_WAIT_MS;
    let completeSinceMs: number | null = null;
    while (performance.now() < deadlineMs && !this.#serverDied) {
      await delay(20);
      const living = this.#collector.workers.filter((_, worker) => !this.#deadWorkers.includes(worker));
      const delivered = living.reduce((sum, worker) => sum + worker.delivered, 0);
      const iterating = living.reduce((sum, worker) => sum + worker.iterating, 0);
      const expected = this.#membership.expected(this.#collector.sent());
      const isOwed = delivered < expected.total - expected.silent || iterating > 0;
      if (isOwed || this.#collector.pushes.incomplete > 0) continue;
      completeSinceMs ??= performance.now();
      if (performance.now() - completeSinceMs >= settleMs) break;
    }
  }

  async #collect(): Promise<void> {
    this.#telemetry?.sampleNow();
    this.#send({ type: 'finish' });
    await Promise.race([this.#workers?.all('final'), timeoutAfter(HUNG_AFTER_MS)]);
    this.#collector.finish();
    await Promise.race([this.#workers?.all('closed'), timeoutAfter(STOP_WITHIN_MS)]);
  }

  #send(message: ToWorker): void {
    this.#workers?.sendAll(message);
  }

  /** Waits for every living worker, but no longer than the run lasts; a hung worker cuts the run. */
  async #untilAll(type: FromWorker['type'], timeoutMs: number): Promise<void> {
    if (this.#workers === null) return;
    const end = await Promise.race([this.#workers.all(type), this.#cut, timeoutAfter(timeoutMs)]);
    if (end === 'timeout') {
      const waited = formatDurationMs(timeoutMs);
      this.#abort('worker_hung', `a generator process had not answered after ${waited}`);
    }
  }

  #abort(code: FindingCode, message: string): void {
    if (this.#phase === 'drain' || this.#phase === 'collect') {
      if (code === 'interrupted') return;
    }
    this.#abortReasons.push({ code, message });
    this.#resolveCut();
  }

  #loseWorker(worker: number, reason: string): void {
    this.#membership.loseWorker(worker);
    this.#deadWorkers.push(worker);
    this.#abort('worker_died', `generator process ${worker + 1} ended with ${reason}`);
  }

  #report(): void {
    const { timeline, workers } = this.#collector;
    const headline = timeline.series.get(this.#plan.headline);
    this.#hooks.onProgress({
      phase: this.#phase,
      elapsedMs: performance.now() - this.#phaseStartedMs,
      plan: this.#plan,
      connected: workers.reduce((sum, { connected }) => sum + connected, 0),
      counts: timeline.counts(),
      missing: timeline.missingBefore(
        Math.floor((this.#clock.nowNs() - this.#measureStartNs) / 1e9) - MISSING_AFTER_S,
      ),
      p50Ns: headline?.quantileNs(0.5) ?? null,
      p99Ns: headline?.quantileNs(0.99) ?? null,
    });
  }

  #record(warmup: RunResult['warmup']): RunRecord {
    return {
      plan: this.#plan,
      scenario: this.#scenario,
      membership: this.#membership,
      startedAt: this.#startedAt,
      commandLine: this.#hooks.commandLine,
      affinity: { ...this.#affinity, server: this.#server === null ? null : this.#affinity.server },
      collector: this.#collector,
      deadWorkers: this.#deadWorkers,
      workerPids: this.#workers?.pids ?? [],
      servers: this.#telemetry?.processes() ?? [],
      abortReasons: this.#abortReasons,
      notes: [...this.#notes, this.#telemetry?.note() ?? null].filter((note) => note !== null),
      warmup,
      timing: { ...this.#timing, measureMs: this.#measuredMs },
      measureStartNs: this.#measureStartNs,
      counters: { before: this.#counters, after: readSystemCounters() },
    };
  }
}
