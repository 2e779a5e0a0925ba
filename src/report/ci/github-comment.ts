import type { Comparison, MetricOutcome, PairOutcome, Verdict } from '../../result/comparison.ts';
import { plural } from '../../text.ts';
import { formatEstimate } from '../../units.ts';
import {
  armName,
  gatingOf,
  gradeOf,
  intervalText,
  pairBounds,
  pairValues,
  ratioTexts,
} from '../content/comparison-metrics.ts';
import { adviceFor } from '../content/comparison-notes.ts';
import { comparisonSeverity, verdictSentence } from '../content/comparison-verdict.ts';
import { thresholdText } from '../content/run-verdict.ts';
import { NO_VALUE } from '../content/table.ts';
import { cut, plain } from '../plain.ts';
import { escapeMarkdown } from '../render/markdown.ts';
import { EMOJI } from './github.ts';

/** Rows of the table without its head, and lines below it. With them a comment has at most 15 lines. */
const MAX_METRIC_ROWS = 7;
const MAX_NOTES = 3;
/** The longest line of prose. A comment shows what to look at, the report holds the rest. */
const MAX_COMMENT_LINE = 300;

interface GradedRow {
  readonly grade: Verdict;
  readonly cells: readonly string[];
}

const GRADE_ORDER: readonly Verdict[] = ['REGRESSED', 'INVALID', 'INCONCLUSIVE', 'IMPROVED', 'OK'];

const isZero = ({ kind, base, head }: MetricOutcome) => kind === 'exact' && base === 0 && head === 0;

function gradedRow(name: string, grade: Verdict, metric: MetricOutcome): GradedRow {
  const [value, bounds] = [pairValues(metric), pairBounds(metric)];
  const values = [
    value.base === null ? NO_VALUE : formatEstimate(metric.unit, value.base, bounds.base),
    value.head === null ? NO_VALUE : formatEstimate(metric.unit, value.head, bounds.head),
  ];
  return {
    grade,
    cells: [name, grade, ...values, ratioTexts(metric).ratio ?? '', intervalText(metric) ?? ''],
  };
}

/** The gating metrics of one head; counts that are 0 in both arms share a row. */
function rowsOfPair(comparison: Comparison, pair: PairOutcome): GradedRow[] {
  const prefix = comparison.judgement.heads.length === 1 ? '' : `${armName(comparison, pair.head)}: `;
  const metrics = gatingOf(pair);
  const zeros = metrics.filter((metric) => isZero(metric) && gradeOf(comparison, pair, metric) === 'OK');
  const rows = metrics
    .filter((metric) => !zeros.includes(metric))
    .map((metric) => gradedRow(`${prefix}${metric.metric}`, gradeOf(comparison, pair, metric), metric));
  const names = zeros.map(({ metric }) => metric).join(', ');
  return zeros.length === 0
    ? rows
    : [...rows, { grade: 'OK', cells: [`${prefix}${names}`, 'OK', '0', '0', '', ''] }];
}

/** The most severe rows first; the last one counts those that have no room. */
function tableRows(comparison: Comparison): string[] {
  const rows = comparison.judgement.heads
    .filter(({ verdict }) => verdict !== 'INVALID')
    .flatMap((pair) => rowsOfPair(comparison, pair))
    .toSorted((a, b) => GRADE_ORDER.indexOf(a.grade) - GRADE_ORDER.indexOf(b.grade));
  if (rows.length === 0) return [];
  const shown = rows.length <= MAX_METRIC_ROWS ? rows : rows.slice(0, MAX_METRIC_ROWS - 1);
  const rest = rows.length - shown.length;
  const lines = shown.map(({ cells }) => cells);
  const more = rest === 0 ? [] : [[`and ${plural(rest, 'more row')}`, '', '', '', '', '']];
  return [
    '| metric | verdict | base | head | ratio | interval |',
    '| --- | --- | ---: | ---: | ---: | --- |',
    ...[...lines, ...more].map(
      (cells) => `| ${cells.map((cell) => escapeMarkdown(cut(plain(cell), 100))).join(' | ')} |`,
    ),
  ];
}

/** Thresholds that did not pass, then what to do. */
function noteLines(comparison: Comparison): string[] {
  const missed = comparison.thresholds.filter(({ passed }) => passed !== true).map(thresholdText);
  const notes = [...missed, ...adviceFor(comparison).map((advice) => `next: ${advice}`)];
  const rest = notes.length - MAX_NOTES;
  const shown = rest <= 0 ? notes : [...notes.slice(0, MAX_NOTES - 1), `${rest + 1} more in the report`];
  return shown.map((note) => `- ${escapeMarkdown(cut(plain(note), MAX_COMMENT_LINE))}`);
}

/** Renders Markdown for a comment on a pull request in at most 15 lines: the verdict, the gating metrics, what to do. */
export function renderGithubComment(comparison: Comparison): string {
  const headline = escapeMarkdown(cut(plain(verdictSentence(comparison)), MAX_COMMENT_LINE));
  const parts = [
    [`${EMOJI[comparisonSeverity(comparison)]} **${headline}**`],
    tableRows(comparison),
    noteLines(comparison),
  ];
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}
