import { requireFinite } from './domain.ts';

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
  const averages = walshAverages(values);
  const middle = averages.length / 2;
  const above = averages[Math.floor(middle)] ?? Number.NaN;
  const below = averages[Math.ceil(middle) - 1] ?? Number.NaN;
  return (below + above) / 2;
}
