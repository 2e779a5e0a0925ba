import { compiled, incbet, ndtr } from 'cephes';
import { MISSED_BEYOND_BOUND, type NsHistogram } from './view.ts';

// It is WebAssembly, and its functions do not exist before it is compiled.
await compiled;

/**
 * From here on the normal distribution is used: the continued fraction of Cephes stops after 300 terms, and near the
 * middle of a beta distribution whose parameters are both over 10^6 that is too early.
 */
export const LARGE = 250_000;

/**
 * P(X <= successes) for X ~ Binomial(trials, probability), by its relation to the incomplete beta function
 * (Abramowitz & Stegun 1964, 26.5.24), which extends it to numbers that are not whole. `successes` may lie below 0 and
 * over `trials`. Absolute error under 10^-5; under 4 * 10^-4 where both successes and failures are expected more than
 * 250,000 times.
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

/** An interval of a value, in its unit. A bound is null where the samples are too few for it. */
export interface Bounds {
  readonly lower: number | null;
  readonly upper: number | null;
}

export const NO_BOUNDS: Bounds = { lower: null, upper: null };

/** The probability with which each bound holds. */
export const CONFIDENCE_OF_BOUND = 1 - MISSED_BEYOND_BOUND;

/** Ranks among an effective number of samples, which is an average, are searched this finely. */
const STEPS_PER_DEVIATION = 64;

/**
 * The ranks, from 1, among sorted independent samples that bound a quantile of their distribution, each one-sided at
 * `confidence`. How many samples lie below the quantile is binomial for any distribution. A bound is null where no sample
 * is low or high enough: the upper bound of p99 at 97.5 % needs 368 samples. The minimum and the maximum have none.
 *
 * Ranks are multiples of `step` above 1: whole, or between two samples of an effective number of them.
 *
 * Sources: Hahn and Meeker, "Statistical Intervals" (1991), section 5.2; Conover, "Practical Nonparametric Statistics"
 * (1971), section 3.2.
 */
export function quantileRanks(
  samples: number,
  quantile: number,
  confidence = CONFIDENCE_OF_BOUND,
  step = 1,
): Bounds {
  if (!(samples >= 1 && quantile > 0 && quantile < 1)) return NO_BOUNDS;
  const rankOf = (place: number) => Math.min(samples, 1 + place * step);
  const below = (place: number) => binomialCdf(rankOf(place) - 1, samples, quantile);
  const last = Math.ceil((samples - 1) / step);
  // Both ranks lie this close to the middle: ten standard deviations, and twenty samples where they are few.
  const reach = 10 * deviationOfRank(samples, quantile) + 20;
  const from = Math.max(0, Math.floor((samples * quantile - reach) / step));
  const to = Math.min(last, Math.ceil((samples * quantile + reach) / step));
  // The r-th sample is under the quantile, or at it, unless fewer than r samples are.
  const firstTooHigh = firstPlace(from, to, (place) => below(place) > 1 - confidence);
  const firstHighEnough = firstPlace(from, to, (place) => below(place) >= confidence);
  return {
    lower: firstTooHigh === 0 ? null : rankOf(firstTooHigh - 1),
    upper: firstHighEnough > last ? null : rankOf(firstHighEnough),
  };
}

const deviationOfRank = (samples: number, quantile: number) => Math.sqrt(samples * quantile * (1 - quantile));

/** The first place for which a condition that stays true holds; the one after `to` where it never does. */
function firstPlace(from: number, to: number, holds: (place: number) => boolean): number {
  let first = from;
  let end = to + 1;
  while (first < end) {
    const middle = first + Math.floor((end - first) / 2);
    if (holds(middle)) end = middle;
    else first = middle + 1;
  }
  return first;
}

/** Most series of a run have the same number of samples, and their ranks are asked for in several tables. */
const ranksByKey = new Map<string, Bounds>();
const MAX_KNOWN_RANKS = 5000;

function knownRanks(samples: number, quantile: number, step: number): Bounds {
  const key = `${samples} ${quantile} ${step}`;
  const ranks = ranksByKey.get(key) ?? quantileRanks(samples, quantile, CONFIDENCE_OF_BOUND, step);
  if (ranksByKey.size >= MAX_KNOWN_RANKS) ranksByKey.clear();
  ranksByKey.set(key, ranks);
  return ranks;
}

/** One run, or several taken together. */
interface Sampled {
  histogram(series: string): NsHistogram | null;
  samples(series: string): number;
  effectiveSamples(series: string, quantile: number): number | null;
}

/**
 * The 95 % interval of a quantile of a series, in nanoseconds: it holds the quantile of the latencies that the server
 * would show in an endless run in 95 of 100 runs. Each bound is missed in at most 2.5 %.
 *
 * All receivers of one broadcast share its fate, so the ranks are taken among the independent samples, and the histogram
 * is read at the same share of its values. Where successive samples are correlated, the effective number of samples
 * stands for that of the samples.
 *
 * Source: Korn and Graubard, "Confidence intervals for proportions with small expected number of positive counts
 * estimated from survey data", Survey Methodology 24 (1998).
 */
export function quantileBounds(runs: Sampled, series: string, quantile: number): Bounds {
  const histogram = runs.histogram(series);
  if (histogram === null || histogram.count === 0) return NO_BOUNDS;
  const effective = runs.effectiveSamples(series, quantile);
  const samples = Math.min(histogram.count, effective ?? runs.samples(series));
  const step = effective === null ? 1 : deviationOfRank(samples, quantile) / STEPS_PER_DEVIATION;
  const { lower, upper } = knownRanks(samples, quantile, step);
  const valueNs = (rank: number | null) => (rank === null ? null : histogram.quantileNs(rank / samples));
  return { lower: valueNs(lower), upper: valueNs(upper) };
}

/**
 * The 95 % interval of the median of the distribution that independent values are drawn from, as of the rounds of a
 * comparison; without bounds for fewer than six values. Source: Conover (1971), section 3.2.
 */
export function medianBounds(values: readonly number[]): Bounds {
  const ascending = values.toSorted((a, b) => a - b);
  const { lower, upper } = quantileRanks(values.length, 0.5);
  const valueAt = (rank: number | null) => (rank === null ? null : (ascending[rank - 1] ?? null));
  return { lower: valueAt(lower), upper: valueAt(upper) };
}
