import { setTimeout as keepAlive } from 'node:timers/promises';
import { BroadcastChannel } from 'node:worker_threads';
import { createClock } from '../measure/clock.ts';
import { realTimers } from '../measure/timers.ts';
import { readWallOrigin, type WallOrigin } from '../measure/wall-clock.ts';
import type { PlannedRun } from '../plan/plan.ts';
import type { Finding } from '../result/findings.ts';
import type { RunResult } from '../result/run-result.ts';
import { requireWritable } from '../result/store.ts';
import { type Affinity, chooseAffinity, cpuGroups, noAffinity, separateThreads } from '../run/affinity.ts';
import { disturbanceBetween, readEnvironment, readSystemCounters } from '../run/environment.ts';
import { plural } from '../text.ts';
import { artilleryGlobal, type PluginEvents, phasesOf, refuseScript } from './artillery-facts.ts';
import { type ControlMessage, channelName, type ReportMessage } from './channel.ts';
import { deliverResult } from './deliver.ts';
import { GatheredRun } from './gathered.ts';
import { UserRendezvous } from './meeting.ts';
import { resultOfArtillery } from './result.ts';
import { type ArtilleryScript, type PluginSettings, planScript } from './settings.ts';
import { Staying } from './staying.ts';

/** How long the main thread waits for the last report of each worker thread. */
const FINAL_WITHIN_MS = 10_000;
const FINAL_POLL_MS = 10;

/** The main thread of Artillery: brings the worker threads together, and makes one result of what they report. */
export class MainThread {
  readonly #script: ArtilleryScript;
  readonly #settings: PluginSettings;
  readonly #originNs: bigint;
  readonly #startedAt = new Date();
  readonly #wallAtStart: WallOrigin;
  readonly #clock;
  readonly #control: BroadcastChannel;
  readonly #reports = new Map<number, BroadcastChannel>();
  readonly #planned: Promise<PlannedRun>;
  readonly #rendezvous: UserRendezvous;
  readonly #staying: Staying;
  readonly #before = readSystemCounters();
  /** The worker threads of Artillery, by their number, as the system knows them. */
  readonly #tids = new Map<number, number | null>();
  #affinity: Affinity | null = null;
  #plan: PlannedRun | null = null;
  #gathered: GatheredRun | null = null;
  readonly #aborted: Finding[] = [];
  readonly #waitingReports: Array<readonly [thread: number, message: ReportMessage]> = [];
  #hasStarted = false;

  constructor(script: ArtilleryScript, settings: PluginSettings, originNs: bigint, events: PluginEvents) {
    this.#script = script;
    this.#settings = settings;
    this.#originNs = originNs;
    this.#wallAtStart = readWallOrigin(originNs);
    this.#clock = createClock(originNs);
    this.#control = new BroadcastChannel(channelName(originNs));
    this.#control.onmessage = (event) => this.#handle((event as { data: ControlMessage }).data);
    this.#control.unref();
    const post = (message: ControlMessage) => this.#post(message);
    this.#rendezvous = new UserRendezvous(this.#clock, post);
    this.#staying = new Staying({
      post,
      clock: this.#clock,
      timers: realTimers,
      phases: phasesOf(script).length,
      progress: () => this.#gathered?.progress() ?? { expected: 0, delivered: 0 },
      drainMs: () => this.#plan?.plan.drainMs ?? 0,
    });
    events.on('phaseCompleted', () => this.#staying.notePhaseCompleted());
    artilleryGlobal()?.globalEvents?.on('shutdown:start', (options) => {
      if (options.earlyStop === true)
        this.#aborted.push({
          code: 'interrupted',
          message: 'Artillery was stopped before its phases were over',
        });
    });
    this.#planned = this.#prepare();
    this.#planned.catch(refuseScript);
  }

  #post(message: ControlMessage): void {
    this.#control.postMessage(message);
  }

  /** Checks what can only be checked by reading files. */
  async #prepare(): Promise<PlannedRun> {
    const planned = await planScript(this.#script);
    await requireWritable(this.#settings.out);
    this.#plan = planned;
    return planned;
  }

  #handle(message: ControlMessage): void {
    switch (message.type) {
      case 'hello':
        this.#tids.set(message.thread, message.tid);
        this.#welcome(message.thread);
        return;
      case 'waiting':
        this.#rendezvous.wait(message);
        return;
      case 'gave-up':
        this.#rendezvous.giveUp(message);
        return;
      case 'status':
        if (!this.#hasStarted && message.running > 0) void this.#start();
        this.#staying.noteStatus(message);
    }
  }

  /** The first user has started, and so have all threads. Each gets its own CPU, as a generator process does. */
  async #start(): Promise<void> {
    this.#hasStarted = true;
    const { plan } = await this.#planned;
    const tids = [...this.#tids.values()].filter((tid) => tid !== null);
    if (tids.length < this.#tids.size) return;
    const { affinity } = chooseAffinity(tids.length, plan.pin);
    // The CPUs of the server are not known here.
    this.#affinity = { ...affinity, server: null };
    separateThreads(affinity, tids);
  }

  #welcome(thread: number): void {
    if (this.#reports.has(thread)) return;
    const index = this.#reports.size;
    const reports = new BroadcastChannel(channelName(this.#originNs, thread));
    reports.onmessage = (event) => this.#take(thread, (event as { data: ReportMessage }).data);
    reports.unref();
    this.#reports.set(thread, reports);
    this.#post({ type: 'welcome', thread, index });
  }

  /** Keeps reports until the first user has started: Artillery starts users when all its threads are prepared. */
  #take(thread: number, message: ReportMessage): void {
    this.#waitingReports.push([thread, message]);
    if (this.#hasStarted) void this.#gather();
  }

  async #gather(): Promise<GatheredRun> {
    const { plan } = await this.#planned;
    this.#gathered ??= new GatheredRun(plan, [...this.#reports.keys()], this.#plannedMs());
    for (const [thread, message] of this.#waitingReports.splice(0)) {
      this.#gathered.take(thread, message);
      if (message.type === 'final') this.#post({ type: 'taken', thread });
    }
    return this.#gathered;
  }

  #plannedMs(): number {
    const seconds = phasesOf(this.#script).map(
      ({ duration = 0, pause = 0 }) => Number(duration) + Number(pause),
    );
    return Math.max(
      1000,
      seconds.reduce((sum, each) => sum + (Number.isFinite(each) ? each * 1000 : 0), 0),
    );
  }

  /** Waits for the last reports, writes the result and sets the exit code. */
  async finish(): Promise<void> {
    const { plan, scenario } = await this.#planned;
    this.#hasStarted = true;
    const gathered = await this.#gather();
    this.#post({ type: 'finish' });
    const deadlineNs = this.#clock.nowNs() + FINAL_WITHIN_MS * 1e6;
    while (gathered.missing.length > 0 && this.#clock.nowNs() < deadlineNs) await keepAlive(FINAL_POLL_MS);
    for (const thread of gathered.missing) {
      this.#aborted.push({
        code: 'worker_died',
        message: `worker thread ${thread} did not report its last figures`,
      });
    }
    const affinity = this.#affinity ?? noAffinity(gathered.threads.length);
    const disturbance = disturbanceBetween(this.#before, readSystemCounters(), cpuGroups(affinity));
    const environment = readEnvironment(process.argv.slice(2), affinity, disturbance, process.cwd());
    const version = artilleryGlobal()?.version;
    const result = resultOfArtillery({
      plan: { ...plan, thresholds: this.#settings.thresholds },
      scenario,
      gathered,
      startedAt: this.#startedAt,
      clock: {
        originNs: this.#originNs,
        atStart: this.#wallAtStart,
        atEnd: readWallOrigin(this.#originNs),
      },
      environment: {
        ...environment,
        packages: { ...environment.packages, ...(version === undefined ? {} : { artillery: version }) },
      },
      abortReasons: this.#aborted,
      notes: this.#notes(gathered),
      pid: process.pid,
      timing: { startMs: 0, connectMs: 0, warmupMs: 0, drainMs: 0, collectMs: 0 },
    });
    await deliverResult(result, this.#settings);
    for (const channel of [this.#control, ...this.#reports.values()]) channel.close();
  }

  #notes(gathered: GatheredRun): RunResult['notes'] {
    const phases = phasesOf(this.#script);
    const threads = `${plural(gathered.members.size, 'virtual user')} in ${plural(gathered.threads.length, 'worker thread')} of one process, ${plural(phases.length, 'phase')}`;
    const counted = phases.some(({ arrivalCount }) => arrivalCount !== undefined)
      ? '; users of arrivalCount run in the first thread only'
      : '';
    const container =
      process.env['WORKER_ID'] === undefined
        ? ''
        : `; this is the result of container ${process.env['WORKER_ID']} only, and every container carries out all phases (--count multiplies the load)`;
    return [
      { code: 'inside_artillery', message: `Artillery decided the load: ${threads}${counted}${container}` },
    ];
  }
}
