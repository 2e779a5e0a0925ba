import { NsHistogram } from '../measure/histogram.ts';
import { seriesNamed } from '../measure/series.ts';
import type { RunResult, StoredInterval } from './run-result.ts';

export {
  isUnstalled,
  ofPopulation,
  SERIES,
  type SeriesDefinition,
  type SeriesName,
  seriesOfRun,
} from '../measure/series.ts';
export { NsHistogram };

/**
 * How many independent samples the quantile `quantile` (0 to 1) needs before it is reported: ten beyond it, which is
 * 10 / (1 - quantile). 20 for the median, 200 for p95, 1,000 for p99.
 */
export function samplesNeeded(quantile: number): number {
  // Rounded first: 10 / (1 - 0.9) is 100.00000000000003 in binary floating point.
  return Math.ceil(Number((10 / (1 - quantile)).toPrecision(9)));
}

/** How often each bound of an interval may be missed: intervals hold their value in 95 of 100 runs. */
export const MISSED_BEYOND_BOUND = 0.025;

/**
 * How many independent samples the 95 % interval of a quantile needs: with fewer, the quantile lies beyond all of them in
 * more than 2.5 % of runs, so that no sample bounds it. 6 for the median, 73 for p95, 368 for p99.
 */
export function samplesForBounds(quantile: number): number {
  return Math.log(MISSED_BEYOND_BOUND) / Math.log(Math.max(quantile, 1 - quantile));
}

/** What one series recorded in one interval of the run; never empty. */
export interface IntervalFigures {
  readonly startMs: number;
  readonly lengthMs: number;
  readonly count: number;
  readonly p50Ns: number;
  readonly p90Ns: number;
  readonly p95Ns: number;
  readonly p99Ns: number;
  readonly p999Ns: number;
  readonly maxNs: number;
  /** How many values lie in each band of latencies that has one, ascending; see {@link BANDS_PER_DECADE}. */
  readonly bands: ReadonlyArray<readonly [band: number, count: number]>;
}

/** Band b holds latencies from 10^(b/10) ns to 10^((b+1)/10) ns, which is 26 % more. */
export const BANDS_PER_DECADE = 10;

/** What the charts of a run need of its result. A run that goes on has it too. */
export interface ChartedResult
  extends Pick<RunResult, 'headline' | 'intervals' | 'telemetry' | 'disconnects' | 'disruptions'> {
  readonly timing: Pick<RunResult['timing'], 'measureMs'>;
  readonly ledger: Pick<RunResult['ledger'], 'lost'>;
}

/** What the charts of a run are drawn from. */
export interface ChartedView {
  readonly result: ChartedResult;
  /** The histogram of the whole run; null when the series was not recorded. */
  histogram(series: string): NsHistogram | null;
  /** The figures of each stored interval, in order; null for an interval in which the series has no value. */
  intervals(series: string): ReadonlyArray<IntervalFigures | null>;
  /** The number of independent samples of a series: broadcasts where all receivers share one, else its values. */
  samples(series: string): number;
}

/** A result whose histograms are decoded once, when they are first needed. */
export interface ResultView extends ChartedView {
  readonly result: RunResult;
  /**
   * How many independent samples would estimate the quantile as precisely as those of the series did, which may be
   * correlated. Null where that is unknown.
   */
  effectiveSamples(series: string, quantile: number): number | null;
  /** Null when the series was not recorded, or has too few independent samples for an interval of this quantile. */
  quantileNs(series: string, quantile: number): number | null;
}

const views = new WeakMap<RunResult, ResultView>();

/** The view of a result; the same object for the same result, so that nothing is decoded twice. */
export function viewResult(result: RunResult): ResultView {
  const view = views.get(result) ?? makeView(result);
  views.set(result, view);
  return view;
}

function makeView(result: RunResult): ResultView {
  const histograms = new Map<string, NsHistogram>();
  const intervals = new Map<string, ReadonlyArray<IntervalFigures | null>>();
  const view: ResultView = {
    result,
    histogram(name) {
      const stored = result.series[name];
      if (stored === undefined) return null;
      const histogram = histograms.get(name) ?? NsHistogram.decode(stored.histogram);
      histograms.set(name, histogram);
      return histogram;
    },
    intervals(name) {
      const known = intervals.get(name) ?? result.intervals.map((each) => decodeInterval(each, name));
      intervals.set(name, known);
      return known;
    },
    samples: (name) => independentSamples(result, (each) => result.series[each]?.count, name),
    effectiveSamples: (name, quantile) =>
      effectiveSamples(result.series[name]?.effectiveSamples ?? {}, quantile),
    quantileNs(name, quantile) {
      if (samplesThatCount(view, name, quantile) < samplesForBounds(quantile)) return null;
      return view.histogram(name)?.quantileNs(quantile) ?? null;
    },
  };
  return view;
}

/** A run that goes on: its histograms are open, and its intervals are those that are over. */
export interface RunSoFar {
  readonly result: ChartedResult;
  readonly series: ReadonlyMap<string, NsHistogram>;
  readonly samples: RunResult['samples'];
}

/** What was decoded of a run that goes on, by series and interval. */
export type DecodedIntervals = Map<
  string,
  { readonly encoded: string; readonly figures: IntervalFigures | null }
>;

/** Views a run that goes on. Intervals in `decoded`, which it extends, are not decoded again. */
export function viewSoFar({ result, series, samples }: RunSoFar, decoded: DecodedIntervals): ChartedView {
  const countOf = (name: string) => series.get(name)?.count;
  const figuresOf = (interval: StoredInterval, name: string) => {
    const encoded = interval.series[name];
    if (encoded === undefined) return null;
    const key = `${name} ${interval.startMs}`;
    const known = decoded.get(key);
    if (known?.encoded === encoded) return known.figures;
    const figures = decodeInterval(interval, name);
    decoded.set(key, { encoded, figures });
    return figures;
  };
  return {
    result,
    histogram: (name) => series.get(name) ?? null,
    intervals: (name) => result.intervals.map((interval) => figuresOf(interval, name)),
    samples: (name) => independentSamples({ samples, headline: result.headline }, countOf, name),
  };
}

/** Keeps figures and not histograms: those of all intervals of a long run do not fit into memory at once. */
function decodeInterval({ startMs, lengthMs, series }: StoredInterval, name: string): IntervalFigures | null {
  const encoded = series[name];
  if (encoded === undefined) return null;
  const histogram = NsHistogram.decode(encoded);
  const { count, maxNs } = histogram;
  if (count === 0) return null;
  return {
    startMs,
    lengthMs,
    count,
    p50Ns: histogram.quantileNs(0.5),
    p90Ns: histogram.quantileNs(0.9),
    p95Ns: histogram.quantileNs(0.95),
    p99Ns: histogram.quantileNs(0.99),
    p999Ns: histogram.quantileNs(0.999),
    maxNs,
    bands: bandsOf(histogram),
  };
}

function bandsOf(histogram: NsHistogram): Array<readonly [band: number, count: number]> {
  const bands = new Map<number, number>();
  const { valuesNs, counts } = histogram.toSparse();
  for (const [index, valueNs] of valuesNs.entries()) {
    const band = Math.floor(Math.log10(Math.max(1, valueNs)) * BANDS_PER_DECADE);
    bands.set(band, (bands.get(band) ?? 0) + (counts[index] ?? 0));
  }
  return [...bands].sort(([a], [b]) => a - b);
}

/** The headline series in each interval that began in the measured time, by the time of receipt. */
export function measuredIntervals({ result, intervals }: ResultView): IntervalFigures[] {
  return intervals(result.headline)
    .filter((interval) => interval !== null)
    .filter(({ startMs }) => startMs < result.timing.measureMs);
}

/** Whether the clients of a run did nothing but hold their connections. */
export function isHeld({ samples, rate }: RunResult): boolean {
  return samples.unit === 'connection' && rate.intended === 0;
}

/**
 * The samples that decide whether a quantile is shown. The values of one broadcast may count as more than one sample, but
 * a quantile of few broadcasts is never shown.
 */
export function samplesThatCount(
  view: Pick<ResultView, 'samples' | 'effectiveSamples'>,
  series: string,
  quantile: number,
): number {
  const whole = view.samples(series);
  return Math.min(whole, view.effectiveSamples(series, quantile) ?? whole);
}

/** `stored` has some quantiles, as `p99`. Of one between two of them, the smaller number of both. */
function effectiveSamples(stored: Readonly<Record<string, number>>, quantile: number): number | null {
  const known = Object.entries(stored).map(([name, samples]) => ({
    at: Number(name.slice(1)) / 100,
    samples,
  }));
  const below = known.filter(({ at }) => at <= quantile + 1e-9).toSorted((a, b) => b.at - a.at);
  const above = known.filter(({ at }) => at >= quantile - 1e-9).toSorted((a, b) => a.at - b.at);
  const nearest = [below[0], above[0]].flatMap((each) => (each === undefined ? [] : [each.samples]));
  return nearest.length === 0 ? null : Math.min(...nearest);
}

function independentSamples(
  { samples, headline }: Pick<RunResult, 'samples' | 'headline'>,
  countOf: (series: string) => number | undefined,
  name: string,
): number {
  const count = countOf(name) ?? 0;
  const by = seriesNamed(name)?.sampledBy ?? null;
  if (by === null) return count;
  if (by === 'headline') return Math.min(count, samples.count);
  // A merge of shards times deliveries of broadcasts that it leaves out of the fan-out.
  const ofHeadline = by === seriesNamed(headline)?.sampledBy ? samples.count : 0;
  return Math.min(count, countOf(by) ?? ofHeadline);
}
