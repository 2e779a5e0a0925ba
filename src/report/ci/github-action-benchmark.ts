import type { Comparison, MetricOutcome } from '../../result/comparison.ts';
import { gradeOf, metricSentence } from '../content/comparison-metrics.ts';
import { type CiView, ciView, type HeadValue, headValues, labelOf } from './view.ts';

/** One unit for each kind of metric: a chart over many commits has one axis. */
const UNITS: Readonly<Record<MetricOutcome['unit'], readonly [name: string, scale: number]>> = {
  duration: ['ms', 1e6],
  bytes: ['B', 1],
  average: ['per delivery', 1],
  rate: ['per second', 1],
  share: ['%', 0.01],
  count: ['in all rounds', 1],
};

/** Digits enough for any chart, and none of binary floating point. */
const rounded = (value: number) => Number(value.toPrecision(9));

function entryOf(view: CiView, { pair, metric, value, range }: HeadValue) {
  const [unit, scale] = UNITS[metric.unit];
  const inUnit = (amount: number) => rounded(amount / scale);
  return {
    name: `${view.scenario}, ${labelOf(view, pair.head)}: ${metric.metric}`,
    unit,
    value: inUnit(value),
    ...(range === null ? {} : { range: `${inUnit(range.lower)} to ${inUnit(range.upper)}` }),
    extra: `${gradeOf(view.comparison, pair, metric)}: ${metricSentence(metric)}`,
  };
}

function render(comparison: Comparison, isWanted: (metric: MetricOutcome) => boolean): string {
  const view = ciView(comparison);
  const entries = headValues(view)
    .filter(({ metric }) => isWanted(metric))
    .map((value) => entryOf(view, value));
  return `${JSON.stringify(entries, null, 2)}\n`;
}

/** For github-action-benchmark's tool customSmallerIsBetter: values of the head; none when the comparison is INVALID. */
export function renderSmallerIsBetter(comparison: Comparison): string {
  return render(comparison, ({ unit }) => unit !== 'rate');
}

/** For its tool customBiggerIsBetter: rates. */
export function renderBiggerIsBetter(comparison: Comparison): string {
  return render(comparison, ({ unit }) => unit === 'rate');
}
