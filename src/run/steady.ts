const WINDOWS = 3;
const AGREEMENT = 0.05;

/**
 * Whether a warm-up has settled: the medians of the last three one-second windows lie within 5 % of the
 * smallest of them. A window without values (null) never agrees.
 */
export function isStable(windowMedians: ReadonlyArray<number | null>): boolean {
  const last = windowMedians.slice(-WINDOWS).filter((median) => median !== null);
  if (last.length < WINDOWS) return false;
  const smallest = Math.min(...last);
  return Math.max(...last) - smallest <= smallest * AGREEMENT;
}
