/**
 * Child entry: carries out one run of a comparison, with a coordinator of its own. A coordinator lowers its priority
 * once its children have started, and the children of a second run would inherit that.
 */
import { messageOf, SockbenchError } from '../errors.ts';
import { withSeriesOfPlan } from '../plan/plan.ts';
import type { RunProgress } from '../result/progress.ts';
import type { RunResult } from '../result/run-result.ts';
import { runPlan } from '../run/run.ts';
import { guardProcess } from '../user-files/process-guard.ts';
import { resolveScenario } from './resolve.ts';
import { type FromRun, runCrashed, type ToRun } from './run-process.ts';

const stop = new AbortController();

guardProcess({
  // The parent has the file too, and reports it.
  onUserError: () => {},
  onCrash: (error) => {
    const { code, message, hint, exitCode } = asKnown(error);
    void send({ type: 'failed', error: { code, message, hint, exitCode } }).then(() => process.exit());
  },
});

// The terminal and `timeout` signal the whole process group; the parent decides what to do.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
// The parent has ended.
process.on('disconnect', () => process.exit());
process.on('message', (message: ToRun) => {
  if (message.type === 'stop') stop.abort();
  else void carryOut(message);
});

function send(message: FromRun): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) throw new Error('this is a child entry');
    process.send(message, () => resolve());
  });
}

function asKnown(error: unknown): SockbenchError {
  if (error instanceof SockbenchError) return error;
  return runCrashed(error instanceof Error ? (error.stack ?? error.message) : messageOf(error));
}

async function carryOut(run: Extract<ToRun, { type: 'run' }>): Promise<void> {
  const { plan, layout, commandLine, out, checkpointEveryMs: everyMs } = run;
  try {
    const { scenario } = await resolveScenario(plan.scenarioFile ?? plan.scenario);
    const onProgress = (progress: RunProgress) => void send({ type: 'progress', progress });
    const keep = (result: RunResult) => void send({ type: 'checkpoint', result });
    const hooks = {
      ...{ onProgress, signal: stop.signal, commandLine, out },
      ...(everyMs === null ? {} : { checkpoint: { everyMs, keep } }),
    };
    const result = await runPlan({ plan, scenario: withSeriesOfPlan(scenario, plan), layout }, hooks);
    await send({ type: 'result', result });
  } catch (error) {
    const { code, message, hint, exitCode } = asKnown(error);
    await send({ type: 'failed', error: { code, message, hint, exitCode } });
  }
  process.disconnect();
}
