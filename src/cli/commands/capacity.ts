import { EXIT, type ExitCode, fail, SockbenchError } from '../../errors.ts';
import { VERSION } from '../../package.ts';
import { capacityReport } from '../../report/content/capacity.ts';
import { OUTCOME_WORDS, reasonsOfStep, variedText } from '../../report/content/capacity-verdict.ts';
import { CAPACITY, parseFormats } from '../../report/index.ts';
import { boundResult } from '../../result/bound.ts';
import type { Capacity, CapacityAnswer, CapacityStep } from '../../result/capacity.ts';
import { SCHEMA_VERSION } from '../../result/run-result.ts';
import { requireWritable } from '../../result/store.ts';
import { viewResult } from '../../result/view.ts';
import { endingSoFar, nextStep, type SearchStep } from '../../stats/capacity-search.ts';
import { CONFIDENCE, figureText, judgeError, judgeStep } from '../../stats/capacity-step.ts';
import { shellWord } from '../../text.ts';
import { type PlannedSearch, planSearch, SEARCH_OPTIONS } from '../capacity-plan.ts';
import { type AddCommand, type Cli, writeNote } from '../cli.ts';
import { DASHBOARD_OPTIONS, withDashboard } from '../dashboard/dashboard.ts';
import { addScenarioCommand, type Flags, outputOptions, readFlags } from '../flags.ts';
import { requirePage } from '../open-page.ts';
import { deliver, unlessLost } from '../output.ts';
import type { ProgressFeed } from '../progress/feed.ts';
import { isSilent, openProgress, PROGRESS_OPTION } from '../progress/open.ts';
import { timeText } from '../progress/texts.ts';
import { refuseRepeat } from '../repeat.ts';
import { type RunInProcess, withRunProcesses, withSeedOfRun } from '../run-process.ts';

const CAPACITY_OUTPUT = {
  ...outputOptions(CAPACITY, 'reports'),
  progress: PROGRESS_OPTION,
  ...DASHBOARD_OPTIONS,
};

export const addCapacity: AddCommand = (program, cli, finish) => {
  const command = addScenarioCommand(program, {
    name: 'capacity',
    description: 'find the highest rate or number of clients that meets an objective',
    options: { ...SEARCH_OPTIONS, ...CAPACITY_OUTPUT },
    refused: ['profile'],
    notes: {
      examples: [
        "sockbench capacity broadcast-latency --target ws --objective 'fanout_last.p95<50ms'",
        "sockbench capacity ack-roundtrip --objective 'ack.p95<20ms' --from 200/s --to 20000/s",
        "sockbench capacity room-fanout --vary clients --rate 20/s --objective 'fanout_last.p95<100ms' --from 20 --to 2000",
      ],
    },
  });
  command.addOption(command.createOption('--threshold <EXPR>').hideHelp().argParser(refuseThreshold));
  refuseRepeat(command, 'a search confirms its answer by several runs', '--repeats');
  command.action(async (name: string, flags: Flags) => finish(await capacity(cli, name, flags)));
};

function refuseThreshold(expression: string): never {
  return fail(
    'BAD_SEARCH',
    `--threshold "${expression}": a search judges objectives, not thresholds`,
    `Give --objective ${shellWord(expression)}.`,
  );
}

/** Checks everything before the first run. */
async function capacity(cli: Cli, name: string, flags: Flags): Promise<ExitCode> {
  const search = await planSearch(name, flags);
  const {
    out,
    format,
    dashboard: port,
    ...shown
  } = readFlags(CAPACITY_OUTPUT, { out: search.out, ...flags });
  const formats = parseFormats(CAPACITY, format);
  requirePage(shown.open, formats);
  await requireWritable(out);
  for (const warning of search.warnings) writeNote(cli, `warning: ${warning}`);
  const { feed } = openProgress(cli, shown);
  return await withDashboard(cli, port, feed, async (dashboard) => {
    const { maxSteps: runs, maxMs } = search;
    const times = { expectedMs: maxMs, maxMs, mayEndEarly: true };
    const title = searchPlanText(search);
    const beginning = { command: 'capacity', title, arms: [], runs, rounds: null, ...times };
    const showSoFar = (soFar: () => Capacity) => dashboard.showReport(() => capacityReport(soFar()));
    const searching = () => withRunProcesses((run) => searchCapacity(cli, feed, run, search, showSoFar));
    const found = await feed.carryOut(beginning, searching, ({ status }) => status === 'complete');
    const rendering = { kind: CAPACITY, document: found };
    const delivery = await deliver(cli, out, formats, rendering, {
      quiet: isSilent(shown),
      verbose: shown.verbose,
      open: shown.open,
    });
    await dashboard.finish(rendering);
    return unlessLost(delivery, exitCodeOfSearch(found.answer));
  });
}

function searchPlanText({ design: { vary, from, to }, maxSteps, maxMs }: PlannedSearch): string {
  return `searching from ${variedText(vary, from)} to ${variedText(vary, to)}: at most ${maxSteps} runs, about ${timeText(maxMs)} in all; Ctrl-C stops and reports what was measured`;
}

/**
 * Searches the capacity, and reports every step. When the user stops it, what was measured is kept and marked
 * partial. Throws as a run does when the first run measured nothing.
 */
async function searchCapacity(
  cli: Cli,
  feed: ProgressFeed,
  run: RunInProcess,
  search: PlannedSearch,
  onStep: (soFar: () => Capacity) => void,
): Promise<Capacity> {
  const { design } = search;
  const startedAt = new Date();
  const startMs = performance.now();
  const steps: CapacityStep[] = [];
  let answer: CapacityAnswer | null = null;
  const signal = cli.listenForStop();
  const soFar = (): Capacity => ({
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
    steps: [...steps],
    answer: answer ?? endingSoFar(steps.filter((step) => !isInterrupted(step))),
  });
  while (answer === null && !signal.aborted) {
    const next = nextStep(steps, design);
    if (next.done) {
      answer = next.ending;
    } else {
      const step = await runStep(cli, feed, run, search, next.step, steps.length);
      if (step.result !== null || !isInterrupted(step)) steps.push(step);
      feed.report({ type: 'step', step: steps.length, steps: search.maxSteps, ...stepFigures(search, step) });
      onStep(soFar);
    }
  }
  return soFar();
}

/** Each run has a seed of its own, so that random arrivals are fresh too. */
async function runStep(
  cli: Cli,
  feed: ProgressFeed,
  run: RunInProcess,
  search: PlannedSearch,
  { phase, value }: SearchStep,
  index: number,
): Promise<CapacityStep> {
  try {
    const planned = await search.planAt(value);
    const title = `${phase} ${variedText(search.design.vary, value)}`;
    const place = { title, round: null, arm: null, shardClients: null };
    const hooks = { signal: cli.listenForStop(), commandLine: cli.argv, out: cli.cwd };
    const measured = await feed.measure(planned.plan, place, (onProgress) =>
      run(withSeedOfRun(planned, index), { ...hooks, onProgress }),
    );
    const result = boundResult(measured, search.maxSteps);
    const judged = judgeStep(viewResult(result), [...search.objectives, ...search.losses]);
    return { phase, value, ...judged, result };
  } catch (error) {
    // A failure of the first run concerns how the search was set up, not the capacity of the server.
    if (!(error instanceof SockbenchError) || index === 0) throw error;
    return { phase, value, ...judgeError(error), result: null };
  }
}

function isInterrupted({ reasons }: CapacityStep): boolean {
  return reasons.some(({ code }) => code === 'interrupted');
}

/** `confirming 1,240/s`, `passed`, `fanout_last.p95 12.3 ms (11-14)` */
function stepFigures(search: PlannedSearch, step: CapacityStep) {
  const { phase, value, outcome, figures } = step;
  const title = `${phase === 'confirming' ? 'confirming ' : ''}${variedText(search.design.vary, value)}`;
  const met = search.objectives.flatMap(({ expression }) =>
    figures.filter((figure) => figure.expression === expression).map(figureText),
  );
  const detail = outcome === 'passed' ? met.join(', ') : reasonsOfStep(step);
  return { title, outcome: OUTCOME_WORDS[outcome], detail };
}

/** The exit code is 3 only when no run gave an answer. */
export function exitCodeOfSearch({ kind, value }: CapacityAnswer): ExitCode {
  switch (kind) {
    case 'found':
    case 'at_least':
      return EXIT.passed;
    case 'below_start':
      return EXIT.failed;
    case 'unstable':
      return EXIT.inconclusive;
    case 'inconclusive':
      return EXIT.invalid;
    case 'interrupted':
      return value === null ? EXIT.invalid : EXIT.inconclusive;
  }
}
