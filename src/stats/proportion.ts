import { betaQuantile } from './distributions.ts';
import { requireInsideUnit, requireWhole } from './domain.ts';

/**
 * Bounds of a probability after so many successes in independent trials, from 0 to 1, two-sided: each is missed with
 * at most half of 1 - confidence, whatever the probability. 0 to 1 for no trials. Throws a RangeError for counts that
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
