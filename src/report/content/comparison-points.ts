import { aggregate } from '../../result/aggregate.ts';
import {
  type Comparison,
  type MetricOutcome,
  type PairOutcome,
  type Round,
  roundsOfArms,
} from '../../result/comparison.ts';
import type { RunResult } from '../../result/run-result.ts';
import { viewResult } from '../../result/view.ts';
import { type Block, tableBlock } from '../blocks.ts';
import { armName } from './comparison-metrics.ts';
import { column, tabulate } from './table.ts';

/** One round of two arms, in the metric's unit. An excluded round is shown but not judged. */
export interface RoundPoint {
  readonly round: number;
  readonly base: number;
  readonly head: number;
  readonly isExcluded: boolean;
}

/** Null when nothing was measured. */
function resultOf({ runs }: Round, arm: number): RunResult | null {
  return runs.find((run) => run.arm === arm)?.result ?? null;
}

/** Every round that has the metric on both sides, in the order of execution. */
export function roundPoints(pair: PairOutcome, metric: MetricOutcome): RoundPoint[] {
  const excluded = pair.excludedPoints[metric.metric] ?? [];
  return [
    ...metric.points.map((point) => ({ ...point, isExcluded: false })),
    ...excluded.map((point) => ({ ...point, isExcluded: true })),
  ].sort((a, b) => a.round - b.round);
}

/** The valid runs of an arm in the judged rounds. Those of the base are valid beside at least one head. */
function validResults({ rounds, judgement }: Comparison, arm: number): RunResult[] {
  const pairs = judgement.heads.filter(({ head }) => arm === 0 || head === arm);
  return rounds.slice(0, judgement.rounds).flatMap((each) => {
    const isValid = pairs.some(
      ({ head, excluded }) =>
        !excluded.some(({ round }) => round === each.round) &&
        resultOf(each, 0) !== null &&
        resultOf(each, head) !== null,
    );
    const result = isValid ? resultOf(each, arm) : null;
    return result === null ? [] : [result];
  });
}

/** All valid runs of an arm as one, with merged histograms and the first result; null when there is none. */
export function mergedView(comparison: Comparison, arm: number) {
  const views = validResults(comparison, arm).map(viewResult);
  const [first] = views;
  return first === undefined ? null : { ...aggregate(views), result: first.result };
}

/** `valid`, `not judged`, or why the round is excluded. */
function stateText({ judgement, rounds }: Comparison, pair: PairOutcome, round: Round): string {
  const reasons = pair.excluded.find((excluded) => excluded.round === round.round)?.reasons ?? [];
  if (reasons.length > 0) return `excluded: ${[...new Set(reasons.map(({ code }) => code))].join(', ')}`;
  return rounds.indexOf(round) < judgement.rounds ? 'valid' : 'not judged';
}

/** The metric of both arms in each round, and its ratio. */
function metricColumns(comparison: Comparison, pair: PairOutcome, metric: MetricOutcome) {
  const { metric: name, unit, kind } = metric;
  const points = new Map(roundPoints(pair, metric).map((point) => [point.round, point]));
  const value = (arm: number, side: 'base' | 'head') => {
    const title = `${name} ${armName(comparison, arm)}`;
    const of = ({ round }: Round) => points.get(round)?.[side] ?? null;
    return column(title, title, unit, 'in this round', of, { unitGroup: name });
  };
  const ratio = ({ round }: Round) => {
    const { base, head } = points.get(round) ?? { base: 0, head: 0 };
    return base > 0 ? head / base : null;
  };
  return [
    value(0, 'base'),
    value(pair.head, 'head'),
    ...(kind === 'exact' ? [] : [column(`${name} ratio`, 'ratio', 'average', 'head over base', ratio)]),
  ];
}

/** Every round of two arms: their order, whether it counts, and all metrics. */
export function roundsBlocks(comparison: Comparison, pair: PairOutcome): Block[] {
  const order = ({ runs }: Round) =>
    runs
      .filter(({ arm }) => arm === 0 || arm === pair.head)
      .map(({ arm }) => armName(comparison, arm))
      .join(', ');
  const columns = [
    column<Round>('round', 'round', 'count', 'in the order of execution', ({ round }) => round),
    column<Round>('order', 'order', 'text', 'the arm that ran first stands first', order),
    column<Round>('state', 'state', 'text', 'whether the round counts', (round) =>
      stateText(comparison, pair, round),
    ),
    ...pair.metrics.flatMap((metric) => metricColumns(comparison, pair, metric)),
  ];
  return tableBlock('Every round', tabulate<Round>(columns, comparison.rounds));
}

/** Every round of a comparison over factors: one metric of each combination. Excluded rounds have no values. */
export function combinationRoundsBlocks(
  comparison: Comparison,
  metric: Pick<MetricOutcome, 'metric' | 'unit'> | undefined,
): Block[] {
  const { design, judgement, rounds } = comparison;
  if (metric === undefined) return [];
  const values = new Map(
    roundsOfArms(judgement.heads, metric.metric).map((each) => [each.round, each.values]),
  );
  const state = ({ round }: Round) => {
    const reasons = judgement.heads
      .flatMap(({ excluded }) => excluded)
      .filter((each) => each.round === round)
      .flatMap((each) => each.reasons);
    const codes = [...new Set(reasons.map(({ arm, code }) => `${armName(comparison, arm)}: ${code}`))];
    if (codes.length > 0) return `excluded: ${codes.join(', ')}`;
    return round <= judgement.rounds ? 'valid' : 'not judged';
  };
  const columns = [
    column<Round>('round', 'round', 'count', 'in the order of execution', ({ round }) => round),
    column<Round>('state', 'state', 'text', 'whether the round counts', state),
    ...design.arms.map((_, arm) =>
      column<Round>(
        `arm_${arm}`,
        armName(comparison, arm),
        metric.unit,
        `${metric.metric} in this round`,
        ({ round }) => values.get(round)?.[arm] ?? null,
        { unitGroup: metric.metric },
      ),
    ),
  ];
  return tableBlock(`${metric.metric} in every round`, tabulate<Round>(columns, rounds));
}
