import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { mersenne } from 'pure-rand/generator/mersenne';
import { doubledMidranks, median } from '../result/order-statistics.ts';
import { requireFinite, requireInsideUnit } from './distributions.ts';

/** A level that lasts for fewer values is an outlier, not a change. */
export const MIN_SEGMENT = 3;

/** A place in a sequence at which the level of its values changed. */
export interface ChangePoint {
  /** Index of the first value of the new level. */
  readonly at: number;
  /** P-value of the test that found it. */
  readonly p: number;
}

export interface ChangeTest {
  /** The level of each test, over 0 to 1. */
  readonly alpha: number;
  readonly seed: number;
  /** The indexes at which a change may be, beside the ends. */
  readonly places: readonly number[];
}

/** The values `from` to `to`, the latter excluded, and how much they differ from all others. */
interface Arc {
  readonly from: number;
  readonly to: number;
  readonly score: number;
}

/** How many random orders a test compares with: at least twenty of them are more extreme at a p-value of `alpha`. */
export function permutationsFor(alpha: number): number {
  return Math.ceil(Math.max(1000, 20 / alpha)) - 1;
}

/**
 * Finds changes of level in a sequence. The statistic is the largest standardized difference between an arc and the other
 * values. An arc is a stretch with an end of the sequence, which is one change, or without, which are two: the second
 * takes the first back. The p-value is the share of random orders of the same values with as large a statistic. Where it is
 * at most `alpha`, the parts before, within and after the arc are searched in the same way. An end of an arc at which the
 * two sides do not differ by themselves is no change.
 *
 * In a sequence of independent values of one distribution of any shape, a change is found with a probability of at
 * most `alpha`, since the test of the whole sequence comes first. Drift, and values that depend on the ones before, are not
 * independent and are found as changes. The same values and seed give the same changes.
 *
 * Throws a RangeError for values that are not finite and an alpha that is not inside 0 to 1.
 *
 * Sources: Olshen, Venkatraman, Lucito and Wigler, "Circular binary segmentation for the analysis of array-based DNA
 * copy number data", Biostatistics 5 (2004), for arcs and the test of their ends; Matteson and James, "A nonparametric
 * approach for multiple change point analysis of multivariate data", Journal of the American Statistical Association 109
 * (2014), for the permutation test of each part.
 */
export function findChanges(values: readonly number[], test: ChangeTest): ChangePoint[] {
  requireFinite('values', values);
  requireInsideUnit('alpha', test.alpha);
  const isPlace = new Uint8Array(values.length + 1);
  for (const place of [0, values.length, ...test.places]) isPlace[place] = 1;
  const found = searchPart(values, isPlace, test, 0).sort((a, b) => a.at - b.at);
  return found.map((change, index) => {
    const from = found[index - 1]?.at ?? 0;
    const to = found[index + 1]?.at ?? values.length;
    // By ranks alone, so that an outlier does not move it.
    const ranks = scalesOf(values.slice(from, to)).slice(0, 1);
    return { ...change, at: from + arcFinder(isPlace.subarray(from, to + 1), 'end')(ranks).from };
  });
}

/** Searches a part that begins at `offset` of the whole sequence. */
function searchPart(
  values: readonly number[],
  isPlace: Uint8Array,
  test: ChangeTest,
  offset: number,
): ChangePoint[] {
  const length = values.length;
  const scales = scalesOf(values);
  const bestArc = arcFinder(isPlace, 'any');
  const found = bestArc(scales);
  if (found.score === 0) return [];
  const p = permutationP(scales, test, (order) => bestArc(order).score);
  if (p === null) return [];
  const ends = significantEnds(values, found, test);
  const parts = [0, ...ends].map((from, index) => [from, ends[index] ?? length] as const);
  return [
    ...ends.map((at) => ({ at: at + offset, p })),
    ...parts.flatMap(([from, to]) =>
      searchPart(values.slice(from, to), isPlace.subarray(from, to + 1), test, offset + from),
    ),
  ];
}

/** The same values on several scales, each with a mean of 0 and a variance of 1; none where all values are equal. */
type Scales = readonly Float64Array[];

/**
 * The ranks of the values, on which outliers have no more weight than others, and the values themselves, on which a large
 * change of few values stands out.
 */
function scalesOf(values: readonly number[]): Scales {
  return [doubledMidranks(values), limitedValues(values)].flatMap((scale) => {
    const centred = scale.map((value) => value - meanOf(scale));
    const deviation = Math.sqrt(meanOf(centred.map((value) => value ** 2)));
    return deviation === 0 ? [] : [Float64Array.from(centred, (value) => value / deviation)];
  });
}

const meanOf = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;

/** Values farther than this from the median, in standard deviations, count as if they were that far. */
const MAX_DEVIATIONS = 5;

/**
 * Limits the distances from the median. The standard deviation is estimated by the median of the distances, as for a normal
 * distribution, or by their mean where most values are equal.
 */
function limitedValues(values: readonly number[]): number[] {
  const middle = median(values);
  const distances = values.map((value) => Math.abs(value - middle));
  const limit = MAX_DEVIATIONS * (1.4826 * median(distances) || 1.2533 * meanOf(distances));
  return values.map((value) => Math.max(-limit, Math.min(limit, value - middle)));
}

/**
 * Returns a function that finds the arc whose mean is farthest from that of all values, in standard errors squared, on any
 * scale. An arc at the beginning is left out, since it differs as much from the rest as the rest from it. `end`: only arcs
 * to the end of the sequence. The function takes nearly all the time of a test, so it holds numbers only.
 */
function arcFinder(isPlace: Uint8Array, which: 'any' | 'end'): (scales: Scales) => Arc {
  const length = isPlace.length - 1;
  const last = length - MIN_SEGMENT;
  const inVariances = Float64Array.from(isPlace, (_, count) => 1 / (count * (length - count)));
  const sums = new Float64Array(length + 1);
  return (scales) => {
    let bestFrom = 0;
    let bestTo = length;
    let bestScore = 0;
    for (const scale of scales) {
      for (let i = 0; i < length; i++) sums[i + 1] = (sums[i] ?? 0) + (scale[i] ?? 0);
      for (let from = MIN_SEGMENT; from <= last; from++) {
        if (isPlace[from] === 0) continue;
        const before = sums[from] ?? 0;
        for (let to = which === 'end' ? length : from + MIN_SEGMENT; to <= length; to++) {
          if (isPlace[to] === 0 || (to > last && to < length)) continue;
          const sum = (sums[to] ?? 0) - before;
          const score = sum * sum * (inVariances[to - from] ?? 0);
          if (score > bestScore) {
            bestFrom = from;
            bestTo = to;
            bestScore = score;
          }
        }
      }
    }
    return { from: bestFrom, to: bestTo, score: bestScore };
  };
}

/**
 * The share of random orders whose statistic is at least the observed one, which counts as one of them. Null as soon as it
 * is certain that the share exceeds alpha.
 */
function permutationP(
  scales: Scales,
  { alpha, seed }: ChangeTest,
  statistic: (order: Scales) => number,
): number | null {
  const random = mersenne(seed);
  const order = scales.map((scale) => scale.slice());
  const orders = permutationsFor(alpha) + 1;
  // Sums of the same values in another order differ in their last digits.
  const observed = statistic(scales) * (1 - 1e-9);
  let extreme = 1;
  for (let permutation = 1; permutation < orders && extreme <= alpha * orders; permutation++) {
    for (let last = (order[0]?.length ?? 0) - 1; last > 0; last--) {
      const other = uniformInt(random, 0, last);
      for (const scale of order) swap(scale, last, other);
    }
    if (statistic(order) >= observed) extreme++;
  }
  return extreme > alpha * orders ? null : extreme / orders;
}

function swap(values: Float64Array, a: number, b: number): void {
  const kept = values[a] ?? 0;
  values[a] = values[b] ?? 0;
  values[b] = kept;
}

/** The ends of an arc at which the values on both sides differ; the clearer one where neither does by itself. */
function significantEnds(values: readonly number[], { from, to }: Arc, test: ChangeTest): number[] {
  if (to === values.length) return [from];
  const sides = [
    { at: from, part: values.slice(0, to), first: from },
    { at: to, part: values.slice(from), first: to - from },
  ].map(({ at, part, first }) => {
    const isPlace = new Uint8Array(part.length + 1);
    isPlace[first] = 1;
    const scales = scalesOf(part);
    const bestArc = arcFinder(isPlace, 'end');
    const clarity = (order: Scales) => bestArc(order).score;
    return { at, clarity: clarity(scales), p: permutationP(scales, test, clarity) };
  });
  const significant = sides.filter(({ p }) => p !== null);
  const clearest = sides.toSorted((a, b) => b.clarity - a.clarity).slice(0, 1);
  return (significant.length > 0 ? significant : clearest).map(({ at }) => at);
}

/**
 * The smallest number of values in which a change can be significant at `alpha`: two halves that do not overlap must be
 * rare enough among random orders.
 */
export function valuesNeeded(alpha: number): number {
  let count = 2 * MIN_SEGMENT;
  while (clearestP(count) > alpha) count++;
  return count;
}

/** The probability that some arc of half the values holds all of the highest, or all of the lowest. */
function clearestP(count: number): number {
  const half = Math.floor(count / 2);
  let choices = 1;
  for (let i = 1; i <= half; i++) choices *= (count - half + i) / i;
  const inside = (length: number) => Math.max(0, count - length - 2 * MIN_SEGMENT + 1);
  const arcs = [...new Set([half, count - half])].reduce((sum, length) => sum + 1 + inside(length), 0);
  return (2 * arcs) / choices;
}
