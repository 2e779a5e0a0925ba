import type { Verdict } from '../result/comparison.ts';
import { formatCount, formatPercent } from '../units.ts';
import type { Decided, Observed } from './pairs.ts';
import { hodgesLehmann, signedRankP, signedRankPBelow } from './signed-rank.ts';

/**
 * Judges a count that should be zero by the differences of the rounds at `alpha`. A rare event, such as one lost message in
 * all rounds, may occur in either of two equal arms: it is neither REGRESSED nor OK.
 */
export function judgeCount({ rule, points }: Observed, alpha: number): Decided {
  const differences = points.map((point) => point.head - point.base);
  const pRegressed = signedRankP(differences, 0);
  const pImproved = signedRankPBelow(differences, 0);
  // The test of "more than the tolerated growth", mirrored.
  const pBeyond = signedRankP(
    points.map((point) => point.base * (1 + rule.delta) - point.head),
    0,
  );
  const [ofBase, ofHead] = [points.map((point) => point.base), points.map((point) => point.head)];
  const decided = ((): [Verdict, string] => {
    if (points.length === 0) return ['INCONCLUSIVE', 'no pair was valid'];
    if (sumOfCounts(ofBase) === 0 && sumOfCounts(ofHead) === 0) return ['OK', 'none in either arm'];
    if (pRegressed <= alpha) return ['REGRESSED', 'more than in the base'];
    if (pImproved <= alpha) return ['IMPROVED', 'fewer than in the base'];
    if (sumOfCounts(ofHead) === 0) return ['OK', 'none in the head'];
    if (pBeyond <= alpha) return ['OK', `at most ${formatPercent(rule.delta)} more than in the base`];
    return ['INCONCLUSIVE', unsure(ofBase, ofHead)];
  })();
  const [verdict, because] = decided;
  return {
    verdict,
    ratio: null,
    lower: null,
    upper: null,
    lowerAlpha: alpha,
    upperAlpha: alpha,
    pRegressed,
    pImproved,
    difference: points.length === 0 ? null : hodgesLehmann(differences),
    detectable: null,
    because,
  };
}

function sumOfCounts(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** `1 in 1 of 15 rounds of the head, none in the base: too rare to judge` */
function unsure(ofBase: readonly number[], ofHead: readonly number[]): string {
  const shown = (counts: readonly number[]) => {
    const rounds = counts.filter((count) => count > 0).length;
    return `${formatCount(sumOfCounts(counts))} in ${rounds} of ${counts.length} rounds`;
  };
  return sumOfCounts(ofBase) === 0
    ? `${shown(ofHead)} of the head, none in the base: too rare to judge`
    : `${shown(ofHead)} of the head, ${shown(ofBase)} of the base: too rare or too uneven to judge`;
}
