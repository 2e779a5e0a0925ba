import { join } from 'node:path';
import { VERSION } from '../package.ts';
import { aggregate } from '../result/aggregate.ts';
import { COMPARISON_VERSION, type Comparison, type Design, type Round } from '../result/comparison.ts';
import { requireWritable } from '../result/store.ts';
import { type RanRounds, type RoundProgress, runRounds } from '../run/rounds.ts';
import { goesOn, judge } from '../stats/judge.ts';
import { pairUp } from '../stats/pairs.ts';
import { judgeThreshold, type Threshold } from '../stats/thresholds.ts';
import type { Cli } from './cli.ts';
import { comparisonFolder, writtenComparison } from './comparison-output.ts';
import type { Arm, ComparisonParts, Prepared } from './comparison-plan.ts';
import { deliver } from './output.ts';
import { showRounds } from './round-progress.ts';
import { runApart } from './run-apart.ts';

/** What a run takes beyond its warm-up and its measuring, as far as it is known beforehand. */
const OVERHEAD_MS = 1700;

/** Most time that the comparison takes if nothing hangs, about. */
function longestMs({ arms, looks, baseline }: ComparisonParts): number {
  const measured: readonly Arm[] = baseline === null ? arms : arms.slice(1);
  const roundMs = measured.reduce(
    (sum, { plan: { clients, connectRateHz, warmupMaxMs, durationMs } }) =>
      sum + OVERHEAD_MS + (clients / connectRateHz) * 1000 + warmupMaxMs + durationMs,
    0,
  );
  return roundMs * (looks.at(-1)?.rounds ?? 0);
}

function planText({ looks }: Design, parts: ComparisonParts): string {
  const names = parts.arms.map(({ name }) => name).join(', ');
  const [first, last = first] = looks;
  const early = looks.length > 1 ? `, ${first?.rounds} if that is enough` : '';
  const time = `${Math.ceil(longestMs(parts) / 1000)}s`;
  return `${names}: ${last?.rounds} rounds${early}; at most about ${time}\n`;
}

/** Runs the rounds, judges them and delivers what came of it. */
export async function carryOut(cli: Cli, prepared: Prepared): Promise<Comparison> {
  const { parts, design, thresholds, warnings, formats, out, isQuiet } = prepared;
  const startedAt = new Date();
  const { command, arms } = parts;
  const folder = out ?? join('reports', comparisonFolder(command, arms[0].scenario.name, startedAt));
  await requireWritable(folder);
  for (const warning of warnings) cli.err(`warning: ${warning}\n`);
  if (!isQuiet) cli.err(planText(design, parts));
  const ran = await measure(cli, prepared);
  const comparison: Comparison = {
    schemaVersion: COMPARISON_VERSION,
    kind: 'comparison',
    tool: { name: 'sockbench', version: VERSION },
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    commandLine: [...cli.argv],
    status: ran.isComplete ? 'complete' : 'partial',
    notes: [...parts.notes],
    design,
    rounds: [...ran.rounds],
    judgement: judge(design, ran.rounds),
    thresholds: judgeThresholds(thresholds, design, ran.rounds),
  };
  await deliver(cli, folder, formats, writtenComparison(comparison), isQuiet);
  return comparison;
}

async function measure(cli: Cli, { parts, design, isQuiet }: Prepared): Promise<RanRounds> {
  const { arms, baseline, looks } = parts;
  const progress = showRounds(cli, design, isQuiet);
  let at: RoundProgress = { round: 1, rounds: 0, arm: 0 };
  const plan = {
    arms: arms.length,
    rounds: looks.at(-1)?.rounds ?? 0,
    orderSeed: design.seed,
    scheduleSeed: arms[0].plan.seed,
    baseline: baseline?.results ?? null,
  };
  try {
    return await runRounds(plan, {
      run: (arm, seed) =>
        runApart(
          { ...(arms[arm] ?? arms[0]).plan, seed },
          { onProgress: (run) => progress.update(at, run), signal: cli.signal, commandLine: cli.argv },
        ),
      onProgress: (now) => {
        at = now;
      },
      goesOn: (rounds) => {
        progress.roundDone(rounds);
        return goesOn(design, rounds);
      },
      signal: cli.signal,
    });
  } finally {
    progress.done();
  }
}

/** Each on every head, over all its valid rounds together. */
function judgeThresholds(
  thresholds: readonly Threshold[],
  { arms }: Design,
  rounds: readonly Round[],
): Comparison['thresholds'] {
  return arms.slice(1).flatMap((_, index) => {
    const arm = index + 1;
    const { pairs } = pairUp(rounds, arm);
    const [base, head] =
      pairs.length === 0
        ? [null, null]
        : [aggregate(pairs.map((pair) => pair.base)), aggregate(pairs.map((pair) => pair.head))];
    return thresholds.map((threshold) => ({ ...judgeThreshold(threshold, head, base), arm }));
  });
}
