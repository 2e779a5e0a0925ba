import { doubledMidranks, median } from '../result/order-statistics.ts';
import {
  normalQuantile,
  normalTail,
  requireFinite,
  requireInsideUnit,
  requireWhole,
  studentQuantile,
} from './distributions.ts';

/** With more values the sum of ranks is nearly normal, and its exact distribution takes long. */
const MAX_EXACT = 100;

/** The probability of each sum, when each rank is in it or not by the toss of a coin. */
function sumDistribution(ranks: readonly number[]): Float64Array {
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  const probabilities = new Float64Array(total + 1);
  probabilities[0] = 1;
  let highest = 0;
  for (const rank of ranks) {
    highest += rank;
    for (let sum = highest; sum >= 0; sum--) {
      const without = probabilities[sum] ?? 0;
      const within = sum < rank ? 0 : (probabilities[sum - rank] ?? 0);
      probabilities[sum] = (without + within) / 2;
    }
  }
  return probabilities;
}

/**
 * Wilcoxon's signed-rank test of "the location is at most `shift`" against "it is above": the p-value, over 0 to 1, and
 * 1 for no values. The location is the centre of symmetry that the values' distribution is assumed to have; the log
 * ratio of two arms has it when both spread alike, and 0 is that centre when they are equal. `shift` has the unit of
 * the values.
 *
 * Exact for up to 100 values, with ties too: given the distances |x - shift|, each sign is a fair coin if the
 * location is `shift`, and P(W+ >= the one observed) is summed over all signs. Tied distances share their midrank. A
 * value at `shift` itself is ranked with the others and then counted for neither side, as Pratt proposed: the p-value
 * then never falls as `shift` grows, so that the test holds its level for any location below `shift` as well. Leaving
 * such values out before ranking, as Wilcoxon did, would not have this property.
 *
 * Beyond 100 values, where that would take long, W+ is taken for normal: with the mean and variance that these signs
 * give it, which the ties and the values at `shift` are in, and a half for continuity. Where p is 0.001 or more it is
 * then off by less than a tenth of itself, and smaller ones come out too large. Throws a RangeError for what is not
 * a finite number.
 *
 * Sources: Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin 1 (1945); Pratt, "Remarks on
 * zeros and ties in the Wilcoxon signed rank procedures", Journal of the American Statistical Association 54 (1959).
 */
export function signedRankP(values: readonly number[], shift: number): number {
  requireFinite('values', values);
  requireFinite('shift', [shift]);
  const differences = values.map((value) => value - shift);
  const ranks = doubledMidranks(differences.map(Math.abs));
  const observed = ranks.reduce((sum, rank, i) => sum + ((differences[i] ?? 0) > 0 ? rank : 0), 0);
  const signed = ranks.filter((_, i) => differences[i] !== 0);
  if (values.length > MAX_EXACT) return normalP(signed, observed);
  const probabilities = sumDistribution(signed);
  // Smallest terms first, so that a small p-value keeps its digits.
  const p = probabilities.subarray(observed).reduceRight((sum, probability) => sum + probability, 0);
  return Math.min(1, p);
}

/** The normal approximation of the tail of {@link sumDistribution} from `observed` on; ranks and sums are doubled. */
function normalP(ranks: readonly number[], observed: number): number {
  const mean = ranks.reduce((sum, rank) => sum + rank, 0) / 2;
  const variance = ranks.reduce((sum, rank) => sum + rank ** 2, 0) / 4;
  return variance === 0 ? 1 : normalTail((observed - 1 - mean) / Math.sqrt(variance));
}

/** The mirror of {@link signedRankP}: the p-value of "the location is at least `shift`" against "it is below". */
export function signedRankPBelow(values: readonly number[], shift: number): number {
  return signedRankP(
    values.map((value) => -value),
    -shift,
  );
}

/**
 * The level that the test attains: its highest p-value up to `alpha` with `count` values and no ties; 0 where it can never reject. With more than 100 values, whose levels are close together, `alpha` itself.
 */
export function attainedLevel(count: number, alpha: number): number {
  requireWhole('count', count, 0);
  requireInsideUnit('alpha', alpha);
  if (count > MAX_EXACT) return alpha;
  let level = 0;
  for (const probability of sumDistribution(Array.from({ length: count }, (_, i) => i + 1))) {
    if (level + probability > alpha) break;
    level += probability;
  }
  return level;
}

/** The highest location that the test does not yet reject as too low; -Infinity where it never rejects. */
function lowerBound(values: readonly number[], alpha: number): number {
  if (2 ** -values.length > alpha) return Number.NEGATIVE_INFINITY;
  const averages = walshAverages(values);
  // The p-value changes only at Walsh averages and never falls, so bisection finds the first after which it is over
  // alpha. After the last one it is 1.
  let first = 0;
  let last = averages.length - 1;
  while (first < last) {
    const middle = Math.floor((first + last) / 2);
    const end = averages.lastIndexOf(averages[middle] ?? Number.NaN);
    const within = ((averages[end] ?? Number.NaN) + (averages[end + 1] ?? Number.NaN)) / 2;
    if (end >= last || signedRankP(values, within) > alpha) last = middle;
    else first = end + 1;
  }
  return averages[first] ?? Number.NEGATIVE_INFINITY;
}

/**
 * Confidence bounds of the location, each one-sided: the true one lies below `lower` with at most the probability
 * `lowerAlpha`, above `upper` with at most `upperAlpha`. They are the inversion of {@link signedRankP}: `lower > s`
 * exactly when the test rejects "at most s" (p <= lowerAlpha), `upper < s` when it rejects "at least s"; only at a
 * bound itself, which is a Walsh average, the test may say otherwise. Infinite where there are too few values for
 * that alpha. In the unit of the values. Throws a RangeError for values that are not finite and an alpha that is not
 * inside 0 to 1.
 *
 * Source: Hollander and Wolfe, "Nonparametric Statistical Methods" (1999), chapter 3, here with ties too.
 */
export function locationBounds(
  values: readonly number[],
  lowerAlpha: number,
  upperAlpha: number,
): { lower: number; upper: number } {
  requireFinite('values', values);
  requireInsideUnit('lowerAlpha', lowerAlpha);
  requireInsideUnit('upperAlpha', upperAlpha);
  const mirrored = values.map((value) => -value);
  return { lower: lowerBound(values, lowerAlpha), upper: -lowerBound(mirrored, upperAlpha) };
}

/** The means of all pairs of values, each value paired with itself too: n (n + 1) / 2 of them, ascending. */
export function walshAverages(values: readonly number[]): Float64Array {
  requireFinite('values', values);
  const averages = new Float64Array((values.length * (values.length + 1)) / 2);
  let at = 0;
  values.forEach((value, i) => {
    for (const other of values.slice(i)) averages[at++] = (value + other) / 2;
  });
  return averages.sort();
}

/**
 * Hodges and Lehmann's estimate of the location of a symmetric distribution: the median of all Walsh averages, in the
 * unit of the values; NaN for none. It is what the signed-rank test estimates, and moves little when one value is far
 * out. Throws a RangeError for a value that is not finite.
 *
 * Source: Hodges and Lehmann, "Estimates of location based on rank tests", Annals of Mathematical Statistics 34 (1963).
 */
export function hodgesLehmann(values: readonly number[]): number {
  return median(walshAverages(values));
}

/** Observations that the signed-rank test of normal values is worth, for each that Student's t test would need. */
const EFFICIENCY = 3 / Math.PI;

/**
 * The smallest detectable location: the true location above `nullShift`, in the unit of the values, at which a repeat with
 * as many values, spread like these, would be rejected by the signed-rank test of "at most `nullShift`" at `alpha` with
 * the probability `power`. `nullShift` itself where the values do not spread; Infinity where so few values can never be
 * rejected, or hardly show their spread; NaN for fewer than two values. Throws a RangeError for values that are not finite,
 * and an alpha or power that is not inside 0 to 1.
 *
 * Student's t test with 3/pi as many values has nearly the power of the signed-rank test, if it is judged at the level
 * that the exact test attains. Its statistic is near to normal with the variance 1 + t^2 / 2f, where f is its degrees
 * of freedom and t its critical value. The sample's standard deviation, by which the true one is replaced, has the
 * relative variance 1 / 2f too. Put together, the distance d in standard errors solves
 *
 *     c d = c t + z sqrt(1 + (t^2 + d^2) / 2f),   c = 1 - 1 / 4f,   z the normal quantile of `power`.
 *
 * By simulation the power that 0.9 stands for is 0.86 to 0.91 for normal noise with 9 to 50 values, and 0.84 where
 * only values that are all above `nullShift` are rejected. For Laplace noise it is 0.78 to 0.91 with 9 to 20 values (0.75
 * in that extreme), and 0.89 to 0.94 with 30 to 50.
 *
 * Sources: Lehmann, "Nonparametrics: Statistical Methods Based on Ranks" (1975), for the efficiency; Faul et al.,
 * "G*Power 3", Behavior Research Methods 39 (2007), for the t test in place of the signed-rank test; Abramowitz and
 * Stegun, "Handbook of Mathematical Functions" (1964), 26.7.10, for the approximation.
 */
export function detectableShift(
  values: readonly number[],
  { nullShift, alpha, power = 0.9 }: { nullShift: number; alpha: number; power?: number },
): number {
  requireFinite('values', values);
  requireFinite('nullShift', [nullShift]);
  requireInsideUnit('alpha', alpha);
  requireInsideUnit('power', power);
  if (values.length < 2) return Number.NaN;
  const level = attainedLevel(values.length, alpha);
  if (level === 0) return Number.POSITIVE_INFINITY;
  if (values.every((value) => value === values[0])) return nullShift;
  const standardError = standardDeviation(values) / Math.sqrt(EFFICIENCY * values.length);
  return nullShift + standardError * detectableDistance(values.length - 1, level, power);
}

/** The d of the equation above; Infinity where none solves it. */
function detectableDistance(degrees: number, level: number, power: number): number {
  const t = studentQuantile(1 - level, degrees);
  const z = normalQuantile(power);
  const c = 1 - 1 / (4 * degrees);
  // Squared, it is a d^2 - 2 b d + e = 0; z has the sign of the root.
  const a = c ** 2 - z ** 2 / (2 * degrees);
  const b = c ** 2 * t;
  const e = (c * t) ** 2 - z ** 2 * (1 + t ** 2 / (2 * degrees));
  return a > 0 ? (b + Math.sign(z) * Math.sqrt(b ** 2 - a * e)) / a : Number.POSITIVE_INFINITY;
}

export function standardDeviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}
