import { linkText, measuredPopulations } from '../../result/population-text.ts';
import type { RunResult } from '../../result/run-result.ts';
import { ofPopulation, type ResultView } from '../../result/view.ts';
import { formatNs } from '../../units.ts';
import { type Block, tableBlock } from '../blocks.ts';
import type { Line } from '../charts.ts';
import { maxColumn, quantileColumn, type SeriesOf, sameSeries } from './quantile-columns.ts';
import { NOTHING_OVER_TIME } from './run-chart-group.ts';
import { latencyCharts } from './run-charts.ts';
import { type Column, column, tabulate } from './table.ts';

type PlannedPopulation = RunResult['plan']['populations'][number];
type CountedClients = RunResult['populations'][number];

/** The clients of one population, or all of them. */
interface PopulationRow extends SeriesOf {
  readonly name: string;
  /** Null for all clients. */
  readonly planned: PlannedPopulation | null;
  readonly counted: CountedClients | null;
}

/** The clients of one population: who they are, how they connect and what they send. */
const CLIENT_COLUMNS: ReadonlyArray<Column<PopulationRow>> = [
  column('population', 'population', 'text', 'its name in series', ({ name }) => name),
  column(
    'clients',
    'clients',
    'count',
    'clients that belong to it',
    ({ counted }) => counted?.clients ?? null,
  ),
  column('transport', 'transport', 'text', 'how they connect', ({ planned }) => planned?.transport ?? null),
  column('link', 'link', 'text', 'the link of each connection', ({ planned, view }) =>
    planned === null ? null : linkText(planned, view.result.plan),
  ),
  column(
    'publishers',
    'publishers',
    'count',
    'clients that send',
    ({ counted }) => counted?.publishers ?? null,
  ),
  column('sent', 'sent', 'count', 'messages that they sent', ({ counted }) => counted?.sent ?? null),
  column(
    'connected',
    'connected',
    'count',
    'clients that connected',
    ({ counted }) => counted?.connected ?? null,
  ),
  column(
    'lost_clients',
    'dropped',
    'count',
    'clients that lost their connection',
    ({ counted }) => counted?.dropped ?? null,
    {
      isSilent: ({ counted }) => (counted?.dropped ?? 0) === 0,
    },
  ),
  quantileColumn('p50', connecting, { id: 'connect_p50', title: 'connect p50' }),
  { ...maxColumn(connecting), id: 'connect_max', title: 'connect max' },
];

function connecting({ view, planned }: PopulationRow): SeriesOf {
  return { view, series: planned === null ? 'connect' : ofPopulation('connect', planned.name) };
}

function deliveryColumn(
  name: keyof NonNullable<CountedClients['deliveries']>,
  meaning: string,
  isAlwaysShown: boolean,
): Column<PopulationRow> {
  const value = ({ view, planned, counted }: PopulationRow) =>
    planned === null ? view.result.ledger[name] : (counted?.deliveries?.[name] ?? null);
  const isSilent = (row: PopulationRow) => !isAlwaysShown && (value(row) ?? 0) === 0;
  return column(name, name, 'count', meaning, value, { isSilent });
}

/** What the clients of one population received. */
const RECEIPT_COLUMNS: ReadonlyArray<Column<PopulationRow>> = [
  column('population', 'population', 'text', 'whose receipts', ({ name }) => name),
  quantileColumn('p50', sameSeries),
  quantileColumn('p95', sameSeries),
  quantileColumn('p99', sameSeries),
  maxColumn(sameSeries),
  deliveryColumn('expected', 'expected deliveries', true),
  deliveryColumn('delivered', 'delivered at least once', true),
  deliveryColumn('lost', 'not delivered by the end of the drain', true),
  deliveryColumn('late', 'slower than --late-after', true),
  deliveryColumn('missed', 'not delivered to clients that were away', false),
  deliveryColumn('dropped', 'left out by a server that may', false),
  deliveryColumn('duplicated', 'additional copies', false),
  deliveryColumn('reordered', 'delivered after a later message of the same sender', false),
  deliveryColumn('corrupted', 'received with another length or content', false),
];

/** The clients of each population; nothing where all clients are alike. */
function populationRows(view: ResultView): PopulationRow[] {
  const { plan, headline, populations } = view.result;
  return plan.populations.map((planned, index) => ({
    ...{ view, planned, name: planned.name, series: ofPopulation(headline, planned.name) },
    counted: populations[index] ?? null,
  }));
}

/** All clients with the delay of links, and without. */
function rowsOfAll(view: ResultView): PopulationRow[] {
  const { headline } = view.result;
  const whole = { view, planned: null, counted: null };
  const rows = [
    { ...whole, name: 'all', series: headline },
    { ...whole, name: 'all, without link', series: `${headline}_without_link` },
  ];
  return rows.filter(({ series }) => view.histogram(series) !== null);
}

/** Figures by population and without the delay of links; nothing for a run without populations and links. */
export function populationBlocks(view: ResultView): Block[] {
  const { plan, headline } = view.result;
  const rows = populationRows(view);
  if (rows.length === 0 && plan.network === null) return [];
  const measured = measuredPopulations(plan).length > 0 ? rows : [];
  return [
    ...(rows.length === 0 ? [] : tableBlock('Populations', tabulate(CLIENT_COLUMNS, rows))),
    ...tableBlock(
      rows.length === 0 ? 'Links' : 'By population',
      tabulate(RECEIPT_COLUMNS, [...measured, ...rowsOfAll(view)]),
      receiptNotes(view, headline),
    ),
    ...chartBlocks(view),
  ];
}

function receiptNotes(view: ResultView, headline: string): string[] {
  const { populations } = view.result;
  return [
    ...(populations.length === 0 ? [] : [`${headline} and deliveries are those of the clients that receive`]),
    ...(populations.some(({ deliveries }) => deliveries === null)
      ? ['deliveries by population are unknown: not every client has reported them']
      : []),
    ...(view.histogram(`${headline}_without_link`) === null
      ? []
      : [
          'without link: less the constant delay of the links of sender and receiver, so that jitter, bandwidth and the relay remain',
        ]),
    ...relayNotes(view),
  ];
}

function relayNotes(view: ResultView): string[] {
  const added = view.histogram('relay_added');
  if (added === null) return [];
  const [p50Ns, p99Ns] = [added.quantileNs(0.5), added.quantileNs(0.99)];
  return [
    `the relay held bytes longer than configured by ${formatNs(p50Ns)} at p50, ${formatNs(p99Ns)} at p99`,
  ];
}

/** A population, and the result of its run with its own figures in place of those of all clients. */
interface PopulationView {
  readonly name: string;
  readonly view: ResultView;
  /** The columns of a result that are its own. */
  readonly columns: readonly string[];
}

/** The populations of a run as results; none where they have no figures of their own. */
export function viewsOfPopulations(view: ResultView): readonly PopulationView[] {
  const { result } = view;
  const { plan, ledger, timing } = result;
  if (measuredPopulations(plan).length === 0) return [];
  return populationRows(view).map(({ name, series, counted }) => ({
    name,
    columns: RECEIPT_COLUMNS.map(({ id }) => id).filter(
      (id) => counted?.deliveries != null || !Object.hasOwn(ledger, id),
    ),
    view: {
      ...view,
      result: {
        ...result,
        headline: series,
        plan: { ...plan, clients: counted?.clients ?? 0 },
        ledger: { ...ledger, ...counted?.deliveries },
        rate: { ...result.rate, achievedHz: ((counted?.sent ?? 0) * 1000) / Math.max(1, timing.measureMs) },
      },
    },
  }));
}

/** Latency by percentile and over time, with a line for each population. */
function chartBlocks(view: ResultView): Block[] {
  const populations = viewsOfPopulations(view);
  const charts = populations.length === 0 ? [] : latencyCharts(populations.map((each) => each.view));
  if (charts.length === 0) return [];
  // The colour says whose a line is.
  const unnamed = (line: Line) => ({ ...line, label: line.label.replace(/\{.*$/, '') });
  return [
    {
      kind: 'charts',
      title: 'Latency of each population',
      group: {
        ...NOTHING_OVER_TIME,
        runs: populations.map(({ name }, colour) => ({ label: name, colour })),
        measureMs: view.result.timing.measureMs,
        percentiles: { all: ['p50', 'p99'], shown: ['p50'] },
        charts: charts.map((chart) => ({ ...chart, lines: chart.lines.map(unnamed) })),
      },
      text: [],
    },
  ];
}
