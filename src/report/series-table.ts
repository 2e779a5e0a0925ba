import { type ResultView, SERIES } from '../result/view.ts';
import { QUANTILES, type QuantileName, shortageOf } from './columns.ts';
import { type Column, column, type Table, tabulate } from './table.ts';

/** One series of one result. */
interface SeriesRow {
  readonly view: ResultView;
  readonly name: string;
}

function quantileColumn(name: QuantileName, quantile: number): Column<SeriesRow> {
  return {
    ...column(
      name,
      name,
      'duration',
      `${quantile * 100} % are this fast or faster`,
      ({ view, name }: SeriesRow) => view.quantileNs(name, quantile),
    ),
    unitGroup: 'latency',
    shortage: ({ view, name: series }) => shortageOf(view, series, name),
  };
}

const meaningOf = (name: string) => SERIES.find((series) => series.name === name)?.meaning ?? null;
const storedOf = ({ view, name }: SeriesRow) => view.result.series[name];
const finiteOrNull = (value: number | undefined) =>
  value === undefined || !Number.isFinite(value) ? null : value;

const COLUMNS: ReadonlyArray<Column<SeriesRow>> = [
  column('series', 'series', 'text', 'what is timed', ({ name }) => name),
  column('count', 'count', 'count', 'values recorded', (row) => storedOf(row)?.count ?? null),
  ...QUANTILES.map(([name, quantile]) => quantileColumn(name, quantile)),
  {
    ...column('max', 'max', 'duration', 'the largest', ({ view, name }: SeriesRow) =>
      finiteOrNull(view.histogram(name)?.maxNs),
    ),
    unitGroup: 'latency',
  },
  {
    ...column('mean', 'mean', 'duration', 'arithmetic mean', (row: SeriesRow) =>
      finiteOrNull(storedOf(row)?.meanNs),
    ),
    unitGroup: 'latency',
  },
];

const MEANING = column('meaning', 'from -> to', 'text', 'what one value is', ({ name }: SeriesRow) =>
  meaningOf(name),
);

/** The series of a result in the order of reports; unknown ones, of a newer version, come last. */
function seriesRows(view: ResultView): SeriesRow[] {
  const known: readonly string[] = SERIES.map(({ name }) => name);
  const recorded = Object.keys(view.result.series);
  const names = [
    ...known.filter((name) => recorded.includes(name)),
    ...recorded.filter((name) => !known.includes(name)),
  ];
  return names.map((name) => ({ view, name }));
}

/** Count, quantiles, maximum and mean of each series, all in one unit; without rows when nothing was recorded. */
export function seriesTable(view: ResultView): Table {
  return tabulate(COLUMNS, seriesRows(view));
}

/** The same, and what one value of each series is. */
export function explainedSeriesTable(view: ResultView): Table {
  return tabulate([...COLUMNS, MEANING], seriesRows(view));
}

/** Says what a dash in the table means; null when there is none. */
export function seriesNote(view: ResultView): string | null {
  const short = seriesRows(view).some((row) => COLUMNS.some((column) => column.shortage(row) !== null));
  return short
    ? 'A dash: too few independent samples. p95 needs 200, p99 1,000, p99.9 10,000; all receivers of one broadcast count as one.'
    : null;
}
