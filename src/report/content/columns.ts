import { COUNTS, FIGURE_NAMES, FIGURES, type FigureName, type FigureTable } from '../../result/metrics.ts';
import type { RunResult } from '../../result/run-result.ts';
import { type ResultView, samplesNeeded } from '../../result/view.ts';
import { pluralOf } from '../../text.ts';
import { targetLabel, validityWord, verdict } from './run-verdict.ts';
import { type CellValue, type Column, column, type Kind } from './table.ts';

/** The quantiles that reports show, by name. */
export const QUANTILES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, 'p99.9': 0.999 } as const;

export type QuantileName = keyof typeof QUANTILES;

/** One series of one result. */
export interface SeriesOf {
  readonly view: ResultView;
  readonly series: string;
}

/** What one independent sample of a series is, in the plural. */
function sampleNoun({ view, series }: SeriesOf): string {
  if (series === 'connect') return 'connections';
  if (series === 'send_lag') return 'messages';
  return pluralOf(view.result.samples.unit);
}

/** What every latency column of a table is made from. */
interface LatencyColumn<Row> {
  readonly id: string;
  readonly title: string;
  readonly meaning: string;
  readonly unitGroup: string;
  seriesOf(row: Row): SeriesOf;
}

/** A quantile, left out where the series has too few independent samples for it. */
export function quantileColumn<Row>(name: QuantileName, parts: LatencyColumn<Row>): Column<Row> {
  const { seriesOf, ...shown } = parts;
  const needed = samplesNeeded(QUANTILES[name]);
  return {
    ...shown,
    kind: 'duration',
    value(row) {
      const { view, series } = seriesOf(row);
      return view.quantileNs(series, QUANTILES[name]);
    },
    shortage(row) {
      const of = seriesOf(row);
      const had = of.view.samples(of.series);
      const recorded = of.view.result.series[of.series] !== undefined;
      return recorded && had < needed ? { quantile: name, needed, had, noun: sampleNoun(of) } : null;
    },
  };
}

/** The largest recorded value. */
export function maxColumn<Row>({ seriesOf, unitGroup, ...shown }: LatencyColumn<Row>): Column<Row> {
  const value = (row: Row) => {
    const { view, series } = seriesOf(row);
    const histogram = view.histogram(series);
    return histogram === null || histogram.count === 0 ? null : histogram.maxNs;
  };
  return { ...column(shown.id, shown.title, 'duration', shown.meaning, value), unitGroup };
}

/** `95 % of the values are at or below it` */
export function quantileMeaning(name: QuantileName): string {
  return `${Number((QUANTILES[name] * 100).toFixed(1))} % of the values are at or below it`;
}

/** A column of a value that the result holds. */
function resultColumn(
  id: string,
  title: string,
  kind: Kind,
  meaning: string,
  pick: (result: RunResult) => CellValue,
): Column<ResultView> {
  return column(id, title, kind, meaning, ({ result }) => pick(result));
}

function ledgerColumn(
  name: 'expected' | 'delivered' | 'unknown',
  title: string,
  meaning: string,
): Column<ResultView> {
  return resultColumn(name, title, 'count', meaning, ({ ledger }) => ledger[name]);
}

function countColumn(name: 'late' | 'lost' | 'duplicated' | 'reordered' | 'unexpected'): Column<ResultView> {
  const { title, unit, meaning } = COUNTS[name];
  return resultColumn(name, title, unit, meaning, ({ ledger }) => ledger[name]);
}

const ofHeadline = {
  unitGroup: 'latency',
  seriesOf: (view: ResultView) => ({ view, series: view.result.headline }),
};

function headlineQuantile(name: QuantileName): Column<ResultView> {
  const id = name.replace('.', '_');
  return quantileColumn(name, { ...ofHeadline, id, title: name, meaning: quantileMeaning(name) });
}

function slowestReceiver(name: QuantileName): Column<ResultView> {
  return quantileColumn(name, {
    id: `last_receiver_${name}`,
    title: `slowest ${name}`,
    meaning: `slowest-receiver ${name}: latency of the last receiver of each broadcast`,
    unitGroup: 'latency',
    seriesOf: (view) => ({ view, series: 'fanout_last' }),
  });
}

function figureColumn(name: FigureName): Column<ResultView> {
  const { title, unit, meaning, value } = FIGURES[name];
  return resultColumn(name, title, unit, meaning, value);
}

const TARGET = resultColumn('target', 'target', 'text', 'server and transport', targetLabel);
const SCENARIO = resultColumn('scenario', 'scenario', 'text', 'workload', ({ plan }) => plan.scenario);
const CLIENTS = resultColumn(
  'clients',
  'clients',
  'count',
  'planned connections',
  ({ plan }) => plan.clients,
);
const VALIDITY: Column<ResultView> = {
  ...resultColumn('validity', 'validity', 'text', 'whether the run is valid', validityWord),
  isSilent: ({ result }) => validityWord(result) === 'valid',
};
const MEDIAN = headlineQuantile('p50');
const TAIL = headlineQuantile('p99');
const SLOWEST = [slowestReceiver('p50'), slowestReceiver('p99')];
const SENT = figureColumn('sent');
const LOST = countColumn('lost');

/** The figures of a table, in the order of the catalogue. */
function figureColumns(table: FigureTable): ReadonlyArray<Column<ResultView>> {
  return FIGURE_NAMES.filter((name) => FIGURES[name].tables.some((each) => each === table)).map((name) =>
    name === 'requests_per_delivery'
      ? { ...figureColumn(name), isSilent: ({ result }) => result.traffic.requests === 0 }
      : figureColumn(name),
  );
}

const LATENCY = [
  MEDIAN,
  headlineQuantile('p95'),
  TAIL,
  headlineQuantile('p99.9'),
  maxColumn({ ...ofHeadline, id: 'max', title: 'max', meaning: 'the highest latency' }),
  ...SLOWEST,
];

const DELIVERY: ReadonlyArray<Column<ResultView>> = [
  SENT,
  {
    ...resultColumn(
      'intended',
      'intended',
      'rate',
      'messages per second of the schedule',
      ({ rate }) => rate.intendedHz,
    ),
    isSilent: ({ result: { rate } }) => rate.intended === rate.sent,
  },
  ledgerColumn('expected', 'expected', 'expected deliveries: messages x their receivers'),
  ledgerColumn('delivered', 'delivered', 'delivered at least once, by the end of the drain'),
  countColumn('late'),
  LOST,
  {
    ...ledgerColumn('unknown', 'unknown', 'expected by clients of a generator process that ended'),
    isSilent: ({ result: { ledger } }) => ledger.unknown === 0,
  },
  ...(['duplicated', 'reordered', 'unexpected'] as const).map(countColumn),
];

const COST = [
  ...figureColumns('cost'),
  quantileColumn<ResultView>('p99', {
    id: 'receive_uncertainty_p99',
    title: 'uncertainty p99',
    meaning: 'how much too late the generator may have timed a delivery',
    unitGroup: 'receive_uncertainty',
    seriesOf: (view) => ({ view, series: 'receive_uncertainty' }),
  }),
];

/** A table with one row for each result. */
export interface ColumnGroup {
  readonly title: string;
  readonly columns: ReadonlyArray<Column<ResultView>>;
}

/** The main tables of a report; the first column names the row. */
export const HEADLINE_GROUPS: readonly ColumnGroup[] = [
  { title: 'Latency', columns: [TARGET, ...LATENCY, VALIDITY] },
  { title: 'Delivery', columns: [TARGET, ...DELIVERY] },
  { title: 'Cost', columns: [TARGET, ...COST] },
];

/** The columns of `npm run bench`. */
export const SUMMARY_COLUMNS: ReadonlyArray<Column<ResultView>> = [
  TARGET,
  MEDIAN,
  TAIL,
  ...SLOWEST,
  SENT,
  LOST,
  ...figureColumns('summary'),
  VALIDITY,
];

/** All columns in one row, for programs. */
export const FLAT_COLUMNS: ReadonlyArray<Column<ResultView>> = [
  TARGET,
  SCENARIO,
  CLIENTS,
  ...LATENCY,
  ...DELIVERY,
  ...COST,
  VALIDITY,
  resultColumn('started_at', 'started', 'text', 'UTC', ({ startedAt }) => startedAt),
  resultColumn('verdict', 'verdict', 'text', 'the first line of a report', verdict),
];
