import type { Comparison, MetricOutcome, PairOutcome } from '../../result/comparison.ts';
import { formatPercent } from '../../units.ts';
import { plain } from '../plain.ts';
import { armName, baseName, listed } from './names.ts';
import { growthText, intervalText, ratioTexts, valueText } from './numbers.ts';

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
    return `${subject} is ${insteadText(metric)}`;
  }
  const { ratio } = ratioTexts(metric);
  if (ratio === null) return `${subject} cannot be told: ${plain(metric.because)}`;
  return `${subject} is ${ratio} times that of ${baseName(comparison)}${bracketed(metric)}, ${insteadText(metric)}`;
}

/** `10 % more` */
export function toleratedText(metric: MetricOutcome): string {
  return `${formatPercent(metric.delta)} ${isMoreBetter(metric) ? 'less' : 'more'}`;
}

/** `at most 1.04 times that of base`; null where the bound is beyond what is tolerated, or is none. */
function boundText(metric: MetricOutcome): string | null {
  const { lower, upper } = ratioTexts(metric);
  if (isMoreBetter(metric)) {
    const isWithin = metric.lower !== null && metric.lower * (1 + metric.delta) >= 1;
    return isWithin ? `at least ${lower} times` : null;
  }
  return metric.upper !== null && metric.upper <= 1 + metric.delta ? `at most ${upper} times` : null;
}

/** `delivery.p50 is at most 1.04 times that of base (tolerated 10 % more)`, `lost is 0 as against 0` */
export function withinText(metric: MetricOutcome, base: string): string {
  const name = plain(metric.metric);
  if (metric.kind === 'exact') {
    return `${name} is ${valueText(metric, metric.head)} as against ${valueText(metric, metric.base)}`;
  }
  const bound = boundText(metric);
  if (bound !== null) return `${name} is ${bound} that of ${base} (tolerated ${toleratedText(metric)})`;
  return `${name} is ${insteadText(metric)} (${plain(metric.because)})`;
}

/** `growth of delivery.p50 by 13 %`, `a fall of sent by 4 %` */
function changeText({ metric, detectable }: MetricOutcome): string | null {
  if (detectable === null || !Number.isFinite(detectable)) return null;
  const name = plain(metric);
  return detectable < 1
    ? `a fall of ${name} by ${formatPercent(1 - detectable)}`
    : `growth of ${name} ${growthText(detectable)}`;
}

/** `; growth of delivery.p50 by 13 % would have been noticed in nine of ten comparisons` */
export function noticedText(metrics: readonly MetricOutcome[], before: string): string {
  const changes = metrics.map(changeText).filter((change) => change !== null);
  return changes.length === 0
    ? ''
    : `; ${before}${listed(changes)} would have been noticed in nine of ten comparisons`;
}
