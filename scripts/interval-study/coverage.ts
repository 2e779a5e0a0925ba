import { EFFECTIVE_QUANTILES } from '../../src/measure/effective-samples.ts';
import { quantileRanks } from '../../src/result/quantile-bounds.ts';
import { Draws, type Process } from './processes.ts';
import { type Length, type SimulatedRun, simulateRun } from './simulate.ts';

/** How often the interval of one quantile held the true value. */
export interface Coverage {
  readonly quantile: string;
  readonly runs: number;
  /** Runs that show an interval. */
  readonly shown: number;
  readonly covered: number;
  /** The median of the effective number of samples, as a part of the values. */
  readonly effectiveShare: number;
}

/** The value of a share of sorted latencies. */
export function valueAt(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** The quantiles of an endless run: as they are known, or from a run of a million messages. */
export function trueQuantiles(process: Process, rateHz: number): ReadonlyMap<string, number> {
  const { quantileNs } = process;
  if (quantileNs !== null)
    return new Map(EFFECTIVE_QUANTILES.map(([name, quantile]) => [name, quantileNs(quantile, rateHz)]));
  const long = process.run(new Draws(2_000_003), 1_000_000, rateHz);
  const sorted = Float64Array.from(long.flatMap(({ latenciesNs }) => latenciesNs)).sort();
  return new Map(EFFECTIVE_QUANTILES.map(([name, quantile]) => [name, valueAt(sorted, quantile)]));
}

/** Counts in how many of `runs` runs the interval of each quantile holds its true value. */
export function simulateCoverage(
  process: Process,
  length: Length,
  runs: number,
  truth = trueQuantiles(process, length.rateHz),
): Coverage[] {
  const all = Array.from({ length: runs }, (_, run) => simulateRun(process, 1000 + run, length));
  return EFFECTIVE_QUANTILES.map(([name, quantile]) => {
    const intervals = all.map((run) => shownInterval(run, name, quantile));
    const shown = intervals.filter((interval) => interval !== null);
    const value = truth.get(name) ?? Number.NaN;
    return {
      quantile: name,
      runs,
      shown: shown.length,
      covered: shown.filter(({ lower, upper }) => lower <= value && value <= upper).length,
      effectiveShare: medianOf(all.map(({ effective, sorted }) => (effective[name] ?? 0) / sorted.length)),
    };
  });
}

/** The interval that a result shows; null where it shows none. */
function shownInterval({ sorted, messages, effective }: SimulatedRun, name: string, quantile: number) {
  const samples = effective[name] ?? messages;
  if (quantileRanks(Math.min(samples, messages), quantile).upper === null) return null;
  const { lower, upper } = quantileRanks(samples, quantile, undefined, 0.05);
  if (upper === null) return null;
  return {
    lower: lower === null ? 0 : valueAt(sorted, lower / samples),
    upper: valueAt(sorted, upper / samples),
  };
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
