import { fork } from 'node:child_process';
import { EXIT, SockbenchError } from '../errors.ts';
import { entryPath } from '../package.ts';
import type { Plan } from '../plan/plan.ts';
import type { RunResult } from '../result/run-result.ts';
import type { RunHooks } from '../run/run.ts';
import type { FromRun, ToRun } from './run-messages.ts';

/** Carries out a plan in a process of its own. Throws as runPlan does, and RUN_CRASHED when that process does. */
export function runApart(plan: Plan, { onProgress, signal, commandLine }: RunHooks): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = fork(entryPath('cli/run-child'), {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      serialization: 'advanced',
    });
    const tell = (message: ToRun) => {
      if (child.connected) child.send(message);
    };
    const stop = () => tell({ type: 'stop' });
    signal.addEventListener('abort', stop, { once: true });
    child.on('message', (message: FromRun) => {
      switch (message.type) {
        case 'progress':
          return onProgress(message.progress);
        case 'result':
          return resolve(message.result);
        case 'refused':
          return reject(new SockbenchError(message));
        case 'crashed':
          return reject(crashed(message.stack));
      }
    });
    child.on('error', (error) => reject(crashed(error.message)));
    child.on('exit', (code, killedBy) => {
      signal.removeEventListener('abort', stop);
      reject(crashed(`it ended with ${killedBy ?? `exit code ${code}`}`));
    });
    tell({ type: 'run', plan, commandLine });
    if (signal.aborted) stop();
  });
}

/** What was measured before is worth more than the stack alone. */
function crashed(how: string): SockbenchError {
  const message = `the process of a run crashed; this is a bug in sockbench: ${how}`;
  return new SockbenchError({ code: 'RUN_CRASHED', message, exitCode: EXIT.crash });
}
