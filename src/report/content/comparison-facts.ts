import type { Comparison } from '../../result/comparison.ts';
import type { RunResult } from '../../result/run-result.ts';
import { list, pastedCommand } from '../../text.ts';
import { formatDurationMs, formatPercent } from '../../units.ts';
import type { Fact } from '../blocks.ts';
import { armName, isEarly } from './comparison-metrics.ts';
import { loadText, machineFacts } from './run-facts.ts';
import { formatValue } from './table.ts';

/** The first result of each arm; null for an arm without any. */
export function firstResults({ design, rounds }: Comparison): Array<RunResult | null> {
  return design.arms.map((_, arm) => {
    const runs = rounds.flatMap((round) => round.runs.filter((run) => run.arm === arm));
    return runs.find(({ result }) => result !== null)?.result ?? null;
  });
}

/** One text for all arms where they agree, otherwise one for each with its name. */
export function agreed(comparison: Comparison, texts: ReadonlyArray<string | null>): string {
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

/** The design of the comparison. */
export function designFacts(comparison: Comparison): Fact[] {
  const { design, rounds, judgement, startedAt, durationMs, commandLine, tool } = comparison;
  const loads = firstResults(comparison).map((result) => (result === null ? null : loadText(result)));
  const maxRounds = design.looks.at(-1)?.rounds ?? 0;
  const equal = design.command === 'gate' ? 'equal builds' : 'equal arms';
  const inTurn: Fact[] = [
    [
      'false alarms',
      `${equal} are reported as REGRESSED by ratio in at most ${formatPercent(design.alpha)} of comparisons`,
    ],
    ['order', `arms in random order in each round, seed ${design.seed}`],
  ];
  return [
    ...design.arms.map(({ spec }, arm): Fact => [armName(comparison, arm), spec]),
    ...(design.baseline === null ? [] : [['stored base', design.baseline] as const]),
    ['load', agreed(comparison, loads)],
    ['rounds', `${rounds.length} of at most ${maxRounds}; the first ${judgement.rounds} were judged`],
    ['looks', looksText(comparison)],
    ...(design.baseline === null ? inTurn : []),
    ['excluded', `INVALID when more than ${formatPercent(design.maxInvalidShare)} of the pairs are excluded`],
    ['command line', pastedCommand(commandLine) ?? '-'],
    ['started', `${startedAt}, took ${formatDurationMs(durationMs)}, sockbench ${tool.version}`],
  ];
}

/** Machine and versions by the first result of each arm, and the worst disturbance of any run. */
export function environmentOfArms(comparison: Comparison): Fact[] {
  const byArm = firstResults(comparison).map(
    (result) => new Map(result === null ? [] : machineFacts(result)),
  );
  const names = new Set(byArm.flatMap((facts) => [...facts.keys()]));
  const results = comparison.rounds.flatMap(({ runs }) => runs.map(({ result }) => result));
  const highest = (
    pick: (environment: RunResult['environment']) => number | null,
    format: (value: number) => string,
  ) => {
    const known = results
      .map((result) => result && pick(result.environment))
      .filter((value) => value !== null);
    return known.length === 0 ? '-' : `at most ${format(Math.max(...known))} in a run`;
  };
  const share = (value: number) => formatValue('share', value);
  return [
    ...[...names].map(
      (name): Fact => [
        name,
        agreed(
          comparison,
          byArm.map((facts) => facts.get(name) ?? null),
        ),
      ],
    ),
    ['CPU steal', highest(({ stealRatio }) => stealRatio, share)],
    ['CPU pressure', highest(({ cpuPressureRatio }) => cpuPressureRatio, share)],
    ['throttled', highest(({ throttledMs }) => throttledMs, formatDurationMs)],
  ];
}
