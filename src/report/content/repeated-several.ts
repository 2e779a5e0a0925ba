import { type Repeated, type StartFigure, startsDiffer } from '../../result/repeated.ts';
import { list, plural } from '../../text.ts';
import { formatPercent } from '../../units.ts';
import { deliveriesOfStarts, figureName, firstStart, startsText } from './repeated-figures.ts';
import { numbered, targetLabel } from './run-verdict.ts';
import { type Column, chooseUnit, column, formatCell, type Kind, type Table, tabulate } from './table.ts';

/** A repeated run among several, with the name of its target. */
export interface LabelledRepeated {
  readonly repeated: Repeated;
  readonly scenario: string;
  readonly label: string;
}

/** Repeated runs by scenario, the lowest median of the headline first. Labels are numbered where two are alike. */
export function labelledRepeated(documents: readonly Repeated[]): LabelledRepeated[] {
  const named = documents.map((repeated) => {
    const first = firstStart(repeated);
    return {
      repeated,
      scenario: first?.plan.scenario ?? 'unknown',
      label: first === null ? 'nothing measured' : targetLabel(first),
    };
  });
  const groups = [...Map.groupBy(named, ({ scenario }) => scenario).values()];
  return groups.flatMap((group) => {
    const labels = numbered(group.map(({ label }) => label));
    return group
      .map((each, index) => ({ ...each, label: labels[index] ?? '' }))
      .toSorted((a, b) => medianOrLast(a) - medianOrLast(b));
  });
}

const isValidRepeated = ({ repeated }: LabelledRepeated) => repeated.invalid.length === 0;

/** The median that repeated runs are sorted by. */
const medianOrLast = (each: LabelledRepeated) =>
  isValidRepeated(each) ? (each.repeated.figures[0]?.median ?? Infinity) : Infinity;

type FigurePicker = (repeated: Repeated) => StartFigure | undefined;

const figureOfMetric =
  (metric: string): FigurePicker =>
  ({ figures }) =>
    figures.find((each) => each.metric === metric);
const ofHeadline =
  (quantile: string): FigurePicker =>
  ({ figures }) =>
    figures.find((each) => each.metric.endsWith(`.${quantile}`));

/** A column of medians, each with its interval: `1.12 (1.01-1.30)`, in one unit that the title names. */
function rangeColumn(
  id: string,
  title: string,
  kind: Kind,
  rows: readonly LabelledRepeated[],
  pick: FigurePicker,
): Column<LabelledRepeated> {
  const medians = rows.flatMap(({ repeated }) => pick(repeated)?.median ?? []);
  const { name, scale } = chooseUnit(kind, medians);
  const shown = (value: number) => formatCell(kind, value, scale);
  const meaning = 'median of the starts, and the interval of it';
  return column(id, name === null ? title : `${title} ${name}`, 'text', meaning, ({ repeated }) => {
    const { median = null, lower = null, upper = null } = pick(repeated) ?? {};
    if (median === null) return null;
    return lower === null || upper === null
      ? shown(median)
      : `${shown(median)} (${shown(lower)}-${shown(upper)})`;
  });
}

/** By how much the starts differ in the figure that the sentence about them names. */
function differenceCell({ repeated }: LabelledRepeated): string | null {
  const figure = repeated.figures.find((each) => startsDiffer(each) === true) ?? repeated.figures[0];
  if (figure === undefined || figure.spread === null) return null;
  return `${formatPercent(figure.spread - 1)}${startsDiffer(figure) === true ? ', one is not enough' : ''}`;
}

/** One row for each repeated run, below the name of its scenario where there are several. */
export function tableOfRepeated(rows: readonly LabelledRepeated[]): Table {
  const columns = [
    column('target', 'target', 'text', 'server and transport', ({ label }: LabelledRepeated) => label),
    rangeColumn('p50', 'p50', 'duration', rows, ofHeadline('p50')),
    rangeColumn('p99', 'p99', 'duration', rows, ofHeadline('p99')),
    column<LabelledRepeated>(
      'difference',
      'starts differ',
      'text',
      'by how much, and whether one start is not enough',
      differenceCell,
    ),
    column<LabelledRepeated>('starts', 'starts', 'text', 'valid starts', ({ repeated }) =>
      repeated.invalid.length === 0 ? startsText(repeated).replace(/ starts?$/, '') : 'INVALID',
    ),
    rangeColumn('slowest_p50', 'slowest p50', 'duration', rows, figureOfMetric('fanout_last.p50')),
    rangeColumn('cpu', 'CPU/delivery', 'duration', rows, figureOfMetric('server_cpu_per_delivery')),
    column<LabelledRepeated>('lost', 'lost', 'count', 'in all valid starts', ({ repeated }) => {
      const { expected, lost } = deliveriesOfStarts(repeated);
      return expected === 0 ? null : lost;
    }),
  ];
  const { headings, rows: cells } = tabulate(columns, rows);
  const scenarios = [...new Set(rows.map(({ scenario }) => scenario))];
  if (scenarios.length === 1) return { headings, rows: cells };
  const grouped = scenarios.flatMap((scenario) => [
    [scenario],
    ...cells.filter((_, index) => rows[index]?.scenario === scenario),
  ]);
  return { headings, rows: grouped };
}

/** The repeated run with the lowest median of a scenario, and the next one; null without two valid ones. */
function winnerOf(rows: readonly LabelledRepeated[]) {
  const [first, second] = rows
    .filter(isValidRepeated)
    .flatMap(({ repeated: { figures }, label }) =>
      figures[0] === undefined ? [] : [{ figure: figures[0], label }],
    );
  if (first === undefined || second === undefined) return null;
  const { upper } = first.figure;
  const { lower } = second.figure;
  return { ...first, next: second.label, overlaps: upper !== null && lower !== null && upper >= lower };
}

/**
 * `ws has the lowest delivery p50; its interval overlaps that of socketio`; of several scenarios
 * `ws has the lowest p50 in 2 of 3 scenarios, in 1 of them with an overlapping interval`. Null where nothing is compared.
 */
export function rankingText(rows: readonly LabelledRepeated[]): string | null {
  const groups = [...Map.groupBy(rows, ({ scenario }) => scenario).values()];
  const winners = groups.map(winnerOf).filter((winner) => winner !== null);
  const [only] = winners;
  if (only === undefined) return null;
  if (groups.length === 1) {
    const name = `${only.label} has the lowest ${figureName(only.figure)}`;
    return only.overlaps ? `${name}; its interval overlaps that of ${only.next}` : name;
  }
  const counts = [...Map.groupBy(winners, ({ label }) => label)].sort(([, a], [, b]) => b.length - a.length);
  const texts = counts.map(([label, each], index) => {
    const overlapping = each.filter(({ overlaps }) => overlaps).length;
    const shared = overlapping === 0 ? '' : ` (${overlapping} with overlapping intervals)`;
    return `${label} ${index === 0 ? 'has the lowest p50 in ' : 'in '}${each.length}${index === 0 ? ` of ${plural(groups.length, 'scenario')}` : ''}${shared}`;
  });
  return list(texts);
}

/** Which of several repeated runs would have needed more than one start. */
export function tooLittleText(rows: readonly LabelledRepeated[]): string | null {
  const known = rows.filter(({ repeated }) => repeated.figures.some((each) => startsDiffer(each) !== null));
  if (known.length === 0) return null;
  const differing = known.filter(({ repeated }) =>
    repeated.figures.some((each) => startsDiffer(each) === true),
  );
  if (differing.length === 0)
    return `in none of ${known.length} do starts differ by more than one run's own interval explains`;
  const names = differing.map(({ scenario, label }) => `${label} (${scenario})`);
  const shown = names.length > 3 ? '' : `: ${list(names)}`;
  return `one start is not enough in ${differing.length} of ${plural(known.length, 'repeated run')}${shown}`;
}

/** `VALID: 9 repeated runs`, `8 VALID, 1 INVALID of 9 repeated runs` */
export function severalRepeatedVerdict(documents: readonly Repeated[]): string {
  const valid = documents.filter(({ invalid }) => invalid.length === 0).length;
  const total = plural(documents.length, 'repeated run');
  if (valid === documents.length) return `VALID: ${total}`;
  return valid === 0
    ? `INVALID: ${total}`
    : `${valid} VALID, ${documents.length - valid} INVALID of ${total}`;
}
