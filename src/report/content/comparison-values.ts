import type { MetricOutcome } from '../../result/comparison.ts';
import { median } from '../../result/order-statistics.ts';
import { type Bounds, medianBounds, NO_BOUNDS } from '../../result/quantile-bounds.ts';
import { type Cell, chooseUnit, estimateCell, formatCell } from './table.ts';

export const isNumber = (value: number | null): value is number => value !== null && Number.isFinite(value);

/**
 * The values of both arms that stand beside a ratio: medians over the pairs from which the ratio follows. Of a count, the
 * sums over all rounds; without pairs, the values over all rounds together.
 */
export function pairValues({ kind, points, base, head }: MetricOutcome) {
  if (kind === 'exact' || points.length === 0) return { base, head };
  return {
    base: median(points.map((point) => point.base)),
    head: median(points.map((point) => point.head)),
  };
}

/** The 95 % intervals of the medians of both arms over the rounds; none for counts, and with fewer than six pairs. */
export function pairBounds({ kind, points }: MetricOutcome): {
  readonly base: Bounds;
  readonly head: Bounds;
} {
  if (kind === 'exact') return { base: NO_BOUNDS, head: NO_BOUNDS };
  return {
    base: medianBounds(points.map((point) => point.base)),
    head: medianBounds(points.map((point) => point.head)),
  };
}

/** The unit in which both values of a metric are shown: that of the larger one. */
export function unitOfMetric(metric: MetricOutcome, values = Object.values(pairValues(metric))) {
  return chooseUnit(metric.unit, [Math.max(0, ...values.filter(isNumber))]);
}

/** A value in a unit that stands elsewhere; a dash where there is none. */
export function valueIn(
  { unit }: Pick<MetricOutcome, 'unit'>,
  { scale }: { scale: number },
  value: number | null,
): string {
  return formatCell(unit, value, scale);
}

/** Both values of a metric with their intervals, in a unit that stands elsewhere. */
export function pairCells(metric: MetricOutcome, unit: { scale: number }): { base: Cell; head: Cell } {
  const [values, bounds] = [pairValues(metric), pairBounds(metric)];
  return {
    base: estimateCell(valueIn(metric, unit, values.base), bounds.base, unit.scale),
    head: estimateCell(valueIn(metric, unit, values.head), bounds.head, unit.scale),
  };
}

/** Explains the intervals of the values; nothing where no metric has any. */
export function boundsNote(metrics: readonly MetricOutcome[]): string[] {
  const hasBounds = metrics.some((metric) => pairBounds(metric).base.lower !== null);
  return hasBounds ? ['values: medians of the rounds, each with the 95 % interval of its median'] : [];
}
