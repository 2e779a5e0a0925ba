import type { MetricOutcome, Verdict } from '../result/comparison.ts';
import { formatPercent } from '../units.ts';
import { hodgesLehmann } from './hodges-lehmann.ts';
import type { Observed } from './observed.ts';
import { signedRankP } from './signed-rank.ts';

/**
 * A count that should be zero. Where the base has none, one is too many: a lost message is a fact and no estimate.
 * Where both have some, the rounds decide by their differences, at `alpha`.
 */
export function judgeCount({ rule, points, base, head }: Observed, alpha: number): MetricOutcome {
  const differences = points.map((point) => point.head - point.base);
  const pRegressed = signedRankP(differences, 0);
  const pImproved = signedRankP(
    differences.map((difference) => -difference),
    0,
  );
  // Of "more than the tolerated growth": what is below it is above zero here.
  const pBeyond = signedRankP(
    points.map((point) => point.base * (1 + rule.delta) - point.head),
    0,
  );
  const decided = ((): [Verdict, string] => {
    if (points.length === 0) return ['INCONCLUSIVE', 'no pair of rounds was valid'];
    if (base === 0 && head === 0) return ['OK', 'none in either'];
    if (base === 0) return ['REGRESSED', 'the base has none'];
    if (head === 0) return ['IMPROVED', 'only the base has any'];
    if (pRegressed <= alpha) return ['REGRESSED', 'more than in the base, round by round'];
    if (pImproved <= alpha) return ['IMPROVED', 'fewer than in the base, round by round'];
    if (pBeyond <= alpha)
      return ['OK', `at most ${formatPercent(rule.delta)} more than in the base, if at all`];
    return ['INCONCLUSIVE', 'both have some, and the rounds differ too much to tell'];
  })();
  const [verdict, because] = decided;
  return {
    ...rule,
    verdict,
    base,
    head,
    points: [...points],
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
