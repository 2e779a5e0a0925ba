import { countIn, sumOfReasons } from '../../result/aggregate.ts';
import {
  COUNTS,
  type CountName,
  FIGURE_NAMES,
  FIGURES,
  type FigureName,
  type FigureTable,
} from '../../result/metrics.ts';
import type { RunResult } from '../../result/run-result.ts';
import { isHeld, type ResultView } from '../../result/view.ts';
import { maxColumn, type QuantileName, quantileColumn } from './quantile-columns.ts';
import { targetLabel, validityWord, verdict } from './run-verdict.ts';
import { type CellValue, type Column, column, type Kind } from './table.ts';

/** A column of a value that the result holds; left out where it is usual in every row. */
function resultColumn(
  id: string,
  title: string,
  kind: Kind,
  meaning: string,
  pick: (result: RunResult) => CellValue,
  isUsual: (result: RunResult) => boolean = () => false,
): Column<ResultView> {
  return column(id, title, kind, meaning, ({ result }) => pick(result), {
    isSilent: ({ result }) => isUsual(result),
  });
}

function countColumn(name: CountName): Column<ResultView> {
  const { title, unit, meaning } = COUNTS[name];
  return resultColumn(name, title, unit, meaning, (result) => countIn(name, result));
}

/** A column of deliveries, which runs that only connect do not have. */
function ofDeliveries({ value, ...column }: Column<ResultView>): Column<ResultView> {
  return { ...column, value: (view) => (isConnecting(view.result) ? null : value(view)) };
}

const isConnecting = ({ samples }: RunResult) => samples.unit === 'connection';

const headlineSeries = (view: ResultView) => ({ view, series: view.result.headline });

function slowestReceiver(name: QuantileName): Column<ResultView> {
  return quantileColumn(name, (view) => ({ view, series: 'fanout_last' }), {
    id: `last_receiver_${name}`,
    title: `slowest ${name}`,
    meaning: `slowest-receiver ${name}: latency of the last receiver of each broadcast`,
  });
}

/** The figures of a table, in the order of the catalogue. */
function figureColumns(table: FigureTable): ReadonlyArray<Column<ResultView>> {
  return FIGURE_NAMES.filter((name) => FIGURES[name].tables.some((each) => each === table)).map(figureColumn);
}

function figureColumn(name: FigureName): Column<ResultView> {
  const { title, unit, meaning, value } = FIGURES[name];
  const isUsual = ({ traffic }: RunResult) => name === 'requests_per_delivery' && traffic.requests === 0;
  return resultColumn(name, title, unit, meaning, value, isUsual);
}

const TARGET = resultColumn('target', 'target', 'text', 'server and transport', targetLabel);
const VALIDITY = resultColumn(
  'validity',
  'validity',
  'text',
  'whether the run is valid',
  validityWord,
  (result) => validityWord(result) === 'valid',
);
const MEDIAN = quantileColumn('p50', headlineSeries);
const TAIL = quantileColumn('p99', headlineSeries);
const SLOWEST = [slowestReceiver('p50'), slowestReceiver('p99')];
const SENT = figureColumn('sent');
const LOST = countColumn('lost');

const LATENCY = [
  MEDIAN,
  quantileColumn('p95', headlineSeries),
  TAIL,
  quantileColumn('p99.9', headlineSeries),
  maxColumn(headlineSeries),
  ...SLOWEST,
];

const DELIVERY: ReadonlyArray<Column<ResultView>> = [
  SENT,
  resultColumn(
    'intended',
    'intended',
    'rate',
    'messages per second of the schedule',
    ({ rate }) => rate.intendedHz,
    ({ rate }) => rate.intended === rate.sent,
  ),
  resultColumn(
    'expected',
    'expected',
    'count',
    'expected deliveries: messages x their receivers',
    ({ ledger }) => ledger.expected,
  ),
  resultColumn(
    'delivered',
    'delivered',
    'count',
    'delivered at least once, by the end of the drain',
    ({ ledger }) => ledger.delivered,
  ),
  countColumn('late'),
  LOST,
  { ...countColumn('missed'), isSilent: ({ result: { ledger } }: ResultView) => ledger.missed === 0 },
  resultColumn(
    'unknown',
    'unknown',
    'count',
    'expected by clients of a generator process that ended',
    ({ ledger }) => ledger.unknown,
    ({ ledger }) => ledger.unknown === 0,
  ),
  countColumn('duplicated'),
  countColumn('reordered'),
  {
    ...countColumn('corrupted'),
    isSilent: ({ result: { ledger } }: ResultView) => ledger.corrupted === 0,
  },
  countColumn('unexpected'),
  {
    ...countColumn('rejected'),
    isSilent: ({ result: { rejected } }: ResultView) => rejected.length === 0,
  },
];

/** How clients connected and stayed connected, where that is what a run is about. */
const CONNECTION_COLUMNS: ReadonlyArray<Column<ResultView>> = [
  resultColumn('offered', 'offered', 'rate', 'connections per second of the schedule', (result) =>
    isConnecting(result) && !isHeld(result) ? result.rate.intendedHz : null,
  ),
  ...figureColumns('connections').filter(({ id }) => id === 'accepted'),
  resultColumn('refused', 'failed', 'count', 'connections that could not be opened', (result) =>
    isConnecting(result) && !isHeld(result) ? sumOfReasons(result.failed) : null,
  ),
  resultColumn('held', 'held', 'count', 'connections that were held to the end', (result) =>
    isHeld(result) ? result.samples.count : null,
  ),
  resultColumn('cut', 'cut', 'count', 'connections that were held and cut', (result) =>
    isHeld(result) ? result.samples.incomplete : null,
  ),
  ...figureColumns('connections').filter(({ id }) => id !== 'accepted'),
];

const COST = [
  ...figureColumns('cost'),
  quantileColumn('p99', (view: ResultView) => ({ view, series: 'receive_uncertainty' }), {
    id: 'receive_uncertainty_p99',
    title: 'uncertainty p99',
    meaning: 'how much too late the generator may have timed a delivery',
    unitGroup: 'receive_uncertainty',
  }),
];

/** The main tables of a report, with one row for each result; the first column names the row. */
export const HEADLINE_GROUPS = [
  { title: 'Latency', columns: [TARGET, ...LATENCY, VALIDITY] },
  { title: 'Connections', columns: [TARGET, ...CONNECTION_COLUMNS] },
  { title: 'Delivery', columns: [TARGET, ...DELIVERY.map(ofDeliveries)] },
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
  resultColumn('scenario', 'scenario', 'text', 'workload', ({ plan }) => plan.scenario),
  resultColumn('clients', 'clients', 'count', 'planned connections', ({ plan }) => plan.clients),
  ...LATENCY,
  ...DELIVERY,
  ...COST,
  VALIDITY,
  resultColumn('started_at', 'started', 'text', 'UTC', ({ startedAt }) => startedAt),
  resultColumn('verdict', 'verdict', 'text', 'the first line of a report', verdict),
];
