import type { RunResult } from '../../src/result/run-result.ts';
import { NsHistogram } from '../../src/result/view.ts';

/** How many values there are of each: `[valueNs, count]`. */
export type Values = ReadonlyArray<readonly [valueNs: number, count: number]>;

export function histogramOf(values: Values): NsHistogram {
  const histogram = new NsHistogram();
  for (const [valueNs, count] of values) histogram.record(valueNs, count);
  return histogram;
}

/** A series as a result stores it. */
export function storedSeries(values: Values): RunResult['series'][string] {
  const histogram = histogramOf(values);
  const { count, meanNs, stdDeviationNs } = histogram;
  return { count, meanNs, stdDeviationNs, histogram: histogram.encode(), effectiveSamples: {} };
}
