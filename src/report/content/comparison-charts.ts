import type { Comparison, MetricOutcome, PairOutcome } from '../../result/comparison.ts';
import { type Dot, type DotChart, LINEAR_AXIS, LOGARITHMIC_AXIS, type Panel } from '../charts.ts';
import {
  armName,
  baseName,
  isMoreBetter,
  metricSentence,
  ratioTexts,
  valueText,
} from './comparison-metrics.ts';
import { type RoundPoint, roundPoints } from './comparison-points.ts';
import { chooseUnit } from './table.ts';

/** The ratio up to which the metric may get worse. */
export function toleratedRatio(metric: MetricOutcome): number {
  return isMoreBetter(metric) ? 1 / (1 + metric.delta) : 1 + metric.delta;
}

/** What both panels of a metric are drawn from. */
interface Source {
  readonly metric: MetricOutcome;
  readonly points: readonly RoundPoint[];
  readonly baseName: string;
  readonly headName: string;
  readonly headColour: string;
}

const HEIGHT_PX = 240;

const NO_INTERVAL = { interval: null, shiftPx: 0 } as const;

/** Shown under the pointer: both values of a round, and their ratio. */
function roundText(
  { metric, baseName, headName }: Source,
  { round, base, head, isExcluded }: RoundPoint,
): string {
  const ratio = base > 0 ? `, ratio ${(head / base).toPrecision(3)}` : '';
  const excluded = isExcluded ? ', excluded' : '';
  return `round ${round}: ${baseName} ${valueText(metric, base)}, ${headName} ${valueText(metric, head)}${ratio}${excluded}`;
}

/** At most ten rounds, the first among them. */
function namedRounds(points: readonly RoundPoint[], at: (index: number) => number) {
  const every = Math.ceil(points.length / 10);
  return points.flatMap(({ round }, index) =>
    index % every === 0 ? [{ at: at(index), text: String(round) }] : [],
  );
}

/** `round; values in ms` */
function unitText(unit: string | null): string {
  if (unit === null) return '';
  return unit.startsWith('/') ? `; values per ${unit.slice(1)}` : `; values in ${unit}`;
}

/** Both values of each round, joined. */
function valuesPanel(source: Source): Panel {
  const { metric, points, baseName, headName, headColour } = source;
  const { name, scale } = chooseUnit(
    metric.unit,
    points.flatMap(({ base, head }) => [base, head]),
  );
  const dots = points.flatMap((point, index): Dot[] => {
    const common = { ...NO_INTERVAL, x: index, hollow: point.isExcluded, text: roundText(source, point) };
    return [
      { ...common, y: point.base / scale, shape: 'disc', colour: 'line-0' },
      { ...common, y: point.head / scale, shape: 'diamond', colour: headColour },
    ];
  });
  return {
    title: '',
    description: `${metric.metric} of ${baseName} and ${headName} in each round${unitText(name)}`,
    heightPx: HEIGHT_PX,
    x: {
      ...LINEAR_AXIS,
      title: `round${unitText(name)}`,
      range: [-0.5, points.length - 0.5],
      labels: namedRounds(points, (index) => index),
    },
    y: { ...LINEAR_AXIS, minStep: metric.unit === 'count' ? 1 : 0 },
    dots,
    links: points.map(({ base, head, isExcluded }, index) => ({
      from: [index, base / scale],
      to: [index, head / scale],
      style: isExcluded ? 'dashed' : 'solid',
      colour: 'ink-soft',
    })),
    rules: [],
    shaded: null,
  };
}

/** The ratio of each round, and under them the estimate with its bounds; null without a ratio. */
function ratiosPanel(source: Source): Panel | null {
  const { metric, headName, baseName, headColour } = source;
  const points = source.points.filter(({ base, head }) => base > 0 && head > 0);
  if (metric.kind !== 'ratio' || points.length === 0) return null;
  const tolerated = toleratedRatio(metric);
  const row = (index: number) => points.length - index;
  const mark = { ...NO_INTERVAL, shape: 'disc', colour: headColour, hollow: false } as const;
  const dots = points.map((point, index): Dot => {
    const x = point.head / point.base;
    return { ...mark, x, y: row(index), hollow: point.isExcluded, text: roundText(source, point) };
  });
  const { ratio, lower, upper } = ratioTexts(metric);
  const bounds = `bounds ${lower ?? 'none'} and ${upper ?? 'none'}`;
  const text = ratio === null ? 'no estimate' : `estimate ${ratio}, ${bounds}`;
  if (metric.ratio !== null) {
    const interval = { along: 'x', low: metric.lower, high: metric.upper } as const;
    dots.push({ ...mark, x: metric.ratio, y: 0, shape: 'diamond', interval, text });
  }
  return {
    title: '',
    description: `${metric.metric} of ${headName} over ${baseName}: ${text}`,
    heightPx: HEIGHT_PX,
    x: { ...LOGARITHMIC_AXIS, title: 'ratio by round; shaded: tolerated' },
    y: {
      ...LINEAR_AXIS,
      range: [-0.7, points.length + 0.5],
      labels: [...namedRounds(points, row), { at: 0, text: 'all' }],
    },
    dots,
    links: [],
    rules: [{ across: 'y', at: 1, style: 'neutral', text: '' }],
    shaded: tolerated > 1 ? [1 / tolerated, tolerated] : [tolerated, 1 / tolerated],
  };
}

/** Every round of one metric; null where there is nothing to see, as in a count that is always zero. */
export function metricChart(
  comparison: Comparison,
  pair: PairOutcome,
  metric: MetricOutcome,
): DotChart | null {
  const points = roundPoints(pair, metric);
  const isVisible = metric.kind === 'ratio' || points.some(({ base, head }) => base + head > 0);
  if (points.length === 0 || !isVisible) return null;
  const names = { baseName: baseName(comparison), headName: armName(comparison, pair.head) };
  const headColour = `line-${pair.head % 8}`;
  const source = { metric, points, ...names, headColour };
  const panels = [valuesPanel(source), ratiosPanel(source)].filter((panel) => panel !== null);
  const key = { hollow: false } as const;
  return {
    title: metricSentence(metric),
    note: '',
    keys: [
      { ...key, shape: 'disc', colour: 'line-0', text: names.baseName },
      { ...key, shape: 'diamond', colour: headColour, text: names.headName },
      ...(points.some(({ isExcluded }) => isExcluded)
        ? [{ shape: 'disc', colour: 'line-7', hollow: true, text: 'hollow: excluded' } as const]
        : []),
    ],
    isWide: panels.length > 1,
    panels,
  };
}
