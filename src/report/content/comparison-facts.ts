import type { Comparison } from '../../result/comparison.ts';
import type { RunResult } from '../../result/run-result.ts';
import { list } from '../../text.ts';
import { formatDurationMs, formatPercent } from '../../units.ts';
import type { Fact } from '../blocks.ts';
import { armName, isEarly } from './comparison-metrics.ts';
import { environmentFacts, loadText } from './run-facts.ts';
import { formatValue } from './table.ts';

/** The first result of each arm; null for an arm without any. */
function firstResults({ design, rounds }: Comparison): Array<RunResult | null> {
  return design.arms.map((_, arm) => {
    const runs = rounds.flatMap((round) => round.runs.filter((run) => run.arm === arm));
    return runs.find(({ result }) => result !== null)?.result ?? null;
  });
}

/** One text for all arms where they agree, otherwise one for each with its name. */
function agreed(comparison: Comparison, texts: ReadonlyArray<string | null>): string {
  const known = texts.filter((text) => text !== null);
  if (new Set(known).size <= 1) return known[0] ?? '-';
  return texts.map((text, arm) => `${armName(comparison, arm)}: ${text ?? '-'}`).join('; ');
}

const ORDINALS = ['first', 'second', 'third'];

function looksText(comparison: Comparison): string {
  const { design, judgement } = comparison;
  const isInTurn = design.baseline === null;
  const looks = design.looks.map(
    ({ rounds, alpha }) => `after ${rounds}${isInTurn ? ` at alpha ${formatPercent(alpha)}` : ''}`,
  );
  if (looks.length === 1) return `one, ${looks.join('')}`;
  const decided = isEarly(comparison)
    ? 'none was reached'
    : `the ${ORDINALS[judgement.look] ?? 'last'} decided`;
  return `${list(looks)}; ${decided}`;
}

/** How often arms that do not differ are reported as worse. */
function falseAlarmFacts({ design }: Comparison): Fact[] {
  if (design.baseline !== null) return [];
  const equal = design.command === 'gate' ? 'equal builds' : 'equal arms';
  const alpha = formatPercent(design.alpha);
  return [['false alarms', `${equal} are reported as REGRESSED by ratio in at most ${alpha} of comparisons`]];
}

/** The design of the comparison. */
export function designFacts(comparison: Comparison): Fact[] {
  const { design, rounds, judgement, startedAt, durationMs, commandLine, tool } = comparison;
  const loads = firstResults(comparison).map((result) => (result === null ? null : loadText(result)));
  const maxRounds = design.looks.at(-1)?.rounds ?? 0;
  const { seed } = design;
  return [
    ...design.arms.map(({ spec }, arm): Fact => [armName(comparison, arm), spec]),
    ...(design.baseline === null ? [] : [['stored base', design.baseline] as const]),
    ['load', agreed(comparison, loads)],
    ['rounds', `${rounds.length} of at most ${maxRounds}; the first ${judgement.rounds} were judged`],
    ['looks', looksText(comparison)],
    ...falseAlarmFacts(comparison),
    ...(design.baseline === null
      ? [['order', `arms in random order in each round, seed ${seed}`] as const]
      : []),
    ['excluded', `INVALID when more than ${formatPercent(design.maxInvalidShare)} of the pairs are excluded`],
    ['command line', commandLine.join(' ') || '-'],
    ['started', `${startedAt}, took ${formatDurationMs(durationMs)}, sockbench ${tool.version}`],
  ];
}

/** Facts that differ from run to run. */
const OF_ONE_RUN: ReadonlySet<string> = new Set([
  'started',
  'took',
  'command line',
  'sockbench',
  'CPU steal',
  'throttled',
  'CPU pressure',
  'snapshot cost',
]);

/** The highest value of all runs. */
function maxText(
  results: readonly RunResult[],
  pick: (environment: RunResult['environment']) => number | null,
  format: (value: number) => string,
): string {
  const known = results.map(({ environment }) => pick(environment)).filter((value) => value !== null);
  return known.length === 0 ? '-' : `at most ${format(Math.max(...known))} in a run`;
}

/** Machine and versions by the first result of each arm, and the worst disturbance of any run. */
export function machineFacts(comparison: Comparison): Fact[] {
  const byArm = firstResults(comparison).map(
    (result) => new Map(result === null ? [] : environmentFacts(result)),
  );
  const names = [...new Set(byArm.flatMap((facts) => [...facts.keys()]))];
  const same = names
    .filter((name) => !OF_ONE_RUN.has(name))
    .map((name): Fact => {
      const texts = byArm.map((facts) => facts.get(name) ?? null);
      return [name, agreed(comparison, texts)];
    });
  const results = comparison.rounds
    .flatMap(({ runs }) => runs.map(({ result }) => result))
    .filter((result) => result !== null);
  if (results.length === 0) return same;
  const share = (value: number) => formatValue('share', value);
  return [
    ...same,
    ['CPU steal', maxText(results, ({ stealRatio }) => stealRatio, share)],
    ['CPU pressure', maxText(results, ({ cpuPressureRatio }) => cpuPressureRatio, share)],
    ['throttled', maxText(results, ({ throttledMs }) => throttledMs, formatDurationMs)],
  ];
}
