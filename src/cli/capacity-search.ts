import { SockbenchError } from '../errors.ts';
import { VERSION } from '../package.ts';
import { OUTCOME_WORDS, reasonsOfStep, variedText } from '../report/content/capacity-verdict.ts';
import type { Capacity, CapacityAnswer, CapacityStep } from '../result/capacity.ts';
import { SCHEMA_VERSION } from '../result/run-result.ts';
import { viewResult } from '../result/view.ts';
import type { Progress } from '../run/run.ts';
import { endingSoFar, nextStep, type SearchStep } from '../stats/capacity-search.ts';
import { CONFIDENCE, figureText, judgeError, judgeStep } from '../stats/capacity-step.ts';
import type { PlannedSearch } from './capacity-plan.ts';
import type { Cli } from './cli.ts';
import { showProgress } from './progress.ts';
import { runInProcess, withSeed } from './run-process.ts';

const MAX_SEED = 2 ** 31;

/**
 * Searches the capacity, and shows every step on `cli.err`. When the user stops it, what was measured is kept and marked
 * partial. Throws as a run does when the first run measured nothing.
 */
export async function searchCapacity(cli: Cli, search: PlannedSearch): Promise<Capacity> {
  const { design } = search;
  const startedAt = new Date();
  const startMs = performance.now();
  const steps: CapacityStep[] = [];
  let answer: CapacityAnswer | null = null;
  while (answer === null && !cli.signal.aborted) {
    const next = nextStep(steps, design);
    if (next.done) {
      answer = next.ending;
    } else {
      const step = await runStep(cli, search, next.step, steps.length);
      if (step.result !== null || !isInterrupted(step)) steps.push(step);
      cli.err(`${stepLine(search, step)}\n`);
    }
  }
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: 'capacity',
    tool: { name: 'sockbench', version: VERSION },
    startedAt: startedAt.toISOString(),
    durationMs: performance.now() - startMs,
    commandLine: [...cli.argv],
    status: answer === null ? 'partial' : 'complete',
    notes: [],
    design: {
      ...design,
      objectives: search.objectives.map(({ expression }) => expression),
      lost: search.lost,
      confidence: CONFIDENCE,
      maxSteps: search.maxSteps,
      maxMs: search.maxMs,
    },
    steps,
    answer: answer ?? endingSoFar(steps.filter((step) => !isInterrupted(step))),
  };
}

/** Each run has a seed of its own, so that random arrivals are fresh too. */
async function runStep(
  cli: Cli,
  search: PlannedSearch,
  { phase, value }: SearchStep,
  index: number,
): Promise<CapacityStep> {
  // Without a terminal, the line of each step is enough.
  const progress = cli.isTty ? showProgress(cli, `${phase} ${variedText(search.design.vary, value)}`) : null;
  try {
    const planned = search.planAt(value);
    const seed = (planned.plan.seed + index) % MAX_SEED;
    const onProgress = (update: Progress) => progress?.update(update);
    const hooks = { onProgress, signal: cli.signal, commandLine: cli.argv };
    const result = await runInProcess(withSeed(planned, seed), hooks);
    const judged = judgeStep(viewResult(result), [...search.objectives, ...search.losses]);
    return { phase, value, ...judged, result };
  } catch (error) {
    // A failure of the first run concerns how the search was set up, not the capacity of the server.
    if (!(error instanceof SockbenchError) || index === 0) throw error;
    return { phase, value, ...judgeError(error), result: null };
  } finally {
    progress?.done();
  }
}

function isInterrupted({ reasons }: CapacityStep): boolean {
  return reasons.some(({ code }) => code === 'interrupted');
}

/** `confirming 1,240/s: passed, fanout_last.p95 12.3 ms (upper bound 13.1 ms)` */
function stepLine(search: PlannedSearch, step: CapacityStep): string {
  const { phase, value, outcome, figures } = step;
  const name = `${phase === 'confirming' ? 'confirming ' : ''}${variedText(search.design.vary, value)}`;
  const met = search.objectives.flatMap(({ expression }) =>
    figures.filter((figure) => figure.expression === expression).map(figureText),
  );
  return `${name}: ${OUTCOME_WORDS[outcome]}, ${outcome === 'passed' ? met.join(', ') : reasonsOfStep(step)}`;
}
