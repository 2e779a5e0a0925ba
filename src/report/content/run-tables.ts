import { COUNTS } from '../../result/metrics.ts';
import type { RunResult } from '../../result/run-result.ts';
import { type MeasuredProcess, type MeasuredTelemetry, measuredProcesses } from '../../result/telemetry.ts';
import { isUnstalled, type ResultView, samplesForBounds, seriesOfRun } from '../../result/view.ts';
import { plural } from '../../text.ts';
import { formatCount } from '../../units.ts';
import { type Block, tableBlock } from '../blocks.ts';
import {
  maxColumn,
  QUANTILES,
  type QuantileName,
  quantileColumn,
  type SeriesOf,
  sameSeries,
} from './quantile-columns.ts';
import { type Column, column, type Kind, tabulate } from './table.ts';

const storedOf = ({ view, series }: SeriesOf) => view.result.series[series];

/** What one value of a series is. Series that the scenario does not name are timed from the actual send. */
function seriesMeaning({ view, series }: SeriesOf): string | null {
  const known = seriesOfRun(view.result.ownSeries).find(({ name }) => name === series);
  if (known !== undefined) return known.meaning;
  if (isUnstalled(series)) return 'the same, without the time for which the generator was held up';
  return series.endsWith('_actual') ? 'the same, from the actual send' : null;
}

const SERIES_COLUMNS: ReadonlyArray<Column<SeriesOf>> = [
  column('series', 'series', 'text', 'what is timed', ({ series }) => series),
  column('count', 'count', 'count', 'recorded values', (row) => storedOf(row)?.count ?? null),
  ...(Object.keys(QUANTILES) as QuantileName[]).map((name) => quantileColumn(name, sameSeries)),
  maxColumn(sameSeries),
  column('mean', 'mean', 'duration', 'arithmetic mean', (row) => storedOf(row)?.meanNs ?? null, {
    unitGroup: 'latency',
  }),
  column('meaning', 'meaning', 'text', 'what one value is', seriesMeaning, { isProse: true }),
];

const needs = (Object.keys(QUANTILES) as QuantileName[])
  .map((name) => `${name} ${formatCount(Math.ceil(samplesForBounds(QUANTILES[name])))}`)
  .join(', ');
const SHORT_SERIES = `a dash: too few independent samples for an interval (${needs}); all receivers of one broadcast count as one sample, and correlated samples as fewer`;

/** Count, quantiles, maximum and mean of each series in one unit; nothing when none was recorded. */
export function seriesBlocks(view: ResultView): Block[] {
  const known = seriesOfRun(view.result.ownSeries).map(({ name }) => name);
  // Series of a newer version come last.
  const rank = (series: string) => (known.includes(series) ? known.indexOf(series) : known.length);
  const rows = Object.keys(view.result.series)
    .sort((a, b) => rank(a) - rank(b))
    .map((series) => ({ view, series }));
  if (rows.length === 0) return [];
  const isShort = SERIES_COLUMNS.some((each) => rows.some((row) => each.shortage(row) !== null));
  return tableBlock('Every series', tabulate(SERIES_COLUMNS, rows), isShort ? [SHORT_SERIES] : []);
}

/** Columns of one kind share a unit; `scale` turns the stored unit into the base unit of the kind. */
function telemetryColumn(
  name: keyof MeasuredTelemetry,
  title: string,
  kind: Kind,
  meaning: string,
): Column<MeasuredProcess> {
  const scale = name.endsWith('Ms') ? 1e6 : 1;
  const value = ({ measured }: MeasuredProcess) => {
    const stored = measured[name];
    return stored === null ? null : stored * scale;
  };
  return column(name, title, kind, meaning, value, { unitGroup: kind });
}

const PROCESS_COLUMNS: ReadonlyArray<Column<MeasuredProcess>> = [
  column('process', 'process', 'text', 'server or generator', ({ role }) => role),
  telemetryColumn('cpuRatio', 'CPU', 'share', '100 % is one core'),
  telemetryColumn(
    'loopUtilization',
    'event-loop utilization',
    'share',
    'share of the time in which the event loop was not idle',
  ),
  telemetryColumn(
    'workUtilization',
    'without pacing',
    'share',
    'event-loop utilization without the time that the pacer waits',
  ),
  telemetryColumn('loopDelayP99Ns', 'delay p99', 'duration', 'event-loop delay p99 in the worst second'),
  telemetryColumn('loopDelayMaxNs', 'delay max', 'duration', 'longest event-loop delay'),
  telemetryColumn('gcTotalMs', 'GC', 'duration', 'total time of garbage collection'),
  telemetryColumn('gcMaxMs', 'GC max', 'duration', 'longest garbage collection'),
  telemetryColumn('rssMaxBytes', 'RSS', 'bytes', 'maximum resident memory'),
  telemetryColumn('bufferedMaxBytes', 'buffered', 'bytes', 'maximum of bytes that wait to be sent'),
];

/** Each process of the server and of the generator over the measured time; nothing when none was sampled. */
export function processBlocks(result: RunResult): Block[] {
  const { servers, workers } = result.telemetry;
  const rows = measuredProcesses([...servers, ...workers], result);
  return rows.length === 0 ? [] : tableBlock('Processes', tabulate(PROCESS_COLUMNS, rows));
}

type Account = RunResult['ledger']['anomalies'][number];

const accountColumn = (id: keyof Account, title: string, meaning: string) =>
  column(id, title, 'count', meaning, (account: Account) => account[id]);

const ANOMALY_COLUMNS: ReadonlyArray<Column<Account>> = [
  accountColumn('receiver', 'receiver', 'number of the client that received'),
  accountColumn('sender', 'sender', 'number of the client that sent'),
  accountColumn('stream', 'stream', 'number of the stream of that sender'),
  accountColumn('expected', 'expected', 'expected deliveries'),
  accountColumn('delivered', 'delivered', 'delivered at least once'),
  ...(['late', 'lost', 'duplicated', 'reordered', 'corrupted'] as const).map((name) =>
    accountColumn(name, COUNTS[name].title, COUNTS[name].meaning),
  ),
];

/** The worst receivers with late, lost, duplicate or out-of-order deliveries; nothing when there are none. */
export function anomalyBlocks({ ledger }: RunResult, shown: number): Block[] {
  if (ledger.anomalies.length === 0) return [];
  const notes =
    ledger.anomalyCount <= shown
      ? []
      : [
          `the worst ${shown} of ${plural(ledger.anomalyCount, 'receiver')}; the stored result holds ${formatCount(ledger.anomalies.length)}`,
        ];
  const table = tabulate(ANOMALY_COLUMNS, ledger.anomalies.slice(0, shown));
  return tableBlock('Receivers with anomalies', table, notes);
}
