import { doubledMidranks, median } from './order-statistics.ts';
import { slopeOf } from './windows.ts';

/** How the level of a sequence of windows changed. */
export interface LevelChange {
  /** `trend`: little by little, all the time. `shift`: at once, from the window `at` on. */
  readonly kind: 'trend' | 'shift';
  readonly at: number;
  /** Medians of the first and the last fifth for a trend; before and after it for a shift. */
  readonly from: number;
  readonly to: number;
}

/** A level that lasts for fewer windows is an outlier. */
const MIN_LEVEL = 3;
const MAX_WINDOW_CORRELATION = 0.9;

/** Critical values of both statistics for so many windows. */
type Critical = readonly [windows: number, trend: number, shift: number];

interface LevelTest {
  readonly criticals: readonly Critical[];
  /** By how much a correlation of neighbours, of so many windows, multiplies the variance. */
  readonly inflation: (correlation: number, windows: number) => number;
}

/**
 * Each value is exceeded with a probability of 0.5 % by windows that do not drift and whose neighbours have a correlation of
 * 0.5 (100,000 simulated autoregressive sequences). Values between them are interpolated.
 */
const DRIFT: LevelTest = {
  criticals: [
    [12, 37.3, 30.9],
    [16, 30.9, 40.1],
    [20, 26.7, 40.4],
    [24, 23.3, 39.2],
    [32, 18.9, 35.1],
    [40, 16.7, 31.5],
    [48, 15.3, 28.7],
    [64, 13.2, 24.4],
    [80, 11.6, 22.2],
  ],
  inflation: (measured, windows) => {
    const correlation = measured + (1 + 2 * measured) / windows;
    const limited = Math.min(MAX_WINDOW_CORRELATION, Math.max(0, correlation));
    return (1 + limited) / (1 - limited);
  },
};

/**
 * Exceeded with a probability of 10 % by independent windows that do not drift. Latency that still stabilizes is
 * correlated, so the test makes no allowance for it: a warm-up that is longer than necessary costs little.
 */
const WARMUP: LevelTest = { criticals: [[16, 3.22, 7.86]], inflation: () => 1 };

/**
 * Finds out whether the level of windows of a run drifts: by a trend or by one shift. Both statistics are of the ranks of
 * the windows, so that their distribution and outliers do not matter: the slope, and the largest difference between the
 * windows before and after a place, each squared over its variance. The variance allows for neighbours that are alike: it
 * is multiplied by (1 + r) / (1 - r), where r is the lag-1 correlation of what the trend or the shift leaves, corrected for
 * its bias. Windows that do not drift are said to with a probability of at most 1 % where their correlation is 0.5 or
 * less; 4 % at 0.7. Null for fewer than 12 windows.
 *
 * Sources: Hamed and Rao, "A modified Mann-Kendall trend test for autocorrelated data", Journal of Hydrology 204 (1998), for
 * a variance of ranks that allows for correlation; Pettitt, "A non-parametric approach to the change-point problem",
 * Applied Statistics 28 (1979), for the largest difference. The critical values are simulated, since theirs do not hold for
 * tens of correlated windows.
 */
export function findDrift(values: readonly number[]): LevelChange | null {
  return findLevelChange(values, DRIFT);
}

/**
 * As {@link findDrift}, for the last sixteen windows of a warm-up, and less strict: each of the two tests finds a change with
 * a probability of 10 % where windows are independent and nothing changes, and more often where they are correlated.
 */
export function findUnsettled(values: readonly number[]): LevelChange | null {
  return findLevelChange(values, WARMUP);
}

function findLevelChange(values: readonly number[], { criticals, inflation }: LevelTest): LevelChange | null {
  const count = values.length;
  if (count < (criticals[0]?.[0] ?? 0)) return null;
  const ranks = doubledMidranks(values);
  const [, criticalTrend, criticalShift] = criticalFor(count, criticals);
  const shift = largestShift(ranks, inflation);
  const isTrend = trendOf(ranks, inflation) > criticalTrend;
  const isShift = shift.score > criticalShift;
  if (!isTrend && !isShift) return null;
  const level = { from: median(values.slice(0, shift.at)), to: median(values.slice(shift.at)) };
  if (isShift && (!isTrend || shiftFitsBetter(values, shift.at, level)))
    return { kind: 'shift', at: shift.at, ...level };
  const fifth = Math.max(MIN_LEVEL, Math.round(count / 5));
  return {
    kind: 'trend',
    at: 0,
    from: median(values.slice(0, fifth)),
    to: median(values.slice(-fifth)),
  };
}

function criticalFor(count: number, criticals: readonly Critical[]): Critical {
  const above = criticals.find(([windows]) => windows >= count);
  const below = criticals.findLast(([windows]) => windows <= count);
  if (above === undefined || below === undefined || above === below) return above ?? below ?? [0, 0, 0];
  const share = (count - below[0]) / (above[0] - below[0]);
  const between = (at: 1 | 2) => below[at] + share * (above[at] - below[at]);
  return [count, between(1), between(2)];
}

/** The slope squared over its variance. */
function trendOf(ranks: readonly number[], inflation: LevelTest['inflation']): number {
  const count = ranks.length;
  const [mean, middle] = [totalOf(ranks) / count, (count - 1) / 2];
  const products = totalOf(ranks.map((rank, at) => (at - middle) * rank));
  const spread = (count * (count ** 2 - 1)) / 12;
  const slope = products / spread;
  const residuals = ranks.map((rank, at) => rank - mean - slope * (at - middle));
  return scoreOf(slope ** 2 * spread, residuals, inflation, 0);
}

/** The place at which the windows before and after it differ most, and how much: squared over its variance. */
function largestShift(
  ranks: readonly number[],
  inflation: LevelTest['inflation'],
): { readonly at: number; readonly score: number } {
  const count = ranks.length;
  const mean = totalOf(ranks) / count;
  let [sum, largest, place] = [0, 0, MIN_LEVEL];
  for (let at = 1; at <= count - MIN_LEVEL; at++) {
    sum += (ranks[at - 1] ?? 0) - mean;
    const explained = (sum ** 2 * count) / (at * (count - at));
    if (at < MIN_LEVEL || explained <= largest) continue;
    largest = explained;
    place = at;
  }
  const [before, after] = [
    totalOf(ranks.slice(0, place)) / place,
    totalOf(ranks.slice(place)) / (count - place),
  ];
  const residuals = ranks.map((rank, at) => rank - (at < place ? before : after));
  // Equal windows have equal ranks. They say no more than different ones that do not overlap; ranks are doubled.
  const minimum = (place * (place ** 2 - 1) + (count - place) * ((count - place) ** 2 - 1)) / 3;
  return { at: place, score: scoreOf(largest, residuals, inflation, minimum) };
}

/** `explained` over the variance of the residuals, which is inflated by their correlation and at least `minimum` in all. */
function scoreOf(
  explained: number,
  residuals: readonly number[],
  inflation: LevelTest['inflation'],
  minimum: number,
): number {
  const count = residuals.length;
  const squares = totalOf(residuals.map((residual) => residual ** 2));
  const products = totalOf(residuals.map((residual, at) => residual * (residuals[at + 1] ?? 0)));
  const measured = squares === 0 ? 0 : products / squares;
  const variance = Math.max(squares, minimum) / (count - 2);
  if (explained === 0) return 0;
  return explained / variance / inflation(measured, count);
}

function shiftFitsBetter(
  values: readonly number[],
  place: number,
  { from, to }: { readonly from: number; readonly to: number },
): boolean {
  const slope = slopeOf(values);
  const start = median(values.map((value, at) => value - slope * at));
  const offTrend = totalOf(values.map((value, at) => Math.abs(value - start - slope * at)));
  const offShift = totalOf(values.map((value, at) => Math.abs(value - (at < place ? from : to))));
  return offShift < offTrend;
}

const totalOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
