import type { Comparison, Verdict } from '../../result/comparison.ts';
import { overloadText } from './comparison-circumstances.ts';

export type VerdictTone = 'good' | 'warning' | 'bad';

const TONES: Readonly<Record<Verdict, VerdictTone>> = {
  REGRESSED: 'bad',
  INVALID: 'bad',
  INCONCLUSIVE: 'warning',
  IMPROVED: 'good',
  OK: 'good',
};

/** How grave it is, for a colour; a failed threshold is as grave as a regression. */
export function comparisonTone(comparison: Comparison): VerdictTone {
  const { judgement, status, thresholds } = comparison;
  const tone = TONES[judgement.verdict];
  if (tone === 'bad' || thresholds.some(({ passed }) => passed === false)) return 'bad';
  const isDoubtful =
    status === 'partial' ||
    thresholds.some(({ passed }) => passed === null) ||
    overloadText(comparison) !== null;
  return isDoubtful ? 'warning' : tone;
}
