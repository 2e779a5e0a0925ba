import { fork } from 'node:child_process';
import { entryPath } from '../entry.ts';
import { SockbenchError } from '../errors.ts';
import type { Plan } from '../plan.ts';
import type { RunResult } from '../result/schema.ts';
import type { RunHooks } from '../run/runner.ts';
import type { FromRun, ToRun } from './run-messages.ts';

/** Carries out a plan in a process of its own. Throws as runPlan does, and an Error when that process crashes. */
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
          return reject(new Error(message.stack));
      }
    });
    child.on('error', reject);
    child.on('exit', (code, killedBy) => {
      signal.removeEventListener('abort', stop);
      reject(new Error(`a run ended with ${killedBy ?? `exit code ${code}`} and left no result`));
    });
    tell({ type: 'run', plan, commandLine });
    if (signal.aborted) stop();
  });
}
