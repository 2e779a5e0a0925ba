import type { Capacity, CapacityStep } from '../result/capacity.ts';
import type { MetricUnit } from '../result/metrics.ts';
import { FIGURES } from '../result/metrics.ts';
import type { Bounds } from '../result/quantile-bounds.ts';
import type { Repeated, StartFigure } from '../result/repeated.ts';
import type { RunResult } from '../result/run-result.ts';
import { type ResultView, viewResult } from '../result/view.ts';
import { reasonsOfStep } from './content/capacity-verdict.ts';
import { FLAT_COLUMNS } from './content/columns.ts';
import { viewsOfPopulations } from './content/populations.ts';
import { firstStart, repeatedVerdict } from './content/repeated-figures.ts';
import { targetLabel } from './content/run-verdict.ts';
import type { CellValue, Column, Kind } from './content/table.ts';
import { plain } from './plain.ts';

/** Fixed units: the suffix of a header, and what a value in its base unit is divided by. */
export const CSV_UNITS: Readonly<Record<Kind, readonly [suffix: string, scale: number]>> = {
  text: ['', 1],
  duration: ['_ms', 1e6],
  rate: ['_hz', 1],
  count: ['', 1],
  average: ['', 1],
  share: ['_ratio', 1],
  bytes: ['_bytes', 1],
};

/**
 * Quotes a text with a quote or a comma, and doubles its quotes (RFC 4180). Spreadsheets run a text that begins like a
 * formula; with an apostrophe before it they show it.
 */
function quote(text: string): string {
  const shown = /^[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",]/.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
}

function csvCell(kind: Kind, cell: CellValue): string {
  if (cell === null) return '';
  return typeof cell === 'string' ? quote(plain(cell)) : String(cell / CSV_UNITS[kind][1]);
}

/** A column of a file, whose values are in the base unit of their kind. */
export interface CsvColumn<Row> {
  readonly id: string;
  readonly kind: Kind;
  value(row: Row): CellValue;
}

/** Units of metrics in a column that holds metrics of all kinds. */
export const METRIC_UNIT_TEXTS: Readonly<Record<MetricUnit, string>> = {
  duration: 'ms',
  bytes: 'bytes',
  average: 'per delivery',
  rate: 'hz',
  share: 'ratio',
  count: 'count',
};

/** A header and one line per row. */
export function csvTable<Row>(columns: ReadonlyArray<CsvColumn<Row>>, rows: readonly Row[]): string {
  const header = columns.map(({ id, kind }) => quote(plain(`${id}${CSV_UNITS[kind][0]}`)));
  const lines = rows.map((row) => columns.map((column) => csvCell(column.kind, column.value(row))).join(','));
  return [header.join(','), ...lines, ''].join('\n');
}

/** A column, and the ends of its intervals behind it where it has any. */
function withInterval<Row>({ id, kind, value, interval }: Column<Row>): Array<CsvColumn<Row>> {
  const own = { id, kind, value };
  if (interval === null) return [own];
  const end = (name: 'low' | 'high', pick: (bounds: Bounds) => number | null) => ({
    id: `${id}_${name}`,
    kind,
    value: (row: Row) => (value(row) === null ? null : pick(interval(row))),
  });
  return [own, end('low', ({ lower }) => lower), end('high', ({ upper }) => upper)];
}

/** A result, or one population of it. */
interface ResultRow {
  readonly view: ResultView;
  /** Null for all clients. */
  readonly population: string | null;
  /** The columns that have a value; null for all of them. */
  readonly columns: readonly string[] | null;
}

/** What a row of a population has beside its latencies and deliveries. */
const SHARED_COLUMNS: readonly string[] = ['target', 'scenario', 'clients', 'sent', 'validity', 'started_at'];

/** A column with the values of results, and those that a population has of its own. */
function rowColumns(shown: Column<ResultView>): Array<CsvColumn<ResultRow>> {
  const isShown = ({ columns }: ResultRow) =>
    columns === null || columns.includes(shown.id) || SHARED_COLUMNS.includes(shown.id);
  return withInterval(shown).map(({ id, kind, value }) => {
    return { id, kind, value: (row) => (isShown(row) ? value(row.view) : null) };
  });
}

const ROW_COLUMNS = FLAT_COLUMNS.flatMap(rowColumns);
/** Stands after the target, since populations divide the clients of a target. */
const CSV_COLUMNS: ReadonlyArray<CsvColumn<ResultRow>> = [
  ...ROW_COLUMNS.slice(0, 1),
  { id: 'population', kind: 'text', value: ({ population }) => population },
  ...ROW_COLUMNS.slice(1),
];

/**
 * Renders one row per result, and one for each of its populations below it: numbers at full precision, an empty cell where
 * there is no value. The ends of the 95 % interval of a percentile follow it.
 */
export function renderCsv(results: readonly RunResult[]): string {
  const rows = results
    .map(viewResult)
    .flatMap((view): ResultRow[] => [
      { view, population: null, columns: null },
      ...viewsOfPopulations(view).map(({ name, ...own }) => ({ ...own, population: name })),
    ]);
  return csvTable(CSV_COLUMNS, rows);
}

interface FigureRow {
  readonly figure: StartFigure;
  readonly repeated: Repeated;
}

/** Renders one row per figure of each repeated run, with the value of every start at the end. */
export function renderRepeatedCsv(documents: readonly Repeated[]): string {
  const rows = documents.flatMap((repeated) => repeated.figures.map((figure) => ({ figure, repeated })));
  const of = (id: string, kind: Kind, value: (row: FigureRow) => CellValue) => ({ id, kind, value });
  const inUnitOf = (id: string, pick: (figure: StartFigure) => number | null) =>
    of(id, 'average', ({ figure }) => {
      const value = pick(figure);
      return value === null ? null : value / CSV_UNITS[figure.unit][1];
    });
  const starts = Math.max(0, ...documents.map((each) => each.starts.length));
  return csvTable(
    [
      of('scenario', 'text', ({ repeated }) => firstStart(repeated)?.plan.scenario ?? null),
      of('target', 'text', ({ repeated }) => {
        const first = firstStart(repeated);
        return first === null ? null : targetLabel(first);
      }),
      of('metric', 'text', ({ figure }) => figure.metric),
      of('unit', 'text', ({ figure }) => METRIC_UNIT_TEXTS[figure.unit]),
      inUnitOf('median', ({ median }) => median),
      inUnitOf('lower', ({ lower }) => lower),
      inUnitOf('upper', ({ upper }) => upper),
      of('level_ratio', 'average', ({ figure }) => figure.level),
      of('spread', 'average', ({ figure }) => figure.spread),
      of('within_run', 'average', ({ figure }) => figure.withinRun),
      of('verdict', 'text', ({ repeated }) => repeatedVerdict(repeated)),
      of('started_at', 'text', ({ repeated }) => repeated.startedAt),
      ...Array.from({ length: starts }, (_, index) =>
        inUnitOf(
          `start_${index + 1}`,
          ({ values }) => values.find(({ start }) => start === index + 1)?.value ?? null,
        ),
      ),
    ],
    rows,
  );
}

/** Renders one row per run of a search. */
export function renderCapacityCsv(capacity: Capacity): string {
  const { design, steps } = capacity;
  const objectives = [
    ...new Map(steps.flatMap(({ figures }) => figures).map((each) => [each.expression, each])).values(),
  ];
  const figureNames = ['server_cpu', 'server_loop_utilization', 'generator_utilization'] as const;
  const of = (id: string, kind: Kind, value: (step: CapacityStep) => CellValue) => ({ id, kind, value });
  return csvTable(
    [
      of('run', 'count', (step) => steps.indexOf(step) + 1),
      of('phase', 'text', ({ phase }) => phase),
      of(design.vary, design.vary === 'rate' ? 'rate' : 'count', ({ value }) => value),
      of('outcome', 'text', ({ outcome }) => outcome),
      ...objectives.flatMap(({ expression, metric, unit }) => {
        const figure = ({ figures }: CapacityStep) => figures.find((each) => each.expression === expression);
        const id = metric.replaceAll('.', '_');
        return [
          of(id, unit, (step) => figure(step)?.value ?? null),
          of(`${id}_low`, unit, (step) => figure(step)?.lower ?? null),
          of(`${id}_high`, unit, (step) => figure(step)?.upper ?? null),
          of(`${id}_limit`, unit, (step) => figure(step)?.limit ?? null),
        ];
      }),
      ...figureNames.map((name) =>
        of(name, 'share', ({ result }) => (result === null ? null : FIGURES[name].value(result))),
      ),
      of('reasons', 'text', (step) => reasonsOfStep(step) || null),
      of('started_at', 'text', ({ result }) => result?.startedAt ?? null),
    ],
    steps,
  );
}
