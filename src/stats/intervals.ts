import type { NsHistogram } from '../result/view.ts';
import { betaQuantile, binomialCdf, requireInsideUnit, requireWhole } from './distributions.ts';

/**
 * The ranks of `count` sorted independent samples that bound the quantile of their distribution: ranks from 1, each
 * bound one-sided at `confidence`. How many samples lie below the quantile is binomial for any distribution.
 * Null where no sample is low or high enough: an upper bound of p95 at 95 % needs 59 samples. Throws a RangeError for
 * a count that is not a whole number, and a quantile or confidence that is not inside 0 to 1.
 *
 * Source: Hahn and Meeker, "Statistical Intervals" (1991), section 5.2; Conover, "Practical Nonparametric Statistics"
 * (1971), section 3.2.
 */
export function quantileRankBounds(
  count: number,
  quantile: number,
  confidence: number,
): { lower: number | null; upper: number | null } {
  requireWhole('count', count, 0);
  requireInsideUnit('quantile', quantile);
  requireInsideUnit('confidence', confidence);
  const below = (rank: number) => binomialCdf(rank - 1, count, quantile);
  // The r-th sample is under the quantile, or at it, unless fewer than r samples are.
  const firstTooHigh = firstRank(count, (rank) => below(rank) > 1 - confidence);
  const firstHighEnough = firstRank(count, (rank) => below(rank) >= confidence);
  return {
    lower: firstTooHigh === 1 ? null : firstTooHigh - 1,
    upper: firstHighEnough > count ? null : firstHighEnough,
  };
}

/** The first rank from 1 to count for which a condition that stays true holds; count + 1 where it never does. */
function firstRank(count: number, holds: (rank: number) => boolean): number {
  let first = 1;
  let end = count + 1;
  while (first < end) {
    const middle = Math.floor((first + end) / 2);
    if (holds(middle)) end = middle;
    else first = middle + 1;
  }
  return first;
}

/**
 * Bounds of a quantile of latencies, each one-sided at `confidence`, in nanoseconds; null where there are too few
 * samples. The recorded values need not be independent: all receivers of one broadcast share its fate. So the ranks
 * are taken among the `samples` independent ones behind them, and the histogram is read at rank / samples. Throws a
 * RangeError where {@link quantileRankBounds} does, and for more samples than values.
 */
export function quantileBoundsNs(
  histogram: NsHistogram,
  samples: number,
  quantile: number,
  confidence: number,
): { lowerNs: number | null; upperNs: number | null } {
  requireWhole('samples', samples, 0, histogram.count);
  const { lower, upper } = quantileRankBounds(samples, quantile, confidence);
  const valueNs = (rank: number | null) => (rank === null ? null : histogram.quantileNs(rank / samples));
  return { lowerNs: valueNs(lower), upperNs: valueNs(upper) };
}

/**
 * Two-sided bounds of a probability, from 0 to 1, after `successes` in independent `trials`: each is missed with
 * at most half of 1 - confidence, for any probability. 0 to 1 for no trials. Throws a RangeError for counts that
 * are not whole, more successes than trials and a confidence that is not inside 0 to 1.
 *
 * Source: Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
 * Biometrika 26 (1934).
 */
export function clopperPearson(
  successes: number,
  trials: number,
  confidence: number,
): { lower: number; upper: number } {
  requireWhole('trials', trials, 0);
  requireWhole('successes', successes, 0, trials);
  requireInsideUnit('confidence', confidence);
  const missed = (1 - confidence) / 2;
  const failures = trials - successes;
  return {
    lower: successes === 0 ? 0 : betaQuantile(missed, successes, failures + 1),
    upper: failures === 0 ? 1 : betaQuantile(1 - missed, successes + 1, failures),
  };
}
