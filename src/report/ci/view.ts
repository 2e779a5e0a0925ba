import type { Comparison, MetricOutcome, PairOutcome } from '../../result/comparison.ts';
import { armName } from '../content/comparison-metrics.ts';
import { numbered } from '../content/run-verdict.ts';
import { plain } from '../plain.ts';

/** What programs are told of a comparison: names that are safe for one line, and no two of them alike. */
export interface CiView {
  readonly comparison: Comparison;
  readonly scenario: string;
  /** By the index of an arm. */
  readonly arms: readonly string[];
}

export function ciView(comparison: Comparison): CiView {
  const { arms } = comparison.design;
  return {
    comparison,
    scenario: plain(arms[0]?.plan.scenario ?? 'scenario'),
    arms: numbered(arms.map((_, arm) => armName(comparison, arm))),
  };
}

/** The name of an arm of the view. */
export function labelOf({ arms }: CiView, arm: number): string {
  return arms[arm] ?? `arm ${arm + 1}`;
}

/** Those of which something can be said: figures of the others are measured, and worth nothing. */
export function believedHeads({ comparison }: CiView): PairOutcome[] {
  return comparison.judgement.heads.filter(({ verdict }) => verdict !== 'INVALID');
}

/** A value of the head that is known, with what it may truly be. */
export interface HeadValue {
  readonly pair: PairOutcome;
  readonly metric: MetricOutcome;
  /** In the metric's unit; durations are nanoseconds. */
  readonly value: number;
  readonly range: { readonly lower: number; readonly upper: number } | null;
}

/**
 * The bounds of the ratio, times what the base has. Null without both, and where the value of all rounds together
 * lies outside, which an estimate from the single rounds allows.
 */
function rangeOf({ base, lower, upper }: MetricOutcome, value: number): HeadValue['range'] {
  if (base === null || lower === null || upper === null) return null;
  const range = { lower: base * lower, upper: base * upper };
  return range.lower <= value && value <= range.upper ? range : null;
}

/** Every known value of every head of which something can be said. */
export function headValues(view: CiView): HeadValue[] {
  return believedHeads(view).flatMap((pair) =>
    pair.metrics.flatMap((metric) =>
      metric.head === null ? [] : [{ pair, metric, value: metric.head, range: rangeOf(metric, metric.head) }],
    ),
  );
}
