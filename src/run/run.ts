import { everyClient } from '../contract/scenario.ts';
import { quietNs } from '../measure/fanout.ts';
import { spreadClients } from '../plan/layout.ts';
import type { PlannedRun } from '../plan/plan.ts';
import type { Finding } from '../result/findings.ts';
import type { RunPhase, RunProgress } from '../result/progress.ts';
import type { RunResult } from '../result/run-result.ts';
import type { RunSoFar } from '../result/view.ts';
import { cpuGroups, parseCpuList } from './affinity.ts';
import { assembleResult } from './assemble.ts';
import { Collector } from './collector.ts';
import { RunControl } from './control.ts';
import { drain } from './drain.ts';
import { disturbanceBetween, type SystemCounters } from './environment.ts';
import { createHost, type RunHost } from './host.ts';
import { LiveRun, slowestSeries } from './live-run.ts';
import { Membership } from './membership.ts';
import { collect, connect, measureLoad, type RunParts, type StartedRun, start, warmUp } from './phases.ts';
import { takeProfiles } from './profiles.ts';
import { ShardRun } from './shard-run.ts';
import { runSoFar } from './so-far.ts';

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
    await timed('connect', () => connect(started));
    const { shard } = run;
    if (shard !== null) await timed('rendezvous', () => shard.meet(started));
    const warmup = await timed('warm-up', () => warmUp(started));
    const before = host.readCounters();
    const measureMs = await timed('measure', () => measureLoad(started));
    await timed('drain', () => drain(started));
    await timed('collect', () => collect(started));
    const profiles = await takeProfiles(started, measureMs, hooks.out, startedAt);
    live.end();
    const result = assembleResult({
      ...started,
      startedAt,
      clock: { originNs: host.originNs, atStart: wallAtStart, atEnd: host.readWall() },
      environment: environmentOf(started, hooks.commandLine, before),
      workerPids: started.workers.pids,
      servers: started.server.telemetry?.processes() ?? [],
      abortReasons: control.abortReasons,
      profiles,
      serverOutput: started.server.lastOutput(),
      notes: [...run.notes, ...(started.server.telemetry?.notes() ?? [ALREADY_RUNNING])],
      warmup,
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
  const { affinity, problem } = host.chooseAffinity(plan.workers, plan.pin);
  const control = new RunControl(host.clock, host.timers, signal);
  const { durationMs, drainMs } = plan;
  const collector = new Collector({
    membership,
    quietNs: quietNs(drainMs),
    durationMs,
    drainMs,
    watched: [plan.headline, slowestSeries(plan)].filter((series) => series !== null),
    keepPart: (part, second) => shard?.keepPart(part, second) !== false,
  });
  const message = `server and generator were not pinned to separate CPUs: ${problem}`;
  const notes: Finding[] = problem === null ? [] : [{ code: 'not_pinned', message }];
  const cleanUps: RunParts['cleanUps'] = [() => control.close(), () => shard?.close()];
  return { ...planned, host, control, affinity, membership, shard, collector, notes, cleanUps };
}

/** The environment of a run that is over; `before`: the counters when measuring began. */
function environmentOf(
  { plan, host, affinity, server }: StartedRun,
  commandLine: readonly string[],
  before: SystemCounters,
): RunResult['environment'] {
  // The CPUs of a server that this run did not start are unknown.
  const pinned = { ...affinity, server: server.telemetry === null ? null : affinity.server };
  const serverCpus = pinned.server === null ? null : parseCpuList(pinned.server);
  const disturbance = disturbanceBetween(before, host.readCounters(), cpuGroups(pinned), serverCpus);
  return host.readEnvironment(commandLine, pinned, disturbance, plan.target.cwd ?? process.cwd());
}
