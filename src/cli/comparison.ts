import { join } from 'node:path';
import { EXIT, type ExitCode } from '../errors.ts';
import { VERSION } from '../package.ts';
import type { Plan } from '../plan/plan.ts';
import { maxRunMs } from '../plan/run-length.ts';
import { comparisonReport } from '../report/content/comparison.ts';
import { COMPARISON, timeInName } from '../report/index.ts';
import { aggregate } from '../result/aggregate.ts';
import { boundResult } from '../result/bound.ts';
import type { Comparison, Design, Round, Verdict } from '../result/comparison.ts';
import { type RunResult, SCHEMA_VERSION } from '../result/run-result.ts';
import { fileNameOf, requireWritable } from '../result/store.ts';
import { type RanRounds, type RoundProgress, runRounds } from '../run/rounds.ts';
import { noteGenerators, noteTails } from '../stats/invalid-reasons.ts';
import { goesOn, judge } from '../stats/judge.ts';
import { EVERY_QUANTILE, pairUp } from '../stats/pairs.ts';
import { judgeThreshold, type Threshold } from '../stats/thresholds.ts';
import { list } from '../text.ts';
import { type Cli, writeNote } from './cli.ts';
import type { PlannedComparison } from './comparison-plan.ts';
import { type Dashboard, withDashboard } from './dashboard/dashboard.ts';
import { type Delivery, deliver } from './output.ts';
import { type Beginning, expectedRunMs, type ProgressFeed } from './progress/feed.ts';
import { isSilent, type OpenProgress, openProgress } from './progress/open.ts';
import { roundProgress } from './progress/outcomes.ts';
import { timeText } from './progress/texts.ts';
import { type RunInProcess, withRunProcesses, withSeed } from './run-process.ts';

/** What the comparison is about to do: `base, head: 36 rounds, 18 if that is enough; at most about 6 minutes`. */
function plannedBeginning({ command, arms, factors, looks, baseline }: PlannedComparison): Beginning {
  const names =
    factors.length > 1
      ? `${arms.length} combinations of ${list(factors.map(({ name }) => name))}`
      : arms.map(({ name }) => name).join(', ');
  const [first, last = first] = looks;
  const rounds = last?.rounds ?? 0;
  const early = looks.length > 1 ? `, ${first?.rounds} if that is enough` : '';
  const measured = arms.slice(baseline === null ? 0 : 1);
  const totalMs = (ofRun: (plan: Plan) => number) =>
    rounds * measured.reduce((sum, { plan }) => sum + ofRun(plan), 0);
  const maxMs = totalMs(maxRunMs);
  return {
    command,
    title: `${names}: ${rounds} rounds${early}; at most about ${timeText(maxMs)}`,
    arms: arms.map(({ name }) => name),
    runs: rounds * measured.length,
    rounds,
    expectedMs: totalMs(expectedRunMs),
    maxMs,
    mayEndEarly: looks.length > 1,
  };
}

/** A comparison that was measured, and whether it was kept. */
export interface CarriedOut {
  readonly comparison: Comparison;
  readonly delivery: Delivery;
}

/** What shows a comparison while it goes on. */
interface ShownComparison extends OpenProgress {
  readonly dashboard: Dashboard;
}

/** Opens what shows a comparison, before any of its work starts. Throws PORT_UNAVAILABLE. */
export async function withComparisonShown<Value>(
  cli: Cli,
  { shown, dashboard: port }: PlannedComparison,
  work: (shown: ShownComparison) => Promise<Value>,
): Promise<Value> {
  const progress = openProgress(cli, shown);
  return await withDashboard(cli, port, progress.feed, (dashboard) => work({ ...progress, dashboard }));
}

/** Runs the rounds, judges them and delivers the comparison. */
export async function carryOutComparison(
  cli: Cli,
  planned: PlannedComparison,
  { feed, dashboard }: ShownComparison,
): Promise<CarriedOut> {
  const { command, arms, warnings, formats, out, shown, opensPage } = planned;
  const startedAt = new Date();
  const name = fileNameOf(command, arms[0].scenario.name, timeInName(startedAt.toISOString()));
  const folder = out ?? join('reports', name);
  await requireWritable(folder);
  for (const warning of warnings) writeNote(cli, `warning: ${warning}`);
  const comparisonOf = (ran: RanRounds) => judgeComparison(cli, planned, startedAt, ran);
  const onRound = (rounds: readonly Round[]) =>
    dashboard.showReport(() => comparisonReport(comparisonOf({ rounds, isComplete: false })));
  const measure = () =>
    withRunProcesses((run) => measureRounds(cli, feed, run, { ...planned, out: folder }, onRound));
  const ran = await feed.carryOut(plannedBeginning(planned), measure, ({ isComplete }) => isComplete);
  const comparison = comparisonOf(ran);
  const rendering = { kind: COMPARISON, document: comparison };
  const output = { quiet: isSilent(shown), verbose: shown.verbose, open: opensPage };
  const delivery = await deliver(cli, folder, formats, rendering, output);
  await dashboard.finish(rendering);
  return { comparison, delivery };
}

/** Judges rounds and returns the document of them. */
function judgeComparison(
  cli: Cli,
  { design, thresholds, notes }: PlannedComparison,
  startedAt: Date,
  { isComplete, rounds }: RanRounds,
): Comparison {
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: 'comparison',
    tool: { name: 'sockbench', version: VERSION },
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    commandLine: [...cli.argv],
    status: isComplete ? 'complete' : 'partial',
    notes: [...notes, ...noteGenerators(design, rounds), ...noteTails(design, rounds)],
    design,
    rounds: [...rounds],
    judgement: judge(design, rounds),
    thresholds: judgeThresholds(thresholds, design, rounds),
  };
}

async function measureRounds(
  cli: Cli,
  feed: ProgressFeed,
  run: RunInProcess,
  { arms, baseline, design, out }: PlannedComparison & { readonly out: string },
  onRound: (rounds: readonly Round[]) => void,
): Promise<RanRounds> {
  const signal = cli.listenForStop();
  let at: RoundProgress = { round: 1, rounds: 0, arm: 0 };
  const maxRounds = design.looks.at(-1)?.rounds ?? 0;
  const bound = (result: RunResult) => boundResult(result, maxRounds * arms.length);
  const rounds = {
    arms: arms.length,
    rounds: maxRounds,
    orderSeed: design.seed,
    scheduleSeed: arms[0].plan.seed,
    baseline: baseline?.results.map(bound) ?? null,
  };
  return await runRounds(rounds, {
    run: async (arm, seed) => {
      const planned = withSeed(arms[arm] ?? arms[0], seed);
      const { round, rounds: most } = at;
      const title = `round ${round} of ${most}, ${design.arms[arm]?.name ?? ''}`;
      const result = await feed.measure(
        planned.plan,
        { title, round, arm, shardClients: null },
        (onProgress) => run(planned, { onProgress, signal, commandLine: cli.argv, out }),
      );
      return bound(result);
    },
    onProgress: (now) => {
      at = now;
    },
    goesOn: (done) => {
      feed.report(roundProgress(design, done));
      onRound(done);
      return goesOn(design, done);
    },
    signal,
  });
}

/**
 * Returns the exit code of a comparison. An invalid one proves nothing, so it comes before a threshold that failed in it;
 * `failing` are the verdicts that are a failure.
 */
export function exitCodeOfComparison(
  { judgement: { verdict }, thresholds }: Comparison,
  failing: readonly Verdict[],
): ExitCode {
  if (verdict === 'INVALID') return EXIT.invalid;
  if (failing.includes(verdict) || thresholds.some(({ passed }) => passed === false)) return EXIT.failed;
  const isUnsure = verdict === 'INCONCLUSIVE' || thresholds.some(({ passed }) => passed === null);
  return isUnsure ? EXIT.inconclusive : EXIT.passed;
}

/** Judges every threshold on every head, over all of its valid rounds together. */
function judgeThresholds(
  thresholds: readonly Threshold[],
  { arms }: Design,
  rounds: readonly Round[],
): Comparison['thresholds'] {
  return arms.slice(1).flatMap((_, index) => {
    const arm = index + 1;
    const { pairs } = pairUp(rounds, EVERY_QUANTILE, arm);
    const aggregateOf = (side: 'base' | 'head') =>
      pairs.length === 0 ? null : aggregate(pairs.map((pair) => pair[side]));
    const [base, head] = [aggregateOf('base'), aggregateOf('head')];
    return thresholds.map((threshold) => ({ ...judgeThreshold(threshold, head, base), arm }));
  });
}
