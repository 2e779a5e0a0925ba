import { foreign } from '../../foreign.ts';
import type { Comparison, MetricOutcome, PairOutcome, Verdict } from '../../result/comparison.ts';
import { FIGURES, formatMetric, isFigure } from '../../result/metrics.ts';
import { formatPercent } from '../../units.ts';
import { type Heading, NO_VALUE, rangeText, type Table } from './table.ts';

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

const isNumber = (value: number | null): value is number => value !== null && Number.isFinite(value);

/** `1.23`, `12.3`, `123` */
function ratioText(ratio: number, decimals: number): string {
  if (ratio >= 100) return ratio.toFixed(0);
  return ratio.toFixed(ratio >= 10 ? 1 : decimals);
}

/**
 * Estimate and bounds; null where there is none. All have the same number of decimals, two to four, so that the ratio
 * farthest from 1 differs from it.
 */
export function ratioTexts({ ratio, lower, upper }: MetricOutcome) {
  const known = [ratio, lower, upper].filter(isNumber);
  const spread = Math.max(...known, 1) - Math.min(...known, 1);
  const decimals = spread === 0 ? 2 : Math.min(4, Math.max(2, Math.ceil(-Math.log10(spread))));
  const text = (value: number | null) => (isNumber(value) ? ratioText(value, decimals) : null);
  return { ratio: text(ratio), lower: text(lower), upper: text(upper) };
}

/** `1.15-1.31`, `>= 1.15`, `<= 1.31`; null where there are too few rounds for a bound. */
export function intervalText(metric: MetricOutcome): string | null {
  const { lower, upper } = ratioTexts(metric);
  if (lower !== null && upper !== null) return `${lower}-${upper}`;
  if (lower !== null) return `>= ${lower}`;
  return upper === null ? null : `<= ${upper}`;
}

/** A value of the metric with its unit; a dash where there is none. */
export function valueText({ unit }: Pick<MetricOutcome, 'unit'>, value: number | null): string {
  return isNumber(value) ? formatMetric(unit, value) : NO_VALUE;
}

/** `10 %, 200 us`; for a count `25 %`, or `0` where the base has none. */
function toleranceText(metric: MetricOutcome): string {
  if (metric.kind === 'exact' && !metric.base) return '0';
  const floor = metric.floor > 0 ? [valueText(metric, metric.floor)] : [];
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

/** `delivery.p50 1.35x (1.24-1.46)`, `lost 0 -> 12`, `delivery.p50: why it has no value` */
export function shortMetric(metric: MetricOutcome): string {
  const change = `${valueText(metric, metric.base)} -> ${valueText(metric, metric.head)}`;
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
  return `${shortMetric(metric)}, ${valueText(metric, metric.base)} -> ${valueText(metric, metric.head)}`;
}

/** The title of the metrics that do not gate, wherever they are listed. */
export const INFORMATIONAL_TITLE = 'informational (not gating)';

function heading(title: string, meaning: string, numeric = true): Heading {
  return { title, unit: null, meaning, numeric, isProse: false };
}

function headings(comparison: Comparison, head: number): Heading[] {
  return [
    heading('metric', 'what is compared', false),
    heading('verdict', 'capitals for gating metrics, lower case for informational ones', false),
    heading(baseName(comparison), 'over all valid rounds of the base'),
    heading(armName(comparison, head), 'over all valid rounds of the head'),
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

function cells(comparison: Comparison, pair: PairOutcome, metric: MetricOutcome): string[] {
  const isKnown = pair.verdict !== 'INVALID';
  return [
    metric.metric,
    verdictCell(comparison, pair, metric),
    valueText(metric, metric.base),
    valueText(metric, metric.head),
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
    'MDE: minimum detectable effect, reported as REGRESSED in nine of ten comparisons',
    `p: probability of a result at least as extreme if the growth is within the tolerance${design.baseline === null ? '' : ' and nothing else changed since the base was measured'}`,
  ];
}
