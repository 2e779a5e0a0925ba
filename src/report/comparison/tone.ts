import type { Comparison, Verdict } from '../../result/comparison.ts';

export type VerdictTone = 'good' | 'warning' | 'bad';

const TONES: Readonly<Record<Verdict, VerdictTone>> = {
  REGRESSED: 'bad',
  INVALID: 'bad',
  INCONCLUSIVE: 'warning',
  IMPROVED: 'good',
  OK: 'good',
};

/** How grave it is, for a colour; a failed threshold is as grave as a regression. */
export function comparisonTone({ judgement, status, thresholds }: Comparison): VerdictTone {
  const tone = TONES[judgement.verdict];
  if (tone === 'bad' || thresholds.some(({ passed }) => passed === false)) return 'bad';
  return status === 'partial' || thresholds.some(({ passed }) => passed === null) ? 'warning' : tone;
}
