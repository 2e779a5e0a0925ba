import type { Comparison, MetricOutcome, PairOutcome, Round } from '../../result/comparison.ts';
import { plain } from '../plain.ts';
import { armName, baseName } from './comparison-names.ts';
import { type RoundPoint, roundPoints } from './comparison-points.ts';
import { type Column, column, type Table, tabulate } from './table.ts';

/** Whether a round counts, and why not. */
function stateText({ judgement, rounds }: Comparison, pair: PairOutcome, round: Round): string {
  const reasons = pair.excluded.find((excluded) => excluded.round === round.round)?.reasons ?? [];
  if (reasons.length > 0) return `spoilt: ${[...new Set(reasons.map(({ code }) => plain(code)))].join(', ')}`;
  return rounds.indexOf(round) < judgement.rounds ? 'valid' : 'not judged';
}

type Pick = (point: RoundPoint) => number | null;

function metricColumns(
  comparison: Comparison,
  pair: PairOutcome,
  metric: MetricOutcome,
): Array<Column<Round>> {
  const points = new Map(roundPoints(comparison, pair, metric).map((point) => [point.round, point]));
  const name = plain(metric.metric);
  const of = (pick: Pick) => (round: Round) => {
    const point = points.get(round.round);
    return point === undefined ? null : pick(point);
  };
  const value = (arm: string, pick: Pick): Column<Round> => ({
    ...column<Round>(
      `${metric.metric} ${arm}`,
      `${name} ${arm}`,
      metric.unit,
      'in this round alone',
      of(pick),
    ),
    unitGroup: metric.metric,
  });
  const ratio = of(({ base, head }) => (base > 0 ? head / base : null));
  return [
    value(baseName(comparison), ({ base }) => base),
    value(armName(comparison, pair.head), ({ head }) => head),
    ...(metric.kind === 'exact'
      ? []
      : [column<Round>(`${metric.metric} ratio`, 'ratio', 'average', 'head over base', ratio)]),
  ];
}

/** Every round of two arms: in what order they ran, whether it counts, and all metrics. */
export function roundsTable(comparison: Comparison, pair: PairOutcome): Table {
  const order = ({ runs }: Round) =>
    runs
      .filter(({ arm }) => arm === 0 || arm === pair.head)
      .map(({ arm }) => armName(comparison, arm))
      .join(', ');
  return tabulate<Round>(
    [
      column('round', 'round', 'count', 'in the order of execution', ({ round }) => round),
      column('order', 'order', 'text', 'which arm ran first', order),
      column('state', 'state', 'text', 'whether it counts', (round) => stateText(comparison, pair, round)),
      ...pair.metrics.flatMap((metric) => metricColumns(comparison, pair, metric)),
    ],
    comparison.rounds,
  );
}
