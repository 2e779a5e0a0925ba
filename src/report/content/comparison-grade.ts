import type { Comparison, MetricOutcome, PairOutcome, Verdict } from '../../result/comparison.ts';

/** Whether it ended before anything was to be judged. */
export function isEarly({ design, judgement }: Comparison): boolean {
  return judgement.rounds < (design.looks[judgement.look]?.rounds ?? 0);
}

/**
 * What one metric came to, as far as it is believed: nothing of an INVALID pair is, and of one that ended before it
 * was to be judged nothing can be told.
 */
export function gradeOf(comparison: Comparison, { verdict }: PairOutcome, metric: MetricOutcome): Verdict {
  if (verdict === 'INVALID') return 'INVALID';
  return isEarly(comparison) ? 'INCONCLUSIVE' : metric.verdict;
}

/** Whether it decides nothing this time: one that may be missing, and is. */
export function isUnjudged(metric: MetricOutcome): boolean {
  return metric.optional && metric.gating && metric.points.length === 0;
}

/** The metrics that decide. */
export function decidingOf({ metrics }: PairOutcome): MetricOutcome[] {
  return metrics.filter((metric) => metric.gating && !isUnjudged(metric));
}
