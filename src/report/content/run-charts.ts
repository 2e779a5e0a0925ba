import type { RunResult, StoredInterval } from '../../result/run-result.ts';
import type { IntervalFigures, ResultView } from '../../result/view.ts';
import { type Line, type LineChart, makeLineChart } from '../charts.ts';
import { percentileRows } from '../hgrm.ts';
import { cpuChart, loopDelayChart, memoryChart } from './process-charts.ts';

/** Samples that must lie beyond a quantile for it to be shown. */
const SAMPLES_BEYOND = 10;

/** Points at HdrHistogram's levels, then one at the highest level that the samples support. */
function percentileLine(view: ResultView, run: number): Line {
  const label = view.result.headline;
  const line = { run, label, style: 'solid' } as const;
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

/** The distribution on HdrHistogram's axis, each line as far as its samples support it. */
export function percentileChart(views: readonly ResultView[]): LineChart | null {
  return makeLineChart({
    title: 'Latency by percentile',
    note: 'Lower is better. A line ends where fewer than ten independent samples lie beyond it.',
    xAxis: 'odds',
    kind: 'duration',
    lines: views.map(percentileLine),
  });
}

const middleS = ({ startMs, lengthMs }: StoredInterval) => (startMs + lengthMs / 2) / 1000;

type Statistic = readonly [label: string, style: Line['style'], of: (figures: IntervalFigures) => number];

const STATISTICS: readonly Statistic[] = [
  ['p50', 'solid', ({ p50Ns }) => p50Ns],
  ['p99', 'dashed', ({ p99Ns }) => p99Ns],
  ['max', 'dotted', ({ maxNs }) => maxNs],
];

/** One line for each statistic of a series, interval by interval. An interval without values is a gap. */
function seriesLines(
  { result, intervals }: ResultView,
  run: number,
  series: string,
  statistics: readonly Statistic[],
): Line[] {
  const x = result.intervals.map(middleS);
  return statistics.map(([label, style, of]) => ({
    run,
    style,
    label,
    x,
    y: intervals(series).map((figures) => (figures === null ? null : of(figures))),
  }));
}

function latencyChart(views: readonly ResultView[]): LineChart | null {
  return makeLineChart({
    title: 'Latency over time',
    note: 'By time of receiving, drain included.',
    xAxis: 'seconds',
    kind: 'duration',
    lines: views.flatMap((view, run) => seriesLines(view, run, view.result.headline, STATISTICS)),
  });
}

/** Null where nothing fans out. */
function lastReceiverChart(views: readonly ResultView[]): LineChart | null {
  return makeLineChart({
    title: 'Last receiver over time',
    note: 'Time until the last receiver has a broadcast.',
    xAxis: 'seconds',
    kind: 'duration',
    lines: views.flatMap((view, run) => seriesLines(view, run, 'fanout_last', STATISTICS.slice(1))),
  });
}

type IntervalCount = 'intended' | 'sent' | 'expected' | 'delivered' | 'lost';

/** Messages per second by their intended time; nothing is sent in the drain. */
function countLine(view: ResultView, run: number, label: IntervalCount, style: Line['style']): Line {
  const { intervals, timing }: RunResult = view.result;
  const measured = intervals.filter(({ startMs }) => startMs < timing.measureMs);
  return {
    run,
    style,
    label,
    x: measured.map(middleS),
    y: measured.map((interval) => interval[label] / (interval.lengthMs / 1000)),
  };
}

function countChart(
  title: string,
  views: readonly ResultView[],
  names: ReadonlyArray<readonly [IntervalCount, Line['style']]>,
): LineChart | null {
  return makeLineChart({
    title,
    note: 'Messages per second by intended time.',
    xAxis: 'seconds',
    kind: 'rate',
    lines: views.flatMap((view, run) => names.map(([name, style]) => countLine(view, run, name, style))),
  });
}

const rateChart = (views: readonly ResultView[]) =>
  countChart('Sent', views, [
    ['intended', 'dashed'],
    ['sent', 'solid'],
  ]);

const deliveryChart = (views: readonly ResultView[]) =>
  countChart('Delivered', views, [
    ['expected', 'dashed'],
    ['delivered', 'solid'],
  ]);

/** Null when nothing was lost. */
const lossChart = (views: readonly ResultView[]) =>
  views.every(({ result }) => result.ledger.lost === 0)
    ? null
    : countChart('Lost', views, [['lost', 'solid']]);

const CHARTS = [
  percentileChart,
  latencyChart,
  lastReceiverChart,
  rateChart,
  deliveryChart,
  lossChart,
  cpuChart,
  loopDelayChart,
  memoryChart,
];

/** Every chart of some runs that has a point. */
export function runCharts(views: readonly ResultView[]): LineChart[] {
  return CHARTS.map((chart) => chart(views)).filter((chart) => chart !== null);
}
