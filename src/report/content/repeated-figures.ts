import { sumOfReasons } from '../../result/aggregate.ts';
import { FIGURES, isFigure } from '../../result/metrics.ts';
import { largest } from '../../result/order-statistics.ts';
import { excessText, type Repeated, type StartFigure, startsDiffer } from '../../result/repeated.ts';
import type { Finding, RunResult } from '../../result/run-result.ts';
import { list, plural } from '../../text.ts';
import { formatCount, formatPercent } from '../../units.ts';
import type { Severity } from '../blocks.ts';
import { type Column, column, formatValue } from './table.ts';

/** The first start that measured something: all starts have its plan. */
export function firstStart({ starts }: Repeated): RunResult | null {
  return starts.find(({ result }) => result !== null)?.result ?? null;
}

/** The results of the starts that measured something, with the name of each. */
export function measuredStarts({ starts }: Repeated): { results: RunResult[]; labels: string[] } {
  const measured = starts.filter(({ result }) => result !== null);
  return {
    results: measured.flatMap(({ result }) => result ?? []),
    labels: measured.map(({ start }) => `start ${start}`),
  };
}

const SERIES_NAMES: Readonly<Record<string, string>> = {
  fanout_last: 'slowest receiver',
  reply_last: 'last reply',
};

/** `delivery p50`, `slowest receiver p99`, `server CPU/delivery` */
export function figureName({ metric }: Pick<StartFigure, 'metric'>): string {
  if (isFigure(metric)) return FIGURES[metric].title;
  const [series = '', ...statistic] = metric.split('.');
  return `${SERIES_NAMES[series] ?? series} ${statistic.join('.')}`;
}

const medianColumn = (
  id: string,
  title: string,
  meaning: string,
  pick: (figure: StartFigure) => number | null,
): Column<StartFigure> =>
  column(id, title, 'text', meaning, (figure) => {
    const value = pick(figure);
    return value === null ? null : formatValue(figure.unit, value);
  });

/** A row for each figure, in the order of importance on a narrow terminal. */
export const START_COLUMNS: ReadonlyArray<Column<StartFigure>> = [
  column('figure', 'figure', 'text', 'what was measured in each start', figureName),
  medianColumn('median', 'median', 'median of the starts', ({ median }) => median),
  medianColumn('lower', 'from', 'lower end of the interval of this median', ({ lower }) => lower),
  medianColumn('upper', 'to', 'upper end of the interval of this median', ({ upper }) => upper),
  column(
    'spread',
    'between starts',
    'text',
    'by how much the largest start exceeds the smallest',
    ({ spread }) => (spread === null ? null : excessText(spread)),
  ),
  column(
    'within_run',
    'within a run',
    'text',
    'by how much the upper bound of one start exceeds its lower one, at 95 %: the median of the starts',
    ({ withinRun }) => (withinRun === null ? null : excessText(withinRun)),
  ),
];

/** How many starts the figures are of. */
export function validStarts({ starts, excluded }: Repeated): number {
  return starts.length - excluded.length;
}

/** What the interval of the medians is, in a sentence; null where there is none. */
export function startsIntervalText(repeated: Repeated): string | null {
  const { figures, design } = repeated;
  const levels = figures.flatMap((figure) => figure.level ?? []);
  const level = largest(levels);
  const count = validStarts(repeated);
  if (level === null)
    return count === 1 ? 'one start has no interval; repeat the run to see how starts differ' : null;
  const lowest = Math.min(...levels);
  const fewer = lowest < level ? `, or ${formatPercent(lowest)} where a start has no value` : '';
  const holds = `contains the true median in ${formatPercent(level)} of cases${fewer}`;
  if (level >= design.confidence) return `from, to: the interval over ${count} starts that ${holds}`;
  const needed = Math.ceil(1 - Math.log2(1 - design.confidence));
  return `from, to: the range of ${count} starts, which ${holds}; ${needed} starts give ${formatPercent(design.confidence)}`;
}

/**
 * Whether starts differ more than one run shows, in one sentence; null where neither is known. The finding of the document
 * names all figures in which they do.
 */
export function agreementText({ notes, figures }: Repeated): string | null {
  const differs = notes.find(({ code }) => code === 'starts_differ');
  if (differs !== undefined) return differs.message;
  const known = figures.find((figure) => startsDiffer(figure) === false);
  if (known !== undefined) {
    const [spread, own] = [known.spread, known.withinRun].map((ratio) => excessText(ratio ?? 1));
    return `starts differ by ${spread} in ${known.metric}, no more than one run's own interval of ${own} explains`;
  }
  const first = figures.find(({ spread }) => spread !== null);
  return first === undefined ? null : `starts differ by ${excessText(first.spread ?? 1)} in ${first.metric}`;
}

/** `delivery p50 1.12 ms (1.01 ms to 1.30 ms)`; null without a median. */
export function headlineFigureText({ figures: [figure] }: Repeated): string | null {
  if (figure === undefined || figure.median === null) return null;
  const { unit, median, lower, upper } = figure;
  const interval =
    lower === null || upper === null ? '' : ` (${formatValue(unit, lower)} to ${formatValue(unit, upper)})`;
  return `${figureName(figure)} ${formatValue(unit, median)}${interval}`;
}

/** `5 starts`, `4 of 5 starts`; of what was planned where fewer were made. */
export function startsText(repeated: Repeated): string {
  const { design, starts } = repeated;
  const valid = validStarts(repeated);
  return valid === starts.length && starts.length === design.repeat
    ? plural(valid, 'start')
    : `${valid} of ${plural(design.repeat, 'start')}`;
}

/** `VALID: 5 starts`, `PARTIAL, VALID: 2 of 5 starts`, `INVALID: start 3: the server ended`. */
export function repeatedVerdict(repeated: Repeated): string {
  const { invalid, status } = repeated;
  const belief =
    invalid.length === 0
      ? `VALID: ${startsText(repeated)}`
      : `INVALID: ${invalid.map(({ message }) => message).join('; ')}`;
  return status === 'partial' ? `PARTIAL, ${belief}` : belief;
}

/** `warning` for a valid one that is partial, lacks starts, has findings or notes, or missed a threshold. */
export function repeatedSeverity({
  invalid,
  excluded,
  status,
  thresholds,
  notes,
  starts,
}: Repeated): Severity {
  if (invalid.length > 0) return 'bad';
  const hasFindings = starts.some(({ result }) => (result?.findings.length ?? 0) > 0);
  const isUnsure = thresholds.some(({ passed }) => passed !== true) || status === 'partial';
  return isUnsure || hasFindings || excluded.length + notes.length > 0 ? 'warning' : 'good';
}

/** Findings of several starts, alike ones together: `start 2 and start 4: MESSAGE`, `all starts: MESSAGE`. */
function gathered(
  { starts }: Repeated,
  findingsOf: (start: Repeated['starts'][number]) => readonly Finding[],
): string[] {
  const all = starts.flatMap((each) =>
    findingsOf(each).map((finding) => ({ ...finding, start: each.start })),
  );
  return [...Map.groupBy(all, ({ code }) => code).values()].map((each) => {
    const names = [...new Set(each.map(({ start }) => start))];
    const [first] = each;
    const who =
      names.length === starts.length && names.length > 1
        ? 'every start'
        : `${names.length === 1 ? 'start' : 'starts'} ${list(names.map(String))}`;
    const isSame = each.every(({ message }) => message === first?.message);
    return `${who}: ${first?.message ?? ''}${isSame || names.length === 1 ? '' : `; ${names.length === 2 ? 'the other is' : 'the others are'} similar`}`;
  });
}

/** Which starts are left out, what else limits the figures, and what was noted in the starts. */
export function repeatedCaveats(repeated: Repeated): string[] {
  const reasonsOf = ({ start }: Repeated['starts'][number]) =>
    repeated.excluded.find((each) => each.start === start)?.reasons.slice(0, 1) ?? [];
  const isValid = ({ start }: Repeated['starts'][number]) =>
    !repeated.excluded.some((each) => each.start === start);
  return [
    ...gathered(repeated, reasonsOf).map((text) => `left out, ${text}`),
    ...repeated.notes.filter(({ code }) => code !== 'starts_differ').map(({ message }) => message),
    ...gathered(repeated, (start) =>
      isValid(start) ? [...(start.result?.findings ?? []), ...(start.result?.notes ?? [])] : [],
    ),
  ];
}

/** `delivery.p99<50ms: 12.3 ms (11.9 ms to 14.0 ms); met in 4 of 5 starts` */
export function repeatedThresholdText({
  expression,
  detail,
  metIn,
  judgedIn,
}: Repeated['thresholds'][number]): string {
  const met = judgedIn === 0 ? '' : `; met in ${metIn} of ${plural(judgedIn, 'start')}`;
  return `${expression}: ${detail}${met}`;
}

/** Counts over the valid starts together. */
export function deliveriesOfStarts({ starts, excluded }: Repeated) {
  const results = starts
    .filter(({ start }) => !excluded.some((each) => each.start === start))
    .flatMap(({ result }) => result ?? []);
  const sum = (pick: (result: RunResult) => number) =>
    results.reduce((total, result) => total + pick(result), 0);
  return {
    expected: sum(({ ledger }) => ledger.expected),
    delivered: sum(({ ledger }) => ledger.delivered),
    lost: sum(({ ledger }) => ledger.lost),
    late: sum(({ ledger }) => ledger.late),
    duplicates: sum(({ ledger }) => ledger.duplicated),
    'out of order': sum(({ ledger }) => ledger.reordered),
    unexpected: sum(({ ledger }) => ledger.unexpected),
    failed: sum(({ failed }) => sumOfReasons(failed)),
    rejected: sum(({ rejected }) => sumOfReasons(rejected)),
  };
}

/** `5,000 of 5,000 delivered, 0 lost`; null where nothing was expected. */
export function deliveriesText(repeated: Repeated): string | null {
  const { expected, delivered, ...counts } = deliveriesOfStarts(repeated);
  if (expected === 0) return null;
  const shown = Object.entries(counts).filter(([word, count]) => count > 0 || word === 'lost');
  const arrived = `${formatCount(delivered)} of ${formatCount(expected)} delivered`;
  return [arrived, ...shown.map(([word, count]) => `${formatCount(count)} ${word}`)].join(', ');
}
