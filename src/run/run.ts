import { everyClient } from '../contract/scenario.ts';
import { quietNs } from '../measure/fanout.ts';
import { slowReadersOf } from '../plan/disturbed-clients.ts';
import { spreadClients } from '../plan/layout.ts';
import type { PlannedRun } from '../plan/plan.ts';
import { testedWindowMs, warmupWindowMs } from '../plan/tested-windows.ts';
import type { Finding } from '../result/findings.ts';
import type { RunPhase, RunProgress } from '../result/progress.ts';
import type { RunResult } from '../result/run-result.ts';
import type { RunSoFar } from '../result/view.ts';
import { countServerSockets } from './absences/server-sockets.ts';
import { type Affinity, cpuGroups, parseCpuList } from './affinity.ts';
import { assembleResult, type RunRecord } from './assemble.ts';
import { makeCheckpoint } from './checkpoint.ts';
import { Collector } from './collector.ts';
import { RunControl } from './control.ts';
import { drain } from './drain.ts';
import { disturbanceBetween, type SystemCounters } from './environment.ts';
import { createHost, type RunHost } from './host.ts';
import { LiveRun, slowestSeries } from './live-run.ts';
import { Membership } from './membership.ts';
import { collect, connect, measureLoad, type RunParts, type StartedRun, start } from './phases.ts';
import { NO_PROFILES, takeProfiles } from './profiles.ts';
import { RelayRecord } from './relay-record.ts';
import { ShardRun } from './shard-run.ts';
import { runSoFar } from './so-far.ts';
import { warmUp } from './warm-up.ts';

const PROGRESS_EVERY_MS = 250;

const ALREADY_RUNNING: Finding = {
  code: 'not_probed',
  message:
    'the server was already running, so that its process is unknown; --exec starts a server with a probe',
};

export interface RunHooks {
  /** Called at the start of each phase, and once for every second. */
  readonly onProgress: (progress: RunProgress) => void;
  /** Called when the processes have started, with a function that returns what the charts need of the run so far. */
  readonly onStarted?: (soFar: () => RunSoFar) => void;
  /** Aborting ends measuring early. The result is kept and marked partial. */
  readonly signal: AbortSignal;
  /** Arguments of the command line, to be stored. */
  readonly commandLine: readonly string[];
  /** The folder of the result, in which the profiles of a run with --profile are written. */
  readonly out: string;
  /** Keeps the result so far of a whole run, every so often while it measures. */
  readonly checkpoint?: { readonly everyMs: number; readonly keep: (result: RunResult) => void };
}

/**
 * Carries out a plan: starts the server and the workers, connects, warms up, measures, drains, collects.
 * Throws a SockbenchError when nothing could be measured; otherwise resolves to a result, however the run ended.
 */
export async function runPlan(
  planned: PlannedRun,
  hooks: RunHooks,
  host: RunHost = createHost(),
): Promise<RunResult> {
  const startedAt = new Date();
  const wallAtStart = host.readWall();
  const run = openRun(planned, hooks, host);
  const { control } = run;
  const live = new LiveRun(run, hooks.onProgress);
  const report = () => live.update();
  run.cleanUps.push(host.timers.every(PROGRESS_EVERY_MS, report));
  const timed = <Value>(phase: RunPhase, work: () => Promise<Value>) => {
    const done = control.timed(phase, work);
    report();
    return done;
  };
  try {
    const started = await timed('start', () => start(run));
    hooks.onStarted?.(() => runSoFar(started));
    const socketsBefore = countServerSockets(started, 0);
    await timed('connect', () => connect(started));
    const { shard } = run;
    if (shard !== null) await timed('rendezvous', () => shard.meet(started));
    // Reading the environment starts other programs, which would disturb measuring.
    const environment = environmentOf(started, hooks.commandLine);
    const warmup = await timed('warm-up', () => warmUp(started));
    const before = host.readCounters();
    const recordNow = () => ({
      ...started,
      startedAt,
      clock: { originNs: host.originNs, atStart: wallAtStart, atEnd: host.readWall() },
      environment: { ...environment, ...disturbanceSince(started, before) },
      workerPids: started.workers.pids,
      servers: started.server.telemetry?.processes() ?? [],
      abortReasons: control.abortReasons,
      profiles: NO_PROFILES,
      serverSockets: null,
      serverOutput: started.server.lastOutput(),
      notes: [...run.notes, ...(started.server.telemetry?.notes() ?? [ALREADY_RUNNING])],
      warmup,
    });
    const stopKeeping = keepCheckpoints(started, hooks.checkpoint, recordNow);
    const measureMs = await timed('measure', () => measureLoad(started));
    stopKeeping();
    await timed('drain', () => drain(started));
    const serverSockets = countServerSockets(started, socketsBefore?.count ?? 0);
    await timed('collect', () => collect(started));
    const profiles = await takeProfiles(started, measureMs, hooks.out, startedAt);
    live.end();
    const result = assembleResult({
      ...recordNow(),
      profiles,
      serverSockets,
      timing: { ...control.timing, measureMs },
    });
    result.notes.push(...(await started.server.stop()));
    return result;
  } finally {
    for (const cleanUp of run.cleanUps) await cleanUp();
  }
}

function openRun(planned: PlannedRun, { signal }: RunHooks, host: RunHost): RunParts {
  const { plan, layout } = planned;
  const shard = host.shard === null ? null : new ShardRun(host.shard, planned);
  const clients = shard?.clients ?? everyClient(plan.clients);
  const spread = spreadClients(layout, clients, plan.workers);
  const membership = new Membership(layout, spread, shard?.shard);
  // A relay is part of the generator: it has the next CPU, or shares those of the workers.
  const hasRelay = plan.network?.via === 'relay';
  const processes = plan.workers + (hasRelay ? 1 : 0);
  const { affinity: all, problem } = host.chooseAffinity(processes, plan.pin);
  const affinity = { ...all, workers: all.workers.slice(0, plan.workers) };
  const relay = hasRelay ? new RelayRecord(all.workers[plan.workers] ?? null) : null;
  const control = new RunControl(host.clock, host.timers, signal);
  const { durationMs, drainMs } = plan;
  const collector = new Collector({
    membership,
    quietNs: quietNs(drainMs),
    durationMs,
    drainMs,
    windows: { measuredMs: testedWindowMs(plan), warmupMs: warmupWindowMs(plan) },
    headline: plan.headline,
    watched: [plan.headline, slowestSeries(plan)].filter((series) => series !== null),
    slowFromMs: slowReadersOf(plan, layout),
    keepPart: (part, second) => shard?.keepPart(part, second) !== false,
  });
  const message = `server and generator were not pinned to separate CPUs: ${problem}`;
  const notes: Finding[] = problem === null ? [] : [{ code: 'not_pinned', message }];
  const cleanUps: RunParts['cleanUps'] = [() => control.close(), () => shard?.close()];
  return {
    ...planned,
    host,
    control,
    affinity,
    relay,
    membership,
    shard,
    collector,
    notes,
    restarts: [],
    cleanUps,
  };
}

/** Makes a checkpoint every so often until the returned function is called. A shard has none: only a merge has the whole. */
function keepCheckpoints(
  { host, control, shard }: StartedRun,
  checkpoint: RunHooks['checkpoint'],
  recordNow: () => Omit<RunRecord, 'timing'>,
): () => void {
  if (checkpoint === undefined || shard !== null) return () => {};
  const cancel = host.timers.every(checkpoint.everyMs, () => {
    const result = control.phase === 'measure' ? makeCheckpoint(recordNow()) : null;
    if (result !== null) checkpoint.keep(result);
  });
  control.signal.addEventListener('abort', cancel, { once: true });
  return cancel;
}

const UNDISTURBED = { stealRatio: null, serverStealRatio: null, throttledMs: null, cpuPressureRatio: null };

/** The environment of a run, without what disturbs it. */
function environmentOf(
  { plan, host, affinity, server }: StartedRun,
  commandLine: readonly string[],
): RunResult['environment'] {
  const pinned = knownAffinity(affinity, server);
  return host.readEnvironment(commandLine, pinned, UNDISTURBED, plan.target.cwd ?? process.cwd());
}

/** What has disturbed a run; `before`: the counters when measuring began. */
function disturbanceSince({ host, affinity, server }: StartedRun, before: SystemCounters) {
  const pinned = knownAffinity(affinity, server);
  const serverCpus = pinned.server === null ? null : parseCpuList(pinned.server);
  return disturbanceBetween(before, host.readCounters(), cpuGroups(pinned), serverCpus);
}

/** The CPUs of a server that this run did not start are unknown. */
function knownAffinity(affinity: Affinity, { telemetry }: StartedRun['server']): Affinity {
  return { ...affinity, server: telemetry === null ? null : affinity.server };
}
