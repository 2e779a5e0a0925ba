import { fork } from 'node:child_process';
import { type ErrorParts, EXIT, SockbenchError } from '../errors.ts';
import { entryPath } from '../package.ts';
import type { PlannedRun } from '../plan/plan.ts';
import type { RunResult } from '../result/run-result.ts';
import { guard } from '../run/leftovers/guardian.ts';
import { ownedEnvironment } from '../run/leftovers/owner.ts';
import type { Progress, RunHooks } from '../run/run.ts';

/** From a comparison to the process that carries out one of its runs. */
export type ToRun =
  | ({ readonly type: 'run' } & Pick<PlannedRun, 'plan' | 'layout'> & Pick<RunHooks, 'commandLine'>)
  | { readonly type: 'stop' };

/** From the process that carries out a run. */
export type FromRun =
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'result'; readonly result: RunResult }
  | { readonly type: 'failed'; readonly error: ErrorParts };

/**
 * Carries out a plan in a process of its own. Throws as runPlan does, and RUN_CRASHED when that process crashes, which
 * does not lose the runs before it.
 */
export function runInProcess(
  { plan, layout }: PlannedRun,
  { onProgress, signal, commandLine }: RunHooks,
): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = fork(entryPath('cli/run-child'), {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      serialization: 'advanced',
      env: ownedEnvironment(),
    });
    // One that is stopped does not notice the end of this process. Its own processes end with it.
    child.once('exit', guard({ pid: child.pid ?? null, end: () => child.kill('SIGKILL') }));
    const send = (message: ToRun) => {
      if (child.connected) child.send(message);
    };
    const stop = () => send({ type: 'stop' });
    signal.addEventListener('abort', stop, { once: true });
    child.on('message', (message: FromRun) => {
      switch (message.type) {
        case 'progress':
          return onProgress(message.progress);
        case 'result':
          return resolve(message.result);
        case 'failed':
          return reject(new SockbenchError(message.error));
      }
    });
    child.on('error', (error) => reject(runCrashed(error.message)));
    child.on('exit', (code, killedBy) => {
      signal.removeEventListener('abort', stop);
      reject(runCrashed(`it ended with ${killedBy ?? `exit code ${code}`}`));
    });
    send({ type: 'run', plan, layout, commandLine });
    if (signal.aborted) stop();
  });
}

/** The error of a run whose process crashed; `how` says how. */
export function runCrashed(how: string): SockbenchError {
  const message = `the process of a run crashed, which is a bug in sockbench: ${how}`;
  return new SockbenchError({ code: 'RUN_CRASHED', message, exitCode: EXIT.crash });
}

/** Returns the run with another seed of random arrivals. */
export function withSeed(run: PlannedRun, seed: number): PlannedRun {
  return { ...run, plan: { ...run.plan, seed } };
}
