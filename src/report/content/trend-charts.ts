import { formatMetric } from '../../result/metrics.ts';
import type { TrendHistory, TrendMetric, TrendOrder, TrendPoint } from '../../result/trend.ts';
import { plural } from '../../text.ts';
import { formatMinute } from '../../units.ts';
import { type Axis, type Dot, type DotChart, LINEAR_AXIS, type Panel } from '../charts.ts';
import { changeText } from './comparison-metrics.ts';
import { chooseUnit, extent } from './table.ts';

/** `2026-11-03` */
export const dayText = ({ startedAt }: TrendPoint) => startedAt.slice(0, 10);

/** `3f2a1bc`, or `3f2a1bc+` with changes that were not committed; `-` outside a git checkout. */
export function commitText({ commit, dirty }: TrendPoint): string {
  return commit === null ? '-' : `${commit.slice(0, 7)}${dirty === true ? '+' : ''}`;
}

const TREND_HEIGHT_PX = 220;
const MAX_POINT_LABELS = 6;

function labelsOf(points: readonly TrendPoint[], order: TrendOrder): Axis['labels'] {
  const every = Math.ceil(points.length / MAX_POINT_LABELS);
  return points.flatMap((point, at) =>
    at % every === 0 ? [{ at, text: order === 'commit' ? commitText(point) : dayText(point).slice(5) }] : [],
  );
}

/** Shown under the pointer. */
function tooltip({ metric, unit, values }: TrendMetric, points: readonly TrendPoint[], at: number): string {
  const { value = null, lower = null, upper = null } = values[at] ?? {};
  const show = (each: number | null) => (each === null ? '-' : formatMetric(unit, each));
  const bounds = lower === null && upper === null ? '' : ` (${show(lower)} to ${show(upper)})`;
  const point = points[at];
  const where = point === undefined ? '' : `${formatMinute(point.startedAt)}, ${commitText(point)}`;
  return `${metric} ${show(value)}${bounds}, ${where}`;
}

function pointDots(metric: TrendMetric, points: readonly TrendPoint[], scale: number): Dot[] {
  const scaled = (value: number | null) => (value === null ? null : value / scale);
  return metric.values.flatMap(({ value, lower, upper }, at): Dot[] => {
    if (value === null) return [];
    const hasInterval = lower !== null || upper !== null;
    return [
      {
        x: at,
        y: value / scale,
        interval: hasInterval ? { along: 'y', low: scaled(lower), high: scaled(upper) } : null,
        shape: 'disc',
        colour: 'line-0',
        hollow: points[at]?.dirty === true,
        shiftPx: 0,
        text: tooltip(metric, points, at),
      },
    ];
  });
}

/** `+34 %`; nothing where the level before was 0. */
const stepText = (before: number, after: number) => (before > 0 ? changeText(after / before) : '');

function trendPanel(history: TrendHistory, metric: TrendMetric, order: TrendOrder): Panel {
  const { points } = history;
  const known = metric.values.flatMap(({ value }) => (value === null ? [] : [value]));
  const { name, scale } = chooseUnit(metric.unit, known);
  const unit = name === null ? '' : `; values in ${name.replace('/', 'per ')}`;
  return {
    title: '',
    description: `${metric.metric} of ${plural(points.length, 'result')}${unit}; ${plural(metric.changes.length, 'change')}`,
    heightPx: TREND_HEIGHT_PX,
    x: {
      ...LINEAR_AXIS,
      title: `${order === 'commit' ? 'commit' : 'date'}, one step per result${unit}`,
      range: [-0.5, points.length - 0.5],
      labels: labelsOf(points, order),
    },
    y: LINEAR_AXIS,
    dots: pointDots(metric, points, scale),
    links: metric.levels.map(({ from, to, median }) => ({
      from: [from - 0.5, median / scale],
      to: [to - 0.5, median / scale],
      style: 'solid',
      colour: 'ink-soft',
    })),
    rules: metric.changes.map(({ at, before, after, effect }) => ({
      across: 'y',
      at: at - 0.5,
      style: effect === 'worse' ? 'limit' : 'answer',
      text: stepText(before, after),
    })),
    shaded: null,
  };
}

function trendChart(history: TrendHistory, metric: TrendMetric, order: TrendOrder): DotChart {
  const hasBounds = metric.values.some(({ lower, upper }) => lower !== null || upper !== null);
  const isDirty = history.points.some(({ dirty }) => dirty === true);
  const style = { shape: 'disc', colour: 'line-0' } as const;
  return {
    title: metric.metric,
    note: `Lines: median of each level.${hasBounds ? ' Bars: 95 % bounds within the runs of a result.' : ''}`,
    keys: isDirty
      ? [
          { ...style, hollow: false, text: 'commit' },
          { ...style, hollow: true, text: 'commit with changes' },
        ]
      : [],
    isWide: true,
    panels: [trendPanel(history, metric, order)],
  };
}

const BARS = '▁▂▃▄▅▆▇█';
const MAX_BARS = 40;

/** The newest values as bars from the lowest to the highest, with `|` before each new level; a space without a value. */
export function barsOf({ values, changes }: TrendMetric): string {
  const first = Math.max(0, values.length - MAX_BARS);
  const shown = values.slice(first).map(({ value }) => value);
  const [min, max] = extent(shown.filter((value) => value !== null)) ?? [0, 0];
  const bar = (value: number) => BARS[max === min ? 0 : Math.round(((value - min) / (max - min)) * 7)] ?? '';
  return shown
    .map((value, index) => {
      const mark = changes.some(({ at }) => at === first + index) ? '|' : '';
      return `${mark}${value === null ? ' ' : bar(value)}`;
    })
    .join('');
}

/** One chart for each metric, and a line of bars for the terminal. */
export function trendCharts(
  history: TrendHistory,
  order: TrendOrder,
): { readonly charts: readonly DotChart[]; readonly text: readonly string[] } {
  const width = Math.max(...history.metrics.map(({ metric }) => metric.length), 0);
  return {
    charts: history.metrics.map((metric) => trendChart(history, metric, order)),
    text: history.metrics.map((metric) => `${metric.metric.padEnd(width)}  ${barsOf(metric)}`),
  };
}
