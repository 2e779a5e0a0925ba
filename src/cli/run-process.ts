import { type ErrorParts, EXIT, SockbenchError } from '../errors.ts';
import { realTimers, type Timers } from '../measure/timers.ts';
import type { PlannedRun } from '../plan/plan.ts';
import type { RunProgress } from '../result/progress.ts';
import type { RunResult } from '../result/run-result.ts';
import { removeLeftovers } from '../run/leftovers/remove.ts';
import { inNetwork } from '../run/netem.ts';
import type { RunHooks } from '../run/run.ts';
import { forkRun, SpareProcess } from './spare-process.ts';

/** From a comparison to the process that carries out one of its runs. */
export type ToRun =
  | ({
      readonly type: 'run';
      /** Null for a run without checkpoints. */
      readonly checkpointEveryMs: number | null;
    } & Pick<PlannedRun, 'plan' | 'layout'> &
      Pick<RunHooks, 'commandLine' | 'out'>)
  | { readonly type: 'stop' };

/** From the process that carries out a run. */
export type FromRun =
  | { readonly type: 'progress'; readonly progress: RunProgress }
  | { readonly type: 'checkpoint'; readonly result: RunResult }
  | { readonly type: 'result'; readonly result: RunResult }
  | { readonly type: 'failed'; readonly error: ErrorParts };

/** A run reports its progress every second. Its process needs longer to load files, and to make a large result. */
const SILENT_FOR_S = 30;
/** The limit after a stop, which ends all waits for files and servers. */
const SILENT_AFTER_STOP_S = 10;

/**
 * Carries out a plan in a process of its own. Throws as runPlan does; RUN_CRASHED when that process crashes, RUN_KILLED
 * when a signal ends it, and RUN_HUNG when it has reported nothing for 30 s and was ended. Neither loses the runs before it.
 */
export function runInProcess(planned: PlannedRun, hooks: RunHooks): Promise<RunResult> {
  return carryOutRun(planned, hooks, null);
}

/** Carries out one of several runs as {@link runInProcess} does. */
export type RunInProcess = typeof runInProcess;

/**
 * Does work that carries out several runs, each in a process of its own. The process of the next run starts while a run
 * collects its figures. None is left when the work ends.
 */
export async function withRunProcesses<Value>(work: (run: RunInProcess) => Promise<Value>): Promise<Value> {
  const spare = new SpareProcess();
  try {
    return await work((planned, hooks) => carryOutRun(planned, hooks, spare));
  } finally {
    spare.close();
  }
}

function carryOutRun(
  { plan, layout }: PlannedRun,
  { onProgress, signal, commandLine, out, checkpoint }: RunHooks,
  spare: SpareProcess | null,
): Promise<RunResult> {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning'];
  return new Promise((resolve, reject) => {
    const command = [...inNetwork(plan), ...node];
    const child = spare?.take(command) ?? forkRun(command);
    let hung: SockbenchError | null = null;
    const silence = new SilenceLimit(realTimers, SILENT_FOR_S, (seconds) => {
      hung = runHung(child.pid ?? -1, seconds);
      child.kill('SIGKILL');
    });
    const send = (message: ToRun) => {
      if (child.connected) child.send(message, () => {});
    };
    const stop = () => {
      silence.restart(SILENT_AFTER_STOP_S);
      send({ type: 'stop' });
    };
    signal.addEventListener('abort', stop, { once: true });
    child.on('message', (message: FromRun) => {
      silence.end();
      switch (message.type) {
        case 'progress':
          if (isAfterMeasuring(message.progress) && !signal.aborted) spare?.prepare(command);
          return onProgress(message.progress);
        case 'checkpoint':
          return checkpoint?.keep(message.result);
        case 'result':
          return resolve(message.result);
        case 'failed':
          return reject(new SockbenchError(message.error));
      }
    });
    child.on('error', (error) => reject(runCrashed(error.message)));
    child.on('exit', (code, killedBy) => {
      silence.close();
      signal.removeEventListener('abort', stop);
      const ended = killedBy === null ? runCrashed(`it ended with exit code ${code}`) : runKilled(killedBy);
      const error = hung ?? ended;
      // Its server may still be ending.
      if (code !== 0) void removeLeftovers().then(() => reject(error));
      else reject(error);
    });
    send({ type: 'run', plan, layout, commandLine, out, checkpointEveryMs: checkpoint?.everyMs ?? null });
    if (signal.aborted) stop();
  });
}

function isAfterMeasuring(progress: RunProgress): boolean {
  return progress.type === 'phase' && progress.phase === 'collect';
}

/** Calls back once nothing was heard for so many seconds. Seconds in which this process was stopped count as one. */
export class SilenceLimit {
  readonly #cancel: () => void;
  #limitS: number;
  #silentS = 0;

  constructor(timers: Pick<Timers, 'every'>, limitS: number, onSilent: (seconds: number) => void) {
    this.#limitS = limitS;
    this.#cancel = timers.every(1000, () => {
      this.#silentS += 1;
      if (this.#silentS < this.#limitS) return;
      this.close();
      onSilent(this.#silentS);
    });
  }

  /** Something was heard. */
  end(): void {
    this.#silentS = 0;
  }

  /** Begins again with another limit. */
  restart(limitS: number): void {
    this.#limitS = limitS;
    this.#silentS = 0;
  }

  close(): void {
    this.#cancel();
  }
}

function runHung(pid: number, seconds: number): SockbenchError {
  const message = `the process of a run (${pid}) reported nothing for ${seconds}s and was ended`;
  const hint = 'Check whether it was stopped, or whether a function of your files does not return.';
  return new SockbenchError({ code: 'RUN_HUNG', message, hint, exitCode: EXIT.invalid });
}

function runKilled(killedBy: NodeJS.Signals): SockbenchError {
  const message = `the process of a run was ended by ${killedBy}`;
  const hint = 'Check what ended it: the kernel does when memory is exhausted.';
  return new SockbenchError({ code: 'RUN_KILLED', message, hint, exitCode: EXIT.invalid });
}

/** The error of a run whose process crashed; `how` says how. */
export function runCrashed(how: string): SockbenchError {
  const message = `the process of a run crashed, which is a bug in sockbench: ${how}`;
  return new SockbenchError({ code: 'RUN_CRASHED', message, exitCode: EXIT.crash });
}

const MAX_SEED = 2 ** 31;

/** Returns the run number `index`, from 0, of several of one plan: each has a seed of its own. */
export function withSeedOfRun(run: PlannedRun, index: number): PlannedRun {
  return withSeed(run, (run.plan.seed + index) % MAX_SEED);
}

/** Returns the run with another seed of random arrivals. */
export function withSeed(run: PlannedRun, seed: number): PlannedRun {
  return { ...run, plan: { ...run.plan, seed } };
}
