import type { RunResult } from '../result/schema.ts';
import {
  measuredTelemetry,
  type ResultView,
  type SeriesName,
  samplesNeeded,
  serverCpuPerDeliveryNs,
} from '../result/view.ts';
import { type Column, column, type Shortage } from './table.ts';
import { validityWord, verdict } from './verdict.ts';

/** Quantiles that tables show, with their names. */
export const QUANTILES = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
  ['p99.9', 0.999],
] as const;

export type QuantileName = (typeof QUANTILES)[number][0];

/** The target, with the transport where its protocol has more than one: `socketio polling`, `ws`. */
export function targetLabel(result: RunResult): string {
  const { target, transport } = result.plan;
  return target.protocol === 'socketio' ? `${target.name} ${transport}` : target.name;
}

/** Target and scenario: `socketio polling, ack-roundtrip`. */
export function runLabel(result: RunResult): string {
  return `${targetLabel(result)}, ${result.plan.scenario}`;
}

/** What one independent sample of a series is, in the plural. */
function sampleNoun(view: ResultView, series: string): string {
  if (series === 'connect') return 'connections';
  if (series === 'send_lag') return 'messages';
  return view.result.headline === 'ack' ? 'requests' : 'broadcasts';
}

/** Null when the quantile of that series can be told, or when there is no such series. */
export function shortageOf(view: ResultView, series: string, name: QuantileName): Shortage | null {
  const quantile = QUANTILES.find(([known]) => known === name)?.[1] ?? 1;
  const needed = samplesNeeded(quantile);
  const had = view.samples(series);
  if (view.result.series[series] === undefined || had >= needed) return null;
  return { quantile: name, needed, had, noun: sampleNoun(view, series) };
}

function quantileColumn(
  id: string,
  title: string,
  meaning: string,
  name: QuantileName,
  seriesOf: (view: ResultView) => SeriesName,
): Column<ResultView> {
  const quantile = QUANTILES.find(([known]) => known === name)?.[1] ?? 1;
  return {
    ...column(id, title, 'duration', meaning, (view: ResultView) =>
      view.quantileNs(seriesOf(view), quantile),
    ),
    unitGroup: id === 'receive_uncertainty_p99' ? id : 'latency',
    shortage: (view) => shortageOf(view, seriesOf(view), name),
  };
}

const headline = (view: ResultView) => view.result.headline;
const lastReceiver = () => 'fanout_last' as const;
const uncertainty = () => 'receive_uncertainty' as const;

/** The largest share of its time that any generator process was at work; null without telemetry. */
export function generatorUtilisation(result: RunResult): number | null {
  const shares = result.telemetry.workers
    .map((worker) => measuredTelemetry(worker, result.timing.measureMs)?.workUtilisation)
    .filter((share) => share !== undefined);
  return shares.length === 0 ? null : Math.max(...shares);
}

const of =
  <Value>(pick: (result: RunResult) => Value) =>
  (view: ResultView) =>
    pick(view.result);

const TARGET = column('target', 'target', 'text', 'server and transport', of(targetLabel));
const SCENARIO = column(
  'scenario',
  'scenario',
  'text',
  'workload',
  of(({ plan }) => plan.scenario),
);
const CLIENTS = column(
  'clients',
  'clients',
  'count',
  'connections planned',
  of(({ plan }) => plan.clients),
);
const VALIDITY = column('validity', 'validity', 'text', 'whether the run can be believed', of(validityWord));

const P50 = quantileColumn('p50', 'p50', 'median of the headline series', 'p50', headline);
const P99 = quantileColumn('p99', 'p99', '99 % are this fast or faster', 'p99', headline);
const LAST_P50 = quantileColumn(
  'last_receiver_p50',
  'last p50',
  'until the last receiver has a broadcast, median',
  'p50',
  lastReceiver,
);
const LAST_P99 = quantileColumn(
  'last_receiver_p99',
  'last p99',
  'until the last receiver has a broadcast, p99',
  'p99',
  lastReceiver,
);
const MAX = {
  ...column('max', 'max', 'duration', 'the slowest of all', (view: ResultView) => {
    const histogram = view.histogram(view.result.headline);
    return histogram === null || histogram.count === 0 ? null : histogram.maxNs;
  }),
  unitGroup: 'latency',
};
const LATENCY = [
  P50,
  quantileColumn('p95', 'p95', '95 % are this fast or faster', 'p95', headline),
  P99,
  quantileColumn('p99_9', 'p99.9', '99.9 % are this fast or faster', 'p99.9', headline),
  MAX,
  LAST_P50,
  LAST_P99,
];

const SENT = column(
  'sent',
  'sent',
  'rate',
  'messages sent',
  of(({ rate }) => rate.achievedHz),
);
const INTENDED = column(
  'intended',
  'intended',
  'rate',
  'messages planned',
  of(({ rate }) => rate.intendedHz),
);
const LOST = column(
  'lost',
  'lost',
  'count',
  'not there by the end of the drain',
  of(({ ledger }) => ledger.lost),
);
const SERVER_CPU = column(
  'server_cpu_per_delivery',
  'server CPU/delivery',
  'duration',
  'CPU time of the server for one delivery, or one request',
  of(serverCpuPerDeliveryNs),
);

const DELIVERY = [
  SENT,
  INTENDED,
  column(
    'owed',
    'owed',
    'count',
    'messages x receivers',
    of(({ ledger }) => ledger.owed),
  ),
  column(
    'delivered',
    'delivered',
    'count',
    'arrived at least once',
    of(({ ledger }) => ledger.delivered),
  ),
  column(
    'late',
    'late',
    'count',
    'delivered after the limit of the plan',
    of(({ ledger }) => ledger.late),
  ),
  LOST,
  column(
    'duplicated',
    'duplicated',
    'count',
    'further copies',
    of(({ ledger }) => ledger.duplicated),
  ),
  column(
    'reordered',
    'reordered',
    'count',
    'overtaken by a later one',
    of(({ ledger }) => ledger.reordered),
  ),
  column(
    'unexpected',
    'unexpected',
    'count',
    'received but not owed',
    of(({ ledger }) => ledger.unexpected),
  ),
];

const COST = [
  SERVER_CPU,
  column(
    'generator_utilisation',
    'generator busy',
    'share',
    'of the busiest generator process, pacing left out',
    of(generatorUtilisation),
  ),
  quantileColumn(
    'receive_uncertainty_p99',
    'uncertainty p99',
    'by how much a time of receiving may be too late',
    'p99',
    uncertainty,
  ),
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
  LAST_P50,
  LAST_P99,
  SENT,
  LOST,
  SERVER_CPU,
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
  column(
    'started_at',
    'started',
    'text',
    'UTC',
    of(({ startedAt }) => startedAt),
  ),
  column('verdict', 'verdict', 'text', 'the first line of a report', of(verdict)),
];
