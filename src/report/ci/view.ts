import type { Comparison, MetricOutcome, PairOutcome } from '../../result/comparison.ts';
import { armName } from '../content/comparison-metrics.ts';
import { numbered } from '../content/run-verdict.ts';
import { plain } from '../plain.ts';

/** One head with the names of what it is compared with. */
export interface CiPair {
  readonly pair: PairOutcome;
  readonly scenario: string;
  readonly base: string;
  readonly head: string;
}

/** A comparison for programs: each name fits on one line, and no two arms share a name. */
export interface CiView {
  readonly comparison: Comparison;
  readonly scenario: string;
  /** By index of the arm. */
  readonly arms: readonly string[];
  readonly pairs: readonly CiPair[];
  /** The pairs that are not INVALID: values of the others mean nothing. */
  readonly validPairs: readonly CiPair[];
}

export function ciView(comparison: Comparison): CiView {
  const { arms: designed } = comparison.design;
  const scenario = plain(designed[0]?.plan.scenario ?? 'scenario');
  const arms = numbered(designed.map((_, arm) => armName(comparison, arm)));
  const labelOf = (arm: number) => arms[arm] ?? `arm ${arm + 1}`;
  const pairs = comparison.judgement.heads.map((pair) => ({
    pair,
    scenario,
    base: labelOf(0),
    head: labelOf(pair.head),
  }));
  return {
    comparison,
    scenario,
    arms,
    pairs,
    validPairs: pairs.filter(({ pair }) => pair.verdict !== 'INVALID'),
  };
}

/** A known value of a head. */
export interface HeadValue extends CiPair {
  readonly metric: MetricOutcome;
  /** In the unit of the metric; durations are nanoseconds. */
  readonly value: number;
  readonly range: { readonly lower: number; readonly upper: number } | null;
}

/**
 * The bounds of the ratio times the value of the base. Null without both bounds, and where the range does not hold the
 * value: the value is of all rounds together, the bounds are of the single rounds.
 */
function rangeOf({ base, lower, upper }: MetricOutcome, value: number): HeadValue['range'] {
  if (base === null || lower === null || upper === null) return null;
  const range = { lower: base * lower, upper: base * upper };
  return range.lower <= value && value <= range.upper ? range : null;
}

/** Every known value of every valid pair. */
export function headValues({ validPairs }: CiView): HeadValue[] {
  return validPairs.flatMap((each) =>
    each.pair.metrics.flatMap((metric) =>
      metric.head === null
        ? []
        : [{ ...each, metric, value: metric.head, range: rangeOf(metric, metric.head) }],
    ),
  );
}
