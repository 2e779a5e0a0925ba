/**
 * Child entry: one run of a comparison, with a coordinator of its own. A coordinator lowers its priority once its
 * children have started, and those of a second run would inherit that.
 */
import { SockbenchError } from '../errors.ts';
import { runPlan } from '../run/run.ts';
import { resolveScenario } from './resolve.ts';
import type { FromRun, ToRun } from './run-messages.ts';

const stop = new AbortController();

// What the terminal or `timeout` sends to the whole group reaches this process too; its parent says what is to be done.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
// Whoever asked is gone.
process.on('disconnect', () => process.exit());
process.on('message', (message: ToRun) => {
  if (message.type === 'stop') stop.abort();
  else void carryOut(message);
});

function tell(message: FromRun): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) throw new Error('this is a child entry');
    process.send(message, () => resolve());
  });
}

async function carryOut({ plan, commandLine }: Extract<ToRun, { type: 'run' }>): Promise<void> {
  try {
    const { scenario } = await resolveScenario(plan.scenarioFile ?? plan.scenario);
    const result = await runPlan(plan, scenario, {
      onProgress: (progress) => void tell({ type: 'progress', progress }),
      signal: stop.signal,
      commandLine,
    });
    await tell({ type: 'result', result });
  } catch (error) {
    if (error instanceof SockbenchError) {
      const { code, message, hint, exitCode } = error;
      await tell({ type: 'refused', code, message, hint, exitCode });
    } else {
      await tell({
        type: 'crashed',
        stack: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  }
  process.disconnect();
}
