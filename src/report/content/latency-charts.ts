import type { StoredInterval } from '../../result/run-result.ts';
import { NsHistogram, type ResultView } from '../../result/view.ts';
import { type Chart, type Line, makeChart } from '../render/page/chart.ts';
import { percentileRows } from './percentiles.ts';

/** Samples that must lie beyond a quantile for it to be shown. */
const SAMPLES_BEYOND = 10;

/** Points at HdrHistogram's levels, then one at the highest level that the samples carry. */
function percentileLine(view: ResultView, run: number): Line {
  const label = view.result.headline;
  const histogram = view.histogram(label);
  const lastOdds = view.samples(label) / SAMPLES_BEYOND;
  if (histogram === null || lastOdds <= 1) return { run, style: 'solid', label, x: [], y: [] };
  const points = percentileRows(histogram)
    .filter(({ level, odds }) => level < 1 && odds < lastOdds)
    .map(({ odds, valueNs }) => ({ odds: Number(odds.toPrecision(8)), valueNs }));
  points.push({ odds: lastOdds, valueNs: histogram.quantileNs(1 - 1 / lastOdds) });
  return {
    run,
    style: 'solid',
    label,
    x: points.map(({ odds }) => odds),
    y: points.map(({ valueNs }) => valueNs),
  };
}

/** The distribution on HdrHistogram's axis, each line as far as its samples carry it. */
export function percentileChart(views: readonly ResultView[]): Chart | null {
  return makeChart({
    title: 'Latency by percentile',
    note: 'Lower is better. A line ends where fewer than ten independent samples lie beyond it.',
    xAxis: 'odds',
    kind: 'duration',
    lines: views.map(percentileLine),
  });
}

const middleS = ({ startMs, lengthMs }: StoredInterval) => (startMs + lengthMs / 2) / 1000;

type Statistic = readonly [label: string, style: Line['style'], of: (histogram: NsHistogram) => number];

const P50: Statistic = ['p50', 'solid', (histogram) => histogram.quantileNs(0.5)];
const P99: Statistic = ['p99', 'dashed', (histogram) => histogram.quantileNs(0.99)];
const MAX: Statistic = ['max', 'dotted', (histogram) => histogram.maxNs];

/** One line for each statistic of a series, second by second; a second without values is a gap. */
function secondsLines(
  view: ResultView,
  run: number,
  series: string,
  statistics: readonly Statistic[],
): Line[] {
  const { intervals } = view.result;
  const histograms = intervals.map((interval) => {
    const encoded = interval.series[series];
    return encoded === undefined ? null : NsHistogram.decode(encoded);
  });
  return statistics.map(([label, style, of]) => ({
    run,
    style,
    label,
    x: intervals.map(middleS),
    y: histograms.map((histogram) => (histogram === null || histogram.count === 0 ? null : of(histogram))),
  }));
}

/** The headline series second by second. */
export function latencyChart(views: readonly ResultView[]): Chart | null {
  return makeChart({
    title: 'Latency over time',
    note: 'Of what was received in each second, in the drain too.',
    xAxis: 'seconds',
    kind: 'duration',
    lines: views.flatMap((view, run) => secondsLines(view, run, view.result.headline, [P50, P99, MAX])),
  });
}

/** The last receivers second by second; null where nothing fans out. */
export function lastReceiverChart(views: readonly ResultView[]): Chart | null {
  return makeChart({
    title: 'Last receiver over time',
    note: 'Until the last receiver has a broadcast.',
    xAxis: 'seconds',
    kind: 'duration',
    lines: views.flatMap((view, run) => secondsLines(view, run, 'fanout_last', [P99, MAX])),
  });
}
