import type { MetricOutcome } from '../../result/comparison.ts';
import { formatMetric } from '../../stats/metric.ts';
import { formatPercent } from '../../units.ts';
import { NO_VALUE } from './table.ts';

/** What is judged and how far it may grow. */
type Tolerance = Pick<MetricOutcome, 'kind' | 'unit' | 'delta' | 'floor' | 'base'>;

const isNumber = (value: number | null): value is number => value !== null && Number.isFinite(value);

/** So many decimals that the farthest of the ratios still tells itself from 1: two to four. */
function decimalsFor(ratios: readonly number[]): number {
  const spread = Math.max(...ratios, 1) - Math.min(...ratios, 1);
  return spread === 0 ? 2 : Math.min(4, Math.max(2, Math.ceil(-Math.log10(spread))));
}

/** `1.23`, `12.3`, `123` */
function ratioText(ratio: number, decimals: number): string {
  if (ratio >= 100) return ratio.toFixed(0);
  return ratio.toFixed(ratio >= 10 ? 1 : decimals);
}

export interface RatioTexts {
  readonly ratio: string | null;
  readonly lower: string | null;
  readonly upper: string | null;
}

/** Estimate and bounds with the same number of decimals; null where there is none. */
export function ratioTexts({
  ratio,
  lower,
  upper,
}: Pick<MetricOutcome, 'ratio' | 'lower' | 'upper'>): RatioTexts {
  const decimals = decimalsFor([ratio, lower, upper].filter(isNumber));
  const text = (value: number | null) => (isNumber(value) ? ratioText(value, decimals) : null);
  return { ratio: text(ratio), lower: text(lower), upper: text(upper) };
}

/** `1.15 to 1.31`, `at least 1.15`, `at most 1.31`; null where there are too few rounds for either. */
export function intervalText(metric: MetricOutcome): string | null {
  const { lower, upper } = ratioTexts(metric);
  if (lower !== null && upper !== null) return `${lower} to ${upper}`;
  if (lower !== null) return `at least ${lower}`;
  return upper === null ? null : `at most ${upper}`;
}

/** A value of the metric with its unit; a dash where there is none. */
export function valueText({ unit }: Pick<MetricOutcome, 'unit'>, value: number | null): string {
  return isNumber(value) ? formatMetric(unit, value) : NO_VALUE;
}

/** How much more a ratio is: `by 13 %`, `to 3.2 times as much`. */
export function growthText(ratio: number): string {
  return ratio < 2 ? `by ${formatPercent(ratio - 1)}` : `to ${ratioText(ratio, 1)} times as much`;
}

/** `10 % or 200 us`; of a count `25 %`, or `none where the base has none` */
export function toleranceText(metric: Tolerance): string {
  const floor = metric.floor > 0 ? valueText(metric, metric.floor) : null;
  if (metric.kind === 'exact' && !metric.base) return 'none where the base has none';
  return [formatPercent(metric.delta), floor].filter((part) => part !== null).join(' or ');
}

/** A growth or fall of which the sign says which: `+13 %`, `-4 %`; a dash where there is none. */
export function changeText(ratio: number | null): string {
  if (!isNumber(ratio)) return NO_VALUE;
  return `${ratio < 1 ? '' : '+'}${formatPercent(ratio - 1)}`;
}

/** An exact p-value in two digits. */
export function pText(p: number | null): string {
  if (!isNumber(p)) return NO_VALUE;
  return p < 0.0001 ? '<0.0001' : String(Number(p.toPrecision(2)));
}
