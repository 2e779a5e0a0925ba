import { median } from './order-statistics.ts';

/** The slope of values per step: the median of the slopes of all pairs (Theil 1950, Sen 1968). NaN for fewer than two. */
export function slopeOf(values: readonly number[]): number {
  const slopes: number[] = [];
  for (const [later, value] of values.entries()) {
    for (let earlier = 0; earlier < later; earlier++) {
      slopes.push((value - (values[earlier] ?? 0)) / (later - earlier));
    }
  }
  return median(slopes);
}
