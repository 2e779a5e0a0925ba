import type { ProcessTelemetry, StoredInterval } from '../../result/run-result.ts';
import type { ChartedView, IntervalFigures } from '../../result/view.ts';
import { type Line, type LineChart, type LineChartParts, makeLineChart, maxPointsOf } from '../charts.ts';
import { percentileRows } from '../hgrm.ts';
import { extent } from './table.ts';

/** Samples that must lie beyond a quantile for it to be shown. */
const SAMPLES_BEYOND = 10;

/** One run, or several as one. */
type ViewedRun = Pick<ChartedView, 'result' | 'histogram' | 'samples'>;

/** Points at HdrHistogram's levels, then one at the highest level that the samples support. */
function percentileLine(view: ViewedRun, run: number): Line {
  const label = view.result.headline;
  const line = { run, label, style: 'solid', colour: 0 } as const;
  const histogram = view.histogram(label);
  const lastOdds = view.samples(label) / SAMPLES_BEYOND;
  if (histogram === null || lastOdds <= 1) return { ...line, x: [], y: [] };
  const rows = percentileRows(histogram).filter(({ level, odds }) => level < 1 && odds < lastOdds);
  return {
    ...line,
    x: [...rows.map(({ odds }) => Number(odds.toPrecision(8))), lastOdds],
    y: [...rows.map(({ valueNs }) => valueNs), histogram.quantileNs(1 - 1 / lastOdds)],
  };
}

const middleS = ({ startMs, lengthMs }: StoredInterval) => (startMs + lengthMs / 2) / 1000;

type Statistic = Pick<Line, 'label' | 'style' | 'colour'> & {
  readonly of: (figures: IntervalFigures) => number;
};

export const STATISTICS: readonly Statistic[] = [
  { label: 'p50', style: 'solid', colour: 0, of: ({ p50Ns }) => p50Ns },
  { label: 'p90', style: 'long', colour: 3, of: ({ p90Ns }) => p90Ns },
  { label: 'p95', style: 'mixed', colour: 6, of: ({ p95Ns }) => p95Ns },
  { label: 'p99', style: 'dashed', colour: 1, of: ({ p99Ns }) => p99Ns },
  { label: 'p99.9', style: 'short', colour: 7, of: ({ p999Ns }) => p999Ns },
  { label: 'max', style: 'dotted', colour: 2, of: ({ maxNs }) => maxNs },
];
/** Those of a page of many runs, which must load quickly. */
const FEWER: ReadonlySet<string> = new Set(['p50', 'p90', 'p99', 'max']);
const MANY_RUNS = 4;

/** One line for each statistic of a series, interval by interval. An interval without values is a gap. */
function seriesLines(view: ChartedView, run: number, series: string, runs: number): Line[] {
  const x = view.result.intervals.map(middleS);
  const figures = view.intervals(series);
  return STATISTICS.filter(({ label }) => runs <= MANY_RUNS || FEWER.has(label)).map(({ of, ...line }) => {
    return { ...line, run, x, y: figures.map((each) => (each === null ? null : of(each))) };
  });
}

type CountStyle = readonly [
  label: 'intended' | 'sent' | 'expected' | 'delivered' | 'lost',
  style: Line['style'],
];

/** Messages per second by their intended time; nothing is sent in the drain. */
function countLines(views: readonly ChartedView[], ...counts: readonly CountStyle[]): Line[] {
  return views.flatMap(({ result: { intervals, timing } }, run) => {
    const measured = intervals.filter(({ startMs }) => startMs < timing.measureMs);
    const x = measured.map(middleS);
    return counts.map(([label, style]) => {
      const y = measured.map((interval) => interval[label] / (interval.lengthMs / 1000));
      return { run, style, label, colour: style === 'solid' ? 0 : 1, x, y };
    });
  });
}

type ChartedSample = ProcessTelemetry['samples'][number];

/** A process without a sample for this long, or for two samples, has ended. */
const MAX_SILENCE_MS = 2000;

/** What a process did at a moment: its sample, `ended` where it did not live, null where it was not sampled. */
type Moment = ChartedSample | 'ended' | null;

/** Follows a process through time. The moments asked for must ascend. */
function follow({ samples }: ProcessTelemetry): (atMs: number) => Moment {
  const [first, last] = [samples[0], samples.at(-1)];
  let next = 0;
  return (atMs) => {
    if (first === undefined || last === undefined) return 'ended';
    const endMs = last.atMs + Math.max(MAX_SILENCE_MS, 2 * last.lengthMs);
    if (atMs < first.atMs - first.lengthMs || atMs >= endMs) return 'ended';
    while ((samples[next]?.atMs ?? Number.POSITIVE_INFINITY) <= atMs) next++;
    const sample = samples[next];
    return sample !== undefined && sample.atMs - sample.lengthMs <= atMs ? sample : null;
  };
}

/** One value of a process; null where the sample has no such value. */
type Measure = (sample: ChartedSample) => number | null;

/** How the values of several processes become one. */
type Combine = (values: readonly number[]) => number;

/**
 * Several processes as one line, at the times of the process with the most samples. Moments at which one of the living
 * processes was not sampled are left out.
 */
function processLine(processes: readonly ProcessTelemetry[], measure: Measure, combine: Combine) {
  const [longest] = processes.toSorted((a, b) => b.samples.length - a.samples.length);
  const followed = processes.map(follow);
  const points = (longest?.samples ?? []).flatMap(({ atMs, lengthMs }) => {
    const middleMs = atMs - lengthMs / 2;
    const living = followed.map((at) => at(middleMs)).filter((moment) => moment !== 'ended');
    const samples = living.filter((moment) => moment !== null);
    if (samples.length < living.length || samples.length === 0) return [];
    const values = samples.map(measure).filter((value) => value !== null);
    return [{ x: middleMs / 1000, y: values.length === 0 ? null : combine(values) }];
  });
  return { x: points.map(({ x }) => x), y: points.map(({ y }) => y) };
}

/** Two lines for each run: the processes of its server, and those of its generator. */
function processLines(views: readonly ChartedView[], measure: Measure, combine: Combine): Line[] {
  return views
    .flatMap(({ result: { telemetry } }, run): Line[] => [
      {
        ...{ run, style: 'solid', label: 'server', colour: 0 },
        ...processLine(telemetry.servers, measure, combine),
      },
      {
        ...{ run, style: 'dashed', label: 'generator', colour: 1 },
        ...processLine(telemetry.workers, measure, combine),
      },
    ])
    .filter(({ y }) => y.some((value) => value !== null));
}

const inTotal = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** The distribution on HdrHistogram's axis, each line as far as its samples support it; null when none has enough. */
export function percentileChart(views: readonly ViewedRun[]): LineChart | null {
  return makeLineChart({
    title: 'Latency by percentile',
    note: 'Lower is better. A line ends where fewer than ten independent samples lie beyond it.',
    xAxis: 'odds',
    hasPercentiles: false,
    kind: 'duration',
    lines: views.map(percentileLine),
  });
}

interface ChartOverTime extends Omit<LineChartParts, 'xAxis' | 'lines' | 'hasPercentiles'> {
  /** No lines where there is nothing to see. `runs`: how many the page has. */
  readonly lines: (views: readonly ChartedView[], runs: number) => Line[];
}

/** Whether a run is about deliveries. One about connections has none. */
function isDelivering(views: readonly ChartedView[]): boolean {
  return views.some(({ result }) =>
    result.intervals.some(({ expected, delivered }) => expected + delivered > 0),
  );
}

const BY_INTENDED_TIME = 'Messages per second by intended time.';

const OVER_TIME: readonly ChartOverTime[] = [
  {
    title: 'Latency over time',
    note: 'By time of receiving, drain included.',
    kind: 'duration',
    lines: (views, runs) => views.flatMap((view, run) => seriesLines(view, run, view.result.headline, runs)),
  },
  {
    title: 'Last receiver over time',
    note: 'Time until the last receiver has a broadcast.',
    kind: 'duration',
    lines: (views, runs) => views.flatMap((view, run) => seriesLines(view, run, 'fanout_last', runs)),
  },
  {
    title: 'Sent',
    note: BY_INTENDED_TIME,
    kind: 'rate',
    lines: (views) => countLines(views, ['intended', 'dashed'], ['sent', 'solid']),
  },
  {
    title: 'Delivered',
    note: BY_INTENDED_TIME,
    kind: 'rate',
    lines: (views) =>
      isDelivering(views) ? countLines(views, ['expected', 'dashed'], ['delivered', 'solid']) : [],
  },
  {
    title: 'Lost',
    note: BY_INTENDED_TIME,
    kind: 'rate',
    lines: (views) =>
      views.every(({ result }) => result.ledger.lost === 0) ? [] : countLines(views, ['lost', 'solid']),
  },
  {
    title: 'CPU',
    note: '100 % is one core. Sum over the processes of the server, and of the generator.',
    kind: 'share',
    lines: (views) => processLines(views, ({ cpuMs, lengthMs }) => cpuMs / lengthMs, inTotal),
  },
  {
    title: 'Event-loop delay, p99',
    note: 'How late timers fire. The slowest process of the server, and of the generator.',
    kind: 'duration',
    lines: (views) =>
      processLines(
        views,
        ({ loopDelayP99Ns }) => loopDelayP99Ns,
        (delays) => extent(delays)?.[1] ?? 0,
      ),
  },
  {
    title: 'Memory (RSS)',
    note: 'Sum over the processes of the server, and of the generator.',
    kind: 'bytes',
    lines: (views) => processLines(views, ({ rssBytes }) => rssBytes, inTotal),
  },
];

/** The charts of the headline by percentile and over time, that have a point. */
export function latencyCharts(views: readonly ChartedView[]): LineChart[] {
  const lines = views.flatMap((view, run) => seriesLines(view, run, view.result.headline, views.length));
  const overTime = makeLineChart(
    {
      title: 'Latency over time',
      note: 'By time of receiving, drain included.',
      kind: 'duration',
      xAxis: 'seconds',
      hasPercentiles: true,
      lines: lines.filter(({ label }) => label === 'p50' || label === 'p99'),
    },
    maxPointsOf(views.length),
  );
  return [percentileChart(views), overTime].filter((chart) => chart !== null);
}

/** Every chart of some runs that has a point, on a page with `runs` runs. */
export function runCharts(views: readonly ChartedView[], runs = views.length): LineChart[] {
  const overTime = OVER_TIME.map((chart) => {
    const lines = chart.lines(views, runs);
    const hasPercentiles = lines.some(({ label }) => FEWER.has(label));
    return makeLineChart({ ...chart, xAxis: 'seconds', hasPercentiles, lines }, maxPointsOf(runs));
  });
  return [percentileChart(views), ...overTime].filter((chart) => chart !== null);
}
