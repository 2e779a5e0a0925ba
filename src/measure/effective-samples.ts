import { compiled, stdtri } from 'cephes';
import type { Shares, SlotSums } from './slot-sums.ts';

// It is WebAssembly, and its functions do not exist before it is compiled.
await compiled;

/** Values that are further apart count as independent. */
const MAX_UNITS_APART = 1000;
/** Units that a variance is estimated from; with fewer it is left open. */
const MIN_UNITS = 40;
/**
 * A series counts as independent where its effective number is at least this part of its values: less is what chance
 * makes of independent ones.
 */
const INDEPENDENT_FROM = 0.85;
/**
 * So many independent values must lie beyond a quantile, by its own correlation and, from p95 on, by that of the next lower
 * one.
 */
const MIN_BEYOND = 5;
/** The quantile of Student's t and of the normal distribution that bounds of 95 % use. */
const TWO_SIDED = 0.975;
const TWO_SIDED_NORMAL = 1.959963984540054;

/** The quantiles whose effective number is computed, ascending, by their names in results. */
export const EFFECTIVE_QUANTILES = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
  ['p99.9', 0.999],
] as const;

/**
 * How many independent values would estimate each quantile as precisely as the values of a series did, by the name of the
 * quantile. 0 where the values are too correlated to say anything about it; missing where their correlation is unknown.
 * `samples`: the number of broadcasts or requests that they belong to.
 */
export function effectiveNumbers(sums: SlotSums, samples: number): Record<string, number> {
  const effective: Record<string, number> = {};
  let below = Number.POSITIVE_INFINITY;
  for (const [name, quantile] of EFFECTIVE_QUANTILES) {
    const shares = sums.sharesBelow(quantile, samples);
    const count = shares === null ? null : effectiveCount(shares, quantile);
    if (count === null) continue;
    const fewest = Math.min(below, count.unadjusted);
    // A median may drift where the tail does not.
    if (quantile > 0.5) below = count.unadjusted;
    const isKnown = fewest === count.values || fewest * (1 - quantile) >= MIN_BEYOND;
    effective[name] = isKnown ? Number(count.adjusted.toPrecision(4)) : 0;
  }
  return effective;
}

/**
 * The effective number of values for one quantile: the variance that the share below it has if values are independent,
 * over the variance that it has, times the number of values. The latter is that of a ratio of sums over units of time, by
 * its linear residuals and their autocovariances. As Korn and Graubard do, the number is reduced where this variance is
 * estimated from few units, or by few values beyond the quantile. Null where there are too few units.
 *
 * Source: Korn and Graubard, "Confidence intervals for proportions with small expected number of positive counts
 * estimated from survey data", Survey Methodology 24 (1998).
 */
export function effectiveCount(
  { total, below, varianceOfOne }: Shares,
  quantile: number,
): { values: number; adjusted: number; unadjusted: number } | null {
  const units = total.length;
  if (units < MIN_UNITS) return null;
  const values = sumOfArray(total);
  const share = sumOfArray(below) / values;
  const residuals = below.map((each, unit) => each - share * (total[unit] ?? 0));
  const { variance, lag } = varianceOfSum(residuals);
  const unadjusted = Math.min(values, (values * values * varianceOfOne) / variance);
  if (unadjusted >= INDEPENDENT_FROM * values) return { values, adjusted: values, unadjusted: values };
  const degrees = Math.min(units / (1 + lag), unadjusted * Math.min(quantile, 1 - quantile));
  const factor = (TWO_SIDED_NORMAL / stdtri(Math.max(1, Math.floor(degrees)), TWO_SIDED)) ** 2;
  return { values, adjusted: unadjusted * factor, unadjusted };
}

/**
 * The variance of the sum of correlated values whose mean is 0. Autocovariances of two neighbouring lags are added as long
 * as their sum is positive, and no such sum counts as more than the one before: Geyer's initial monotone sequence. `lag`:
 * the first one that was left out.
 *
 * Source: Geyer, "Practical Markov chain Monte Carlo", Statistical Science 7 (1992), section 3.3.
 */
function varianceOfSum(values: Float64Array): { variance: number; lag: number } {
  const squares = autocovariance(values, 0);
  const limit = Math.min(MAX_UNITS_APART, Math.floor(values.length / 2));
  let [pairs, last, lag] = [0, Number.POSITIVE_INFINITY, 0];
  for (; lag + 1 <= limit; lag += 2) {
    const pair = (lag === 0 ? squares : autocovariance(values, lag)) + autocovariance(values, lag + 1);
    if (pair <= 0) break;
    last = Math.min(last, pair);
    pairs += last;
  }
  // Where even neighbours are opposed, nothing is added to the squares, which is more than there is.
  const variance = lag === 0 ? squares : 2 * pairs - squares;
  return { variance: (variance * values.length) / (values.length - 1), lag };
}

function autocovariance(values: Float64Array, lag: number): number {
  let sum = 0;
  for (let at = lag; at < values.length; at++) sum += (values[at] ?? 0) * (values[at - lag] ?? 0);
  return sum;
}

function sumOfArray(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
