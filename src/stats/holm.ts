import { requireInsideUnit } from './domain.ts';

/**
 * Holm's step-down correction for several tests at once: the chance of even one false rejection stays at or below
 * `alpha`, however the tests depend on each other. The smallest p-value is judged at alpha / m, the next at
 * alpha / (m - 1) and so on until one fails; that one's level then holds for all the rest.
 *
 * Gives an answer for each p-value, in the order given. `level` is the level at which it was judged, so that
 * `rejected` is the same as p <= level, and a bound at that level agrees with the judgement. Throws a RangeError for a
 * p-value outside 0 to 1 and an alpha that is not inside it.
 *
 * Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979).
 */
export function holm(pValues: readonly number[], alpha: number): { rejected: boolean; level: number }[] {
  requireInsideUnit('alpha', alpha);
  const outside = pValues.find((p) => !(p >= 0 && p <= 1));
  if (outside !== undefined) throw new RangeError(`a p-value is ${outside}; it must lie in 0 to 1`);
  const ascending = pValues.toSorted((a, b) => a - b);
  const levelAt = (rank: number) => alpha / (pValues.length - rank);
  const firstKept = ascending.findIndex((p, rank) => p > levelAt(rank));
  return pValues.map((p) => {
    const rank = ascending.indexOf(p);
    const rejected = firstKept === -1 || rank < firstKept;
    return { rejected, level: levelAt(rejected ? rank : firstKept) };
  });
}
