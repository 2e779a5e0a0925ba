import { closest, distance } from 'fastest-levenshtein';

/** The known word closest to a mistyped one; null when none is close. */
export function nearest(given: string, known: readonly string[]): string | null {
  if (known.length === 0) return null;
  const word = closest(given.toLowerCase(), known);
  const edits = distance(given.toLowerCase(), word);
  // Two edits make any two letters into any others: at least one must have been right.
  return edits <= Math.max(2, given.length / 3) && edits < word.length ? word : null;
}
