/** Tests, estimates and levels, written from docs/comparing.md alone. */
import { ascending, sum } from './values.ts';

/** Of all ways to choose some of the ranks, how many have each sum: those of both halves, put together. */
function waysOf(ranks: readonly number[]): Map<number, number> {
  const [first = 0, ...others] = ranks;
  if (others.length === 0)
    return new Map(
      ranks.length === 0
        ? [[0, 1]]
        : [
            [0, 1],
            [first, 1],
          ],
    );
  const half = ranks.length >> 1;
  const [left, right] = [waysOf(ranks.slice(0, half)), waysOf(ranks.slice(half))];
  const ways = new Map<number, number>();
  for (const [a, n] of left) for (const [b, m] of right) ways.set(a + b, (ways.get(a + b) ?? 0) + n * m);
  return ways;
}

/** By Simpson's rule, over as far as the density is anything. */
function normalTail(z: number): number {
  const [steps, end] = [4000, Math.max(z, 0) + 12];
  const width = (end - z) / steps;
  const heights = Array.from({ length: steps + 1 }, (_, i) => {
    const density = Math.exp(-((z + i * width) ** 2) / 2) / Math.sqrt(2 * Math.PI);
    return density * (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2);
  });
  return (sum(heights) * width) / 3;
}

const known = new Map<string, Map<number, number>>();

/** p of "the location is at most s". */
export function pAbove(values: readonly number[], s: number): number {
  const shifted = values.map((value) => value - s);
  // Twice the mean rank, which is whole.
  const ranked = shifted.map((value) => {
    const smaller = shifted.filter((other) => Math.abs(other) < Math.abs(value)).length;
    const equal = shifted.filter((other) => Math.abs(other) === Math.abs(value)).length;
    return { value, rank: 2 * smaller + equal + 1 };
  });
  const observed = sum(ranked.filter(({ value }) => value > 0).map(({ rank }) => rank));
  const ranks = ascending(ranked.filter(({ value }) => value !== 0).map(({ rank }) => rank));
  if (values.length > 100) {
    const spread = Math.sqrt(sum(ranks.map((rank) => rank ** 2)) / 4);
    return spread === 0 ? 1 : normalTail((observed - 1 - sum(ranks) / 2) / spread);
  }
  const ways = known.get(ranks.join()) ?? waysOf(ranks);
  known.set(ranks.join(), ways);
  return sum([...ways].map(([total, count]) => (total >= observed ? count : 0))) / 2 ** ranks.length;
}

const means = (values: readonly number[]) =>
  ascending(values.flatMap((a, i) => values.slice(i).map((b) => (a + b) / 2)));

/** Hodges and Lehmann's. */
export function estimate(values: readonly number[]): number {
  const all = means(values);
  const [below = 0, above = 0] = [all[(all.length - 1) >> 1], all[all.length >> 1]];
  return (below + above) / 2;
}

/** -Infinity where there is none. */
export function lowerBound(values: readonly number[], level: number): number {
  if (2 ** -values.length > level) return Number.NEGATIVE_INFINITY;
  const all = [...new Set(means(values))];
  const stop = all.find(
    (mean, i) => pAbove(values, (mean + (all[i + 1] ?? Number.POSITIVE_INFINITY)) / 2) > level,
  );
  return stop ?? Number.NaN;
}

export const minus = (values: readonly number[]) => values.map((value) => -value);
export const upperBound = (values: readonly number[], level: number) => -lowerBound(minus(values), level);

/** Holm's level of each p-value. */
export function levels(pValues: readonly number[], alpha: number): number[] {
  const sorted = ascending(pValues);
  const own = (p: number) => alpha / (sorted.length - sorted.indexOf(p));
  const failing = sorted.find((p) => p > own(p)) ?? 2;
  return pValues.map((p) => own(Math.min(p, failing)));
}
