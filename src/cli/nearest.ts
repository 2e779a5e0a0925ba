import { closest, distance } from 'fastest-levenshtein';

/** The known word closest to a mistyped one; null when none is close. */
export function nearest(given: string, known: readonly string[]): string | null {
  if (known.length === 0) return null;
  const word = closest(given.toLowerCase(), known);
  return distance(given.toLowerCase(), word) <= Math.max(2, given.length / 3) ? word : null;
}
