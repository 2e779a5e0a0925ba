import { type ResultView, seriesOfRun } from '../../result/view.ts';
import {
  maxColumn,
  QUANTILES,
  type QuantileName,
  quantileColumn,
  quantileMeaning,
} from './latency-columns.ts';
import { type Column, column, type Table, tabulate } from './table.ts';

/** One series of one result. */
interface SeriesRow {
  readonly view: ResultView;
  readonly series: string;
}

const inOneUnit = { unitGroup: 'latency', seriesOf: (row: SeriesRow) => row };
const storedOf = ({ view, series }: SeriesRow) => view.result.series[series];
const names = Object.keys(QUANTILES) as QuantileName[];

const COLUMNS: ReadonlyArray<Column<SeriesRow>> = [
  column('series', 'series', 'text', 'what is timed', ({ series }) => series),
  column('count', 'count', 'count', 'values recorded', (row) => storedOf(row)?.count ?? null),
  ...names.map((name) =>
    quantileColumn(name, { ...inOneUnit, id: name, title: name, meaning: quantileMeaning(name) }),
  ),
  maxColumn({ ...inOneUnit, id: 'max', title: 'max', meaning: 'the largest' }),
  {
    ...column(
      'mean',
      'mean',
      'duration',
      'arithmetic mean',
      (row: SeriesRow) => storedOf(row)?.meanNs ?? null,
    ),
    unitGroup: 'latency',
  },
];

const MEANING = column(
  'meaning',
  'from -> to',
  'text',
  'what one value is',
  ({ view, series }: SeriesRow) => {
    const known = seriesOfRun(view.result.ownSeries).find(({ name }) => name === series);
    if (known !== undefined) return known.meaning;
    return series.endsWith('_actual') ? 'the same, counted from the actual sending' : null;
  },
);

/** The series of a result in the order of reports; unknown ones, of a newer version, come last. */
function seriesRows(view: ResultView): SeriesRow[] {
  const known = seriesOfRun(view.result.ownSeries).map(({ name }) => name);
  const rank = (series: string) => (known.includes(series) ? known.indexOf(series) : known.length);
  return Object.keys(view.result.series)
    .sort((a, b) => rank(a) - rank(b))
    .map((series) => ({ view, series }));
}

/** Count, quantiles, maximum and mean of each series, in one unit; null when nothing was recorded. */
export function seriesTable(view: ResultView): Table | null {
  const rows = seriesRows(view);
  return rows.length === 0 ? null : tabulate(COLUMNS, rows);
}

/** The same, and what one value of each series is. */
export function explainedSeriesTable(view: ResultView): Table | null {
  const rows = seriesRows(view);
  return rows.length === 0 ? null : tabulate([...COLUMNS, MEANING], rows);
}

/** Says what a dash in the table means; null when there is none. */
export function seriesNote(view: ResultView): string | null {
  const rows = seriesRows(view);
  const short = COLUMNS.some((column) => rows.some((row) => column.shortage(row) !== null));
  return short
    ? 'too few independent samples: p50 needs 20, p90 100, p95 200, p99 1,000, p99.9 10,000; all receivers of one broadcast count as one'
    : null;
}
