import { median } from '../result/order-statistics.ts';
import { slopeOf } from '../result/windows.ts';
import { studentQuantile } from './distributions.ts';

/** A slope per window, with a two-sided interval of 95 %. */
export interface SlopeInterval {
  readonly slope: number;
  readonly lower: number;
  readonly upper: number;
  /** So many independent windows say as much: fewer than there are where neighbours are alike. */
  readonly independent: number;
}

const SLOPE_CONFIDENCE = 0.95;
/** Fewer independent windows than this are counted as this many; the interval is wide by the correlation alone. */
const MIN_INDEPENDENT = 4;
const MAX_CORRELATION = 0.97;
/** The Theil-Sen slope of normal values varies so much more than that of least squares. */
const SPREAD_OF_THEIL_SEN = Math.sqrt(Math.PI / 3);

/**
 * The slope of windows of equal length, in the order of time: the median of the slopes of all pairs (Theil 1950, Sen
 * 1968). The interval allows for neighbours that are alike: the variance is multiplied by (1 + r) / (1 - r), and the
 * degrees of freedom are those of as many independent windows (Santer et al. 2000), where r is the lag-1 correlation of
 * the residuals, corrected for its bias (Kendall 1954). Needs 5 values or more.
 */
export function slopeInterval(values: readonly number[]): SlopeInterval {
  const count = values.length;
  const slope = slopeOf(values);
  const flat = values.map((value, at) => value - slope * at);
  const centre = median(flat);
  const residuals = flat.map((value) => value - centre);
  const squares = residuals.reduce((sum, value) => sum + value * value, 0);
  const products = residuals.reduce((sum, value, at) => sum + value * (residuals[at + 1] ?? 0), 0);
  const measured = squares === 0 ? 0 : products / squares;
  const correlation = Math.min(MAX_CORRELATION, Math.max(0, measured + (2 + 4 * measured) / count));
  const inflation = (1 + correlation) / (1 - correlation);
  const independent = Math.max(MIN_INDEPENDENT, count / inflation);
  const spread = Math.sqrt((inflation * squares) / (count - 2) / ((count * (count ** 2 - 1)) / 12));
  const reach = studentQuantile((1 + SLOPE_CONFIDENCE) / 2, independent - 2) * spread * SPREAD_OF_THEIL_SEN;
  return { slope, lower: slope - reach, upper: slope + reach, independent };
}
