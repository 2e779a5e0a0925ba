import { SockbenchError } from '../errors.ts';
import { VERSION } from '../package.ts';
import type { Plan } from '../plan/plan.ts';
import { OUTCOME_WORDS } from '../report/content/capacity-steps.ts';
import { reasonsText, valueText } from '../report/content/capacity-words.ts';
import { CAPACITY_VERSION, type Capacity, type CapacityStep } from '../result/capacity.ts';
import type { RunResult } from '../result/run-result.ts';
import { viewResult } from '../result/view.ts';
import { type Ending, endingSoFar, nextStep, type SearchStep } from '../stats/capacity-search.ts';
import { CONFIDENCE, figureText, judgeError, judgeStep } from '../stats/capacity-step.ts';
import type { PlannedSearch } from './capacity-plan.ts';
import type { Cli } from './cli.ts';
import { showProgress } from './progress.ts';
import { runApart } from './run-apart.ts';

const MAX_SEED = 2 ** 31;

/** `confirming 1,240/s: passed, fanout_last.p95 12.3 ms (upper bound 13.1 ms)` */
function stepLine(search: PlannedSearch, step: CapacityStep): string {
  const { phase, value, outcome, figures } = step;
  const name = `${phase === 'confirming' ? 'confirming ' : ''}${valueText(search.design.vary, value)}`;
  const told = search.objectives.flatMap(({ expression }) =>
    figures.filter((figure) => figure.expression === expression).map(figureText),
  );
  const why = outcome === 'passed' ? told.join(', ') : reasonsText(step);
  return `${name}: ${OUTCOME_WORDS[outcome]}, ${why}`;
}

function isInterrupted({ reasons }: CapacityStep): boolean {
  return reasons.some(({ code }) => code === 'interrupted');
}

/** A run that was stopped before it measured anything is none. */
function isMeasured(step: CapacityStep): boolean {
  return step.result !== null || !isInterrupted(step);
}

/** One run, with a live line on a terminal only: elsewhere the line of each step is enough. */
async function runOnce(cli: Cli, plan: Plan, label: string): Promise<RunResult> {
  const progress = cli.isTty ? showProgress(cli, label) : null;
  return await runApart(plan, {
    onProgress: (update) => progress?.update(update),
    signal: cli.signal,
    commandLine: cli.argv,
  }).finally(() => progress?.done());
}

/** Each run has a seed of its own, so that random arrivals are fresh too. */
async function runStep(
  cli: Cli,
  search: PlannedSearch,
  { phase, value }: SearchStep,
  index: number,
): Promise<CapacityStep> {
  try {
    const plan = await search.planOf(value);
    const seeded = { ...plan, seed: (plan.seed + index) % MAX_SEED };
    const label = `${phase} ${valueText(search.design.vary, value)}`;
    const result = await runOnce(cli, seeded, label);
    const judged = judgeStep(viewResult(result), [...search.objectives, ...search.losses]);
    return { phase, value, ...judged, result };
  } catch (error) {
    // What fails at once is how the search was set up, not how much the server takes.
    if (!(error instanceof SockbenchError) || index === 0) throw error;
    return { phase, value, ...judgeError(error), result: null };
  }
}

/**
 * Looks for the capacity, telling every step on `cli.err`. When the user stops it, what was measured is kept and
 * marked partial. Throws as a run does when the first one measured nothing.
 */
export async function searchCapacity(cli: Cli, search: PlannedSearch): Promise<Capacity> {
  const { design } = search;
  const startedAt = new Date();
  const startMs = performance.now();
  const steps: CapacityStep[] = [];
  let ending: Ending | null = null;
  while (ending === null && !cli.signal.aborted) {
    const next = nextStep(steps, design);
    if (next.done) {
      ending = next.ending;
    } else {
      const step = await runStep(cli, search, next.step, steps.length);
      if (isMeasured(step)) steps.push(step);
      cli.err(`${stepLine(search, step)}\n`);
    }
  }
  return {
    schemaVersion: CAPACITY_VERSION,
    kind: 'capacity',
    tool: { name: 'sockbench', version: VERSION },
    startedAt: startedAt.toISOString(),
    durationMs: performance.now() - startMs,
    commandLine: [...cli.argv],
    status: ending === null ? 'partial' : 'complete',
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
    answer: ending ?? endingSoFar(steps.filter((step) => !isInterrupted(step))),
  };
}
