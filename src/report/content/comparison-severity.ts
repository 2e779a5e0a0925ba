import type { Comparison, Verdict } from '../../result/comparison.ts';
import { overloadText } from './comparison-circumstances.ts';

export type VerdictSeverity = 'good' | 'warning' | 'bad';

const SEVERITIES: Readonly<Record<Verdict, VerdictSeverity>> = {
  REGRESSED: 'bad',
  INVALID: 'bad',
  INCONCLUSIVE: 'warning',
  IMPROVED: 'good',
  OK: 'good',
};

/** How grave it is, for a colour; a failed threshold is as grave as a regression. */
export function comparisonSeverity(comparison: Comparison): VerdictSeverity {
  const { judgement, status, thresholds } = comparison;
  const tone = SEVERITIES[judgement.verdict];
  if (tone === 'bad' || thresholds.some(({ passed }) => passed === false)) return 'bad';
  const isDoubtful =
    status === 'partial' ||
    thresholds.some(({ passed }) => passed === null) ||
    overloadText(comparison) !== null;
  return isDoubtful ? 'warning' : tone;
}
