import type { ExitCode } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { RunResult } from '../result/run-result.ts';
import type { Progress } from '../run/run.ts';

/** From a comparison to the process that carries out one of its runs. */
export type ToRun =
  | { readonly type: 'run'; readonly plan: Plan; readonly commandLine: readonly string[] }
  | { readonly type: 'stop' };

export type FromRun =
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'result'; readonly result: RunResult }
  | {
      readonly type: 'refused';
      readonly code: string;
      readonly message: string;
      readonly hint: string;
      readonly exitCode: ExitCode;
    }
  | { readonly type: 'crashed'; readonly stack: string };
