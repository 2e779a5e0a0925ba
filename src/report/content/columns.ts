import { FIGURES, type FigureName } from '../../result/metrics.ts';
import type { RunResult } from '../../result/run-result.ts';
import type { ResultView } from '../../result/view.ts';
import { targetLabel } from './labels.ts';
import { maxColumn, type QuantileName, quantileColumn, quantileMeaning } from './latency-columns.ts';
import { validityWord, verdict } from './run-verdict.ts';
import { type Cell, type Column, column, type Kind } from './table.ts';

/** A column of what the result itself says. */
function told(
  id: string,
  title: string,
  kind: Kind,
  meaning: string,
  pick: (result: RunResult) => Cell,
): Column<ResultView> {
  return column(id, title, kind, meaning, ({ result }) => pick(result));
}

const LEDGER_MEANINGS = {
  expected: 'messages x the receivers that were there when they were sent',
  delivered: 'arrived at least once, by the end of the drain',
  late: 'delivered, but after the limit of the plan',
  lost: 'not there by the end of the drain',
  duplicated: 'further copies of what was delivered',
  reordered: 'overtaken by a later message of the same sender',
  unexpected: 'received but not owed',
} as const;

function ledgerColumn(name: keyof typeof LEDGER_MEANINGS): Column<ResultView> {
  return told(name, name, 'count', LEDGER_MEANINGS[name], ({ ledger }) => ledger[name]);
}

const ofHeadline = {
  unitGroup: 'latency',
  seriesOf: (view: ResultView) => ({ view, series: view.result.headline }),
};

function headlineQuantile(name: QuantileName): Column<ResultView> {
  const id = name.replace('.', '_');
  return quantileColumn(name, { ...ofHeadline, id, title: name, meaning: quantileMeaning(name) });
}

function lastReceiver(name: QuantileName): Column<ResultView> {
  return quantileColumn(name, {
    id: `last_receiver_${name}`,
    title: `last ${name}`,
    meaning: 'until the last receiver has a broadcast',
    unitGroup: 'latency',
    seriesOf: (view) => ({ view, series: 'fanout_last' }),
  });
}

function figureColumn(name: FigureName): Column<ResultView> {
  const { title, unit, meaning, value } = FIGURES[name];
  return told(name, title, unit, meaning, value);
}

const TARGET = told('target', 'target', 'text', 'server and transport', targetLabel);
const SCENARIO = told('scenario', 'scenario', 'text', 'workload', ({ plan }) => plan.scenario);
const CLIENTS = told('clients', 'clients', 'count', 'connections planned', ({ plan }) => plan.clients);
const VALIDITY = told('validity', 'validity', 'text', 'whether to believe the run', validityWord);
const P50 = headlineQuantile('p50');
const P99 = headlineQuantile('p99');
const LAST = [lastReceiver('p50'), lastReceiver('p99')];
const SENT = figureColumn('sent');
const LOST = ledgerColumn('lost');
const SERVER_CPU = figureColumn('server_cpu_per_delivery');

const TRAFFIC = [
  figureColumn('traffic_per_delivery'),
  {
    ...figureColumn('requests_per_delivery'),
    isSilent: ({ result }: ResultView) => result.traffic.requests === 0,
  },
  figureColumn('empty_polls'),
];

const LATENCY = [
  P50,
  headlineQuantile('p95'),
  P99,
  headlineQuantile('p99.9'),
  maxColumn({ ...ofHeadline, id: 'max', title: 'max', meaning: 'the slowest of all' }),
  ...LAST,
];

const DELIVERY = [
  SENT,
  told('intended', 'intended', 'rate', 'messages planned', ({ rate }) => rate.intendedHz),
  ledgerColumn('expected'),
  ledgerColumn('delivered'),
  ledgerColumn('late'),
  LOST,
  ledgerColumn('duplicated'),
  ledgerColumn('reordered'),
  ledgerColumn('unexpected'),
];

const COST = [
  SERVER_CPU,
  ...TRAFFIC,
  figureColumn('generator_utilization'),
  quantileColumn<ResultView>('p99', {
    id: 'receive_uncertainty_p99',
    title: 'uncertainty p99',
    meaning: 'by how much a time of receiving may be too late',
    unitGroup: 'receive_uncertainty',
    seriesOf: (view) => ({ view, series: 'receive_uncertainty' }),
  }),
];

export interface ColumnGroup {
  readonly title: string;
  readonly columns: ReadonlyArray<Column<ResultView>>;
}

/** The headline tables, one row for each result, as people read them. */
export const HEADLINE_GROUPS: readonly [ColumnGroup, ...ColumnGroup[]] = [
  { title: 'Latency', columns: [TARGET, SCENARIO, CLIENTS, ...LATENCY, VALIDITY] },
  { title: 'Delivery', columns: [TARGET, SCENARIO, ...DELIVERY] },
  { title: 'Cost', columns: [TARGET, SCENARIO, ...COST] },
];

/** The columns of `npm run bench`. */
export const SUMMARY_COLUMNS: ReadonlyArray<Column<ResultView>> = [
  SCENARIO,
  TARGET,
  P50,
  P99,
  ...LAST,
  SENT,
  LOST,
  SERVER_CPU,
  ...TRAFFIC,
  VALIDITY,
];

/** All of them in one row, for programs. */
export const FLAT_COLUMNS: ReadonlyArray<Column<ResultView>> = [
  TARGET,
  SCENARIO,
  CLIENTS,
  ...LATENCY,
  ...DELIVERY,
  ...COST,
  VALIDITY,
  told('started_at', 'started', 'text', 'UTC', ({ startedAt }) => startedAt),
  told('verdict', 'verdict', 'text', 'the first line of a report', verdict),
];
