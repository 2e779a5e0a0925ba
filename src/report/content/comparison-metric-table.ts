import type { Comparison, MetricOutcome, PairOutcome } from '../../result/comparison.ts';
import { formatPercent } from '../../units.ts';
import { plain } from '../plain.ts';
import { gradeOf, isUnjudged } from './comparison-grade.ts';
import { armName, baseName } from './comparison-names.ts';
import {
  changeText,
  intervalText,
  pText,
  ratioTexts,
  toleranceText,
  valueText,
} from './comparison-numbers.ts';
import { type Heading, NO_VALUE, type Table } from './table.ts';

function heading(title: string, meaning: string, numeric = true): Heading {
  return { title, unit: null, meaning, numeric, isProse: false };
}

function headings(comparison: Comparison, head: number): Heading[] {
  return [
    heading('metric', 'what is compared', false),
    heading('verdict', 'capitals where it counts, small letters where it is told only', false),
    heading(baseName(comparison), 'over all valid rounds of the base together'),
    heading(armName(comparison, head), 'over all valid rounds of the head together'),
    heading('ratio', 'head over base, Hodges-Lehmann estimate over the rounds'),
    heading('interval', 'bounds of the ratio, each one-sided', false),
    heading(
      'tolerated',
      'growth that is no regression: a share of the base, or the difference itself',
      false,
    ),
    heading('detectable', 'would have been called REGRESSED in nine of ten comparisons'),
    heading('p', 'how often chance alone shows as much beyond what is tolerated'),
  ];
}

/** Where nothing can be said of the arm, nothing is said of a metric. */
function verdictCell(comparison: Comparison, pair: PairOutcome, metric: MetricOutcome): string {
  const grade = gradeOf(comparison, pair, metric);
  if (metric.gating) return isUnjudged(metric) && grade !== 'INVALID' ? 'not judged' : grade;
  return grade === 'INVALID' ? NO_VALUE : grade.toLowerCase();
}

function cells(comparison: Comparison, pair: PairOutcome, metric: MetricOutcome): string[] {
  const isSaid = pair.verdict !== 'INVALID';
  return [
    plain(metric.metric),
    verdictCell(comparison, pair, metric),
    valueText(metric, metric.base),
    valueText(metric, metric.head),
    ratioTexts(metric).ratio ?? NO_VALUE,
    intervalText(metric) ?? NO_VALUE,
    toleranceText(metric),
    isSaid ? changeText(metric.detectable) : NO_VALUE,
    isSaid ? pText(metric.verdict === 'IMPROVED' ? metric.pImproved : metric.pRegressed) : NO_VALUE,
  ];
}

/** Metrics of one arm against the base: those that decide, then those that are told only. */
export interface MetricTables {
  readonly gating: Table;
  readonly told: Table;
}

export function metricTables(comparison: Comparison, pair: PairOutcome): MetricTables {
  const table = (metrics: readonly MetricOutcome[]): Table => ({
    headings: headings(comparison, pair.head),
    rows: metrics.map((metric) => cells(comparison, pair, metric)),
  });
  return {
    gating: table(pair.metrics.filter(({ gating }) => gating)),
    told: table(pair.metrics.filter(({ gating }) => !gating)),
  };
}

/** `0.6 %`, `0.3 % to 0.6 %` */
function rangeText(shares: readonly number[]): string {
  const [least, most] = [Math.min(...shares), Math.max(...shares)].map(formatPercent);
  return least === most ? `${least}` : `${least} to ${most}`;
}

/** What the figures of the tables stand on, one sentence each. */
export function metricNotes({ design }: Comparison, { metrics }: PairOutcome): string[] {
  const bounded = metrics.filter((metric) => intervalText(metric) !== null);
  const alphas = bounded
    .flatMap(({ lowerAlpha, upperAlpha }) => [lowerAlpha, upperAlpha])
    .filter((alpha) => alpha !== null);
  if (alphas.length === 0) return [];
  return [
    // Of a base that did not take turns nobody knows how often.
    ...(design.baseline === null
      ? [`either bound of an interval is wrong in at most ${rangeText(alphas)} of comparisons`]
      : []),
    'detectable: what would have been called REGRESSED in nine of ten comparisons',
    `p: how often chance alone shows as much beyond what is tolerated${design.baseline === null ? '' : ', if only chance changed since the base was measured'}`,
  ];
}
