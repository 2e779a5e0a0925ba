import { compiled, incbet, incbi, ndtr, ndtri, stdtri } from 'cephes';
import type { NsHistogram } from '../result/view.ts';

// It is WebAssembly, and its functions do not exist before it is compiled.
await compiled;

/**
 * From here on the normal distribution is used: the continued fraction of Cephes stops after 300 terms, and near the
 * middle of a beta distribution whose parameters are both over 10^6 that is too early.
 */
const LARGE = 250_000;

/**
 * P(X <= successes) for X ~ Binomial(trials, probability), by its relation to the incomplete beta function
 * (Abramowitz & Stegun 1964, 26.5.24). `successes` may be any whole number, below 0 and over `trials` too. Absolute
 * error under 10^-5; under 4 * 10^-4 where both successes and failures are expected more than 250,000 times.
 */
export function binomialCdf(successes: number, trials: number, probability: number): number {
  if (successes < 0) return 0;
  if (successes >= trials) return 1;
  const mean = trials * probability;
  if (Math.min(mean, trials - mean) <= LARGE) {
    return incbet(trials - successes, successes + 1, 1 - probability);
  }
  return ndtr((successes + 0.5 - mean) / Math.sqrt(mean * (1 - probability)));
}

/** The value that a Beta(a, b) variable does not exceed with the probability given (0 to 1); a and b over 0. */
export function betaQuantile(probability: number, a: number, b: number): number {
  if (Math.min(a, b) <= LARGE) return incbi(a, b, probability);
  const mean = a / (a + b);
  return mean + ndtri(probability) * Math.sqrt((mean * (1 - mean)) / (a + b + 1));
}

/** The probability that a standard normal variable exceeds the value. */
export function normalTail(value: number): number {
  return ndtr(-value);
}

/** The value that a standard normal variable does not exceed with the probability given, inside 0 to 1. */
export function normalQuantile(probability: number): number {
  return ndtri(probability);
}

/** The value that a Student's t variable with whole `degrees` of freedom, 1 or more, does not exceed with the probability. */
export function studentQuantile(probability: number, degrees: number): number {
  return stdtri(degrees, probability);
}

/** Throws a RangeError that names the first value that is not a finite number. */
export function requireFinite(name: string, values: readonly number[]): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at !== -1) throw new RangeError(`${name}[${at}] is ${values[at]}; it must be a finite number`);
}

/** Throws a RangeError unless the value lies between 0 and 1, both left out. */
export function requireInsideUnit(name: string, value: number): void {
  if (!(value > 0 && value < 1)) throw new RangeError(`${name} is ${value}; it must lie between 0 and 1`);
}

/** Throws a RangeError unless the value is a whole number from `min` up to `max`. */
export function requireWhole(name: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
  throw new RangeError(`${name} is ${value}; it must be a whole number, ${range}`);
}

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
