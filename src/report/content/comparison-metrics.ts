import { foreign } from '../../foreign.ts';
import type { Comparison, MetricOutcome, PairOutcome, Verdict } from '../../result/comparison.ts';
import { FIGURES, formatLimit, formatMetric, isFigure } from '../../result/metrics.ts';
import { formatPercent } from '../../units.ts';
import { boundsNote, isNumber, pairCells, pairValues, unitOfMetric, valueIn } from './comparison-values.ts';
import { type Cell, type Heading, headingText, NO_VALUE, rangeText, type Table } from './table.ts';

export { pairBounds, pairCells, pairValues, unitOfMetric, valueIn } from './comparison-values.ts';

/** The name of an arm, safe for one line. */
export function armName({ design }: Comparison, arm: number): string {
  return foreign(design.arms[arm]?.name ?? `arm ${arm + 1}`);
}

export const baseName = (comparison: Comparison) => armName(comparison, 0);

/** Whether the comparison ended before its first look. */
export function isEarly({ design, judgement }: Comparison): boolean {
  return judgement.rounds < (design.looks[judgement.look]?.rounds ?? 0);
}

/** The verdict of one metric: INVALID in an invalid pair, INCONCLUSIVE before the first look. */
export function gradeOf(comparison: Comparison, { verdict }: PairOutcome, metric: MetricOutcome): Verdict {
  if (verdict === 'INVALID') return 'INVALID';
  return isEarly(comparison) ? 'INCONCLUSIVE' : metric.verdict;
}

/** Whether an optional gating metric has no values, and so does not gate. */
export function isUnjudged(metric: MetricOutcome): boolean {
  return metric.optional && metric.gating && metric.points.length === 0;
}

/** The gating metrics that have values. */
export function gatingOf({ metrics }: PairOutcome): MetricOutcome[] {
  return metrics.filter((metric) => metric.gating && !isUnjudged(metric));
}

/** Whether a higher value of the metric is better. */
export function isMoreBetter({ metric }: Pick<MetricOutcome, 'metric'>): boolean {
  return isFigure(metric) && FIGURES[metric].better === 'higher';
}

/** An estimate of a ratio with its bounds. */
export type Estimated = Pick<MetricOutcome, 'ratio' | 'lower' | 'upper'>;

/** `1.23`, `12.3`, `123` */
function ratioText(ratio: number, decimals: number): string {
  if (ratio >= 100) return ratio.toFixed(0);
  return ratio.toFixed(ratio >= 10 ? 1 : decimals);
}

/**
 * EstimateCell and bounds; null where there is none. All have the same number of decimals, two to four, so that the ratio
 * farthest from 1 differs from it.
 */
export function ratioTexts({ ratio, lower, upper }: Estimated) {
  const known = [ratio, lower, upper].filter(isNumber);
  const spread = Math.max(...known, 1) - Math.min(...known, 1);
  const decimals = spread === 0 ? 2 : Math.min(4, Math.max(2, Math.ceil(-Math.log10(spread))));
  const text = (value: number | null) => (isNumber(value) ? ratioText(value, decimals) : null);
  return { ratio: text(ratio), lower: text(lower), upper: text(upper) };
}

/** `1.15-1.31`, `>= 1.15`, `<= 1.31`; null where there are too few rounds for a bound. */
export function intervalText(estimated: Estimated): string | null {
  const { lower, upper } = ratioTexts(estimated);
  if (lower !== null && upper !== null) return `${lower}-${upper}`;
  if (lower !== null) return `>= ${lower}`;
  return upper === null ? null : `<= ${upper}`;
}

/** A value of the metric with its unit; a dash where there is none. */
export function valueText({ unit }: Pick<MetricOutcome, 'unit'>, value: number | null): string {
  return isNumber(value) ? formatMetric(unit, value) : NO_VALUE;
}

/** Explains why a ratio is not the quotient of the values beside it; nothing where all are, to three digits. */
export function quotientNote(metrics: readonly MetricOutcome[]): string[] {
  const differs = metrics.some((metric) => {
    const { base, head } = pairValues(metric);
    if (!isNumber(metric.ratio) || !isNumber(base) || !isNumber(head) || base === 0) return false;
    return Math.abs(head / base / metric.ratio - 1) > 0.005;
  });
  return differs ? ['ratio: estimated from the ratio of each round, not from the medians'] : [];
}

/** `10 %, 200 µs`; for a count `25 %`, or `0` where the base has none. */
function toleranceText(metric: MetricOutcome): string {
  if (metric.kind === 'exact' && !metric.base) return '0';
  const floor = metric.floor > 0 ? [formatLimit(metric.unit, metric.floor)] : [];
  return [formatPercent(metric.delta), ...floor].join(', ');
}

/** A change with its sign: `+13 %`, `-4 %`; a dash where there is none. */
export function changeText(ratio: number | null): string {
  if (!isNumber(ratio)) return NO_VALUE;
  return `${ratio < 1 ? '' : '+'}${formatPercent(ratio - 1)}`;
}

/** A p-value with two digits. */
function pText(p: number | null): string {
  if (!isNumber(p)) return NO_VALUE;
  return p < 0.0001 ? '<0.0001' : String(Number(p.toPrecision(2)));
}

const isCounted = ({ kind, points }: MetricOutcome) => kind === 'exact' && points.length > 0;

/** Both values of a metric with their unit, those of base and head in one: `0.960 ms` and `1.31 ms`. */
export function pairTexts(metric: MetricOutcome) {
  const { base, head } = pairValues(metric);
  const unit = unitOfMetric(metric);
  const text = (value: number | null) => {
    const figure = valueIn(metric, unit, value);
    if (value === null || unit.name === null) return figure;
    return unit.name.startsWith('/') ? `${figure}${unit.name}` : `${figure} ${unit.name}`;
  };
  return { base: text(base), head: text(head) };
}

function changeOf(metric: MetricOutcome): string {
  const { base, head } = pairTexts(metric);
  return `${base} -> ${head}`;
}

/** `delivery.p50 1.35x (1.24-1.46)`, `lost 0 -> 12`, `delivery.p50: why it has no value` */
export function shortMetric(metric: MetricOutcome): string {
  const change = changeOf(metric);
  if (isCounted(metric)) {
    return `${metric.metric} ${change}${metric.verdict === 'INCONCLUSIVE' ? ` (${metric.because})` : ''}`;
  }
  const { ratio } = ratioTexts(metric);
  if (ratio === null) return `${metric.metric}: ${metric.because}`;
  return `${metric.metric} ${ratio}x (${intervalText(metric) ?? 'too few rounds for an interval'})`;
}

/** `delivery.p50 1.35x (1.24-1.46), 1.25 ms -> 1.66 ms`; otherwise as {@link shortMetric}. */
export function metricSentence(metric: MetricOutcome): string {
  if (isCounted(metric) || ratioTexts(metric).ratio === null) return shortMetric(metric);
  return `${shortMetric(metric)}, ${changeOf(metric)}`;
}

/** The title of the metrics that do not gate, wherever they are listed. */
export const INFORMATIONAL_TITLE = 'informational (not gating)';

function heading(title: string, meaning: string, numeric = true): Heading {
  return { title, unit: null, meaning, numeric, isProse: false };
}

function headings(comparison: Comparison, head: number): Heading[] {
  return [
    heading('metric', 'what is compared, and the unit of its values', false),
    heading('verdict', 'capitals for gating metrics, lower case for informational ones', false),
    heading(baseName(comparison), 'median over the valid pairs; of a count, the sum'),
    heading(armName(comparison, head), 'median over the valid pairs; of a count, the sum'),
    heading('ratio', 'head over base: Hodges-Lehmann estimate over the rounds'),
    heading('interval', 'lower and upper bound of the ratio, each one-sided', false),
    heading('tolerated', 'tolerated growth: a share of the base, or an absolute difference', false),
    heading('MDE', 'minimum detectable effect: REGRESSED in nine of ten comparisons'),
    heading('p', 'probability of a result at least as extreme if the growth is within the tolerance'),
  ];
}

function verdictCell(comparison: Comparison, pair: PairOutcome, metric: MetricOutcome): string {
  const grade = gradeOf(comparison, pair, metric);
  if (metric.gating) return isUnjudged(metric) && grade !== 'INVALID' ? 'not judged' : grade;
  return grade === 'INVALID' ? NO_VALUE : grade.toLowerCase();
}

function cells(comparison: Comparison, pair: PairOutcome, metric: MetricOutcome): Cell[] {
  const isKnown = pair.verdict !== 'INVALID';
  const { base, head } = pairValues(metric);
  const unit = unitOfMetric(metric);
  const shown = pairCells(metric, unit);
  return [
    headingText({ title: metric.metric, unit: base === null && head === null ? null : unit.name }),
    verdictCell(comparison, pair, metric),
    shown.base,
    shown.head,
    ratioTexts(metric).ratio ?? NO_VALUE,
    intervalText(metric) ?? NO_VALUE,
    toleranceText(metric),
    isKnown ? changeText(metric.detectable) : NO_VALUE,
    isKnown ? pText(metric.verdict === 'IMPROVED' ? metric.pImproved : metric.pRegressed) : NO_VALUE,
  ];
}

/** The metrics of one arm vs the base: those that gate, then those that are informational. */
export function metricTable(comparison: Comparison, pair: PairOutcome): Table {
  const rowsOf = (isGating: boolean) =>
    pair.metrics.filter(({ gating }) => gating === isGating).map((metric) => cells(comparison, pair, metric));
  const informational = rowsOf(false);
  return {
    headings: headings(comparison, pair.head),
    rows: [...rowsOf(true), ...(informational.length === 0 ? [] : [[INFORMATIONAL_TITLE]]), ...informational],
  };
}

/** What the columns of the metric table mean, one sentence each; nothing without intervals. */
export function metricNotes({ design }: Comparison, { metrics }: PairOutcome): string[] {
  const alphas = metrics
    .filter((metric) => intervalText(metric) !== null)
    .flatMap(({ lowerAlpha, upperAlpha }) => [lowerAlpha, upperAlpha])
    .filter((alpha) => alpha !== null);
  if (alphas.length === 0) return [];
  return [
    // The error rate of a comparison with a stored base is unknown.
    ...(design.baseline === null
      ? [`interval: each bound is wrong in at most ${rangeText(alphas, formatPercent)} of comparisons`]
      : []),
    ...boundsNote(metrics),
    ...quotientNote(metrics),
    'MDE: minimum detectable effect, reported as REGRESSED in nine of ten comparisons',
    `p: probability of a result at least as extreme if the growth is within the tolerance${design.baseline === null ? '' : ' and nothing else changed since the base was measured'}`,
  ];
}
