import type { Comparison, MetricOutcome, PairOutcome } from '../../result/comparison.ts';
import { formatPercent } from '../../units.ts';
import { plain } from '../plain.ts';
import { armName, baseName, listed } from './comparison-names.ts';
import { growthText, intervalText, ratioTexts, valueText } from './comparison-numbers.ts';

/** Whether growth of the metric is to the good. */
export function isMoreBetter({ unit }: Pick<MetricOutcome, 'unit'>): boolean {
  return unit === 'rate';
}

/** `2.2 ms instead of 1.8 ms` */
function insteadText(metric: MetricOutcome): string {
  return `${valueText(metric, metric.head)} instead of ${valueText(metric, metric.base)}`;
}

/** ` (1.15 to 1.31)` */
const bracketed = (metric: MetricOutcome) => ` (${intervalText(metric) ?? 'too few rounds for bounds'})`;

/**
 * What one metric came to, in one clause: `delivery.p50 of head is 1.23 times that of base (1.15 to 1.31), 2.2 ms
 * instead of 1.8 ms`; `lost of head is 12 instead of 0`.
 */
export function metricSentence(comparison: Comparison, pair: PairOutcome, metric: MetricOutcome): string {
  const subject = `${plain(metric.metric)} of ${armName(comparison, pair.head)}`;
  if (metric.kind === 'exact' && metric.points.length > 0) {
    const why = metric.verdict === 'INCONCLUSIVE' ? ` (${plain(metric.because)})` : '';
    return `${subject} is ${insteadText(metric)}${why}`;
  }
  const { ratio } = ratioTexts(metric);
  if (ratio === null) return `${subject} cannot be told: ${plain(metric.because)}`;
  return `${subject} is ${ratio} times that of ${baseName(comparison)}${bracketed(metric)}, ${insteadText(metric)}`;
}

/** The same beside another: `fanout_last.p50 1.31 times (1.25 to 1.4)`, `lost 12 instead of 0`. */
function shortSentence(metric: MetricOutcome): string {
  const name = plain(metric.metric);
  if (metric.kind === 'exact' && metric.points.length > 0) return `${name} ${insteadText(metric)}`;
  const { ratio } = ratioTexts(metric);
  return ratio === null ? `${name}: ${plain(metric.because)}` : `${name} ${ratio} times${bracketed(metric)}`;
}

/** The first in full, the others as short as can be: all of it is in the table. */
export function metricSentences(
  comparison: Comparison,
  pair: PairOutcome,
  [first, ...others]: readonly MetricOutcome[],
): string {
  if (first === undefined) return '';
  return [metricSentence(comparison, pair, first), ...others.map(shortSentence)].join('; ');
}

/** `10 % more` */
export function toleratedText(metric: MetricOutcome): string {
  return `${formatPercent(metric.delta)} ${isMoreBetter(metric) ? 'less' : 'more'}`;
}

/** Whether the bound itself is within what is tolerated, and not only the difference. */
function isWithinGrowth(metric: MetricOutcome): boolean {
  if (isMoreBetter(metric)) return metric.lower !== null && metric.lower * (1 + metric.delta) >= 1;
  return metric.upper !== null && metric.upper <= 1 + metric.delta;
}

/** What one that is OK is fine by: `delivery.p50`, or `delivery.p50 (within 20 us)`. */
export function withinText(metric: MetricOutcome): string {
  const name = plain(metric.metric);
  const floor = metric.floor > 0 ? ` (within ${valueText(metric, metric.floor)})` : '';
  return isWithinGrowth(metric) ? name : `${name}${floor}`;
}

/** The commonest; the rest are zero mostly too, and in the table. */
const FAULTS = ['lost', 'duplicated', 'reordered'];

/** `, nothing lost, duplicated or reordered in either`, `, lost 5 as against 6`; nothing without counts. */
export function faultsText(metrics: readonly MetricOutcome[]): string {
  const counts = metrics.filter(({ kind }) => kind === 'exact');
  const isNone = ({ base, head }: MetricOutcome) => base === 0 && head === 0;
  const none = FAULTS.filter((name) => counts.some((count) => count.metric === name && isNone(count)));
  const some = counts
    .filter((count) => !isNone(count))
    .map(
      (count) =>
        `, ${plain(count.metric)} ${valueText(count, count.head)} as against ${valueText(count, count.base)}`,
    );
  return `${none.length === 0 ? '' : `, nothing ${listed(none, 'or')} in either`}${some.join('')}`;
}

/** How far from none at all, upwards or downwards. */
const farness = ({ detectable }: MetricOutcome) =>
  detectable === null || !Number.isFinite(detectable) || detectable <= 0
    ? null
    : Math.abs(Math.log(detectable));

/** `; growth of delivery.p50 by 13 % or more would have been noticed in nine of ten`: of the metric that shows least. */
export function noticedText(metrics: readonly MetricOutcome[], before: string): string {
  const [worst] = metrics
    .filter((metric) => farness(metric) !== null)
    .toSorted((a, b) => (farness(b) ?? 0) - (farness(a) ?? 0));
  if (worst === undefined || worst.detectable === null) return '';
  const { metric, detectable } = worst;
  const change =
    detectable < 1
      ? `a fall of ${plain(metric)} by ${formatPercent(1 - detectable)}`
      : `growth of ${plain(metric)} ${growthText(detectable)}`;
  return `; ${before}${change} or more would have been noticed in nine of ten comparisons`;
}
