/** Below so many values even the clearest trend may be chance. */
const FEWEST_FOR_TREND = 6;
/** One-sided 1 % of the normal distribution. */
const SURE = 2.326;

/** The middle of some values, the lower one of two. */
function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;
}

/** Every later value less every earlier one, for each pair: `of(change, distance)`. */
function pairs(values: readonly number[], of: (change: number, distance: number) => number): number[] {
  return values.flatMap((earlier, index) =>
    values.slice(index + 1).map((later, next) => of(later - earlier, next + 1)),
  );
}

/**
 * By how much evenly spaced values grow from the first to the last, in their unit; null when they do not grow for
 * sure. Growth is sure by the one-sided test of Mann (1945) and Kendall at 1 % or less, its amount is the slope of Theil and
 * Sen. Fewer than six values never grow for sure.
 */
export function significantGrowth(values: readonly number[]): number | null {
  const count = values.length;
  if (count < FEWEST_FOR_TREND) return null;
  const score = pairs(values, Math.sign).reduce((sum, sign) => sum + sign, 0);
  const deviation = Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18);
  if ((score - 1) / deviation <= SURE) return null;
  return middle(pairs(values, (change, distance) => change / distance)) * (count - 1);
}
