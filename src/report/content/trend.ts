import { formatMetric } from '../../result/metrics.ts';
import type { Trend, TrendChange, TrendHistory, TrendMetric, TrendPoint } from '../../result/trend.ts';
import { list, plural } from '../../text.ts';
import { formatCount, formatPercent } from '../../units.ts';
import { type Block, detailsBlock, type Fact, type Report, type Severity, tableBlock } from '../blocks.ts';
import { changeText } from './comparison-metrics.ts';
import { type Column, column, NO_VALUE, type Table, tabulate } from './table.ts';
import { commitText, dayText, trendCharts } from './trend-charts.ts';

/** A change with the history and the metric that it is in. */
interface PlacedChange extends TrendChange {
  readonly history: TrendHistory;
  readonly metric: TrendMetric;
}

function changesIn({ histories }: Trend): PlacedChange[] {
  return histories.flatMap((history) =>
    history.metrics.flatMap((metric) => metric.changes.map((change) => ({ ...change, history, metric }))),
  );
}

/** `broadcast-latency on ws`, `ack-roundtrip on socketio polling` */
function historyName({ scenario, target, plan }: TrendHistory): string {
  const transport = plan['protocol'] === 'socketio' ? ` ${plan['transport'] ?? ''}` : '';
  return `${scenario} on ${target}${transport}`;
}

/** `3f2a1bc (2026-11-03)`, or the time alone outside a git checkout */
function pointText(point: TrendPoint | undefined): string {
  if (point === undefined) return NO_VALUE;
  const time = `${dayText(point)} ${point.startedAt.slice(11, 16)}`;
  return point.commit === null ? time : `${commitText(point)} (${time})`;
}

/** `rose by 34 %`; without a share where the level before was 0. */
function movementText({ before, after }: Pick<TrendChange, 'before' | 'after'>): string {
  const share = before > 0 ? ` by ${formatPercent(Math.abs(after / before - 1))}` : '';
  return `${after > before ? 'rose' : 'fell'}${share}`;
}

/** `worse: delivery.p50 of broadcast-latency on ws rose by 34 %, from 1.2 ms to 1.61 ms, at 3f2a1bc (2026-11-03 10:12), p 0.0008` */
function changeSentence(change: PlacedChange): string {
  const { history, metric, at, p, effect } = change;
  const [from, to] = [change.before, change.after].map((value) => formatMetric(metric.unit, value));
  const name = `${metric.metric} of ${historyName(history)}`;
  return `${effect}: ${name} ${movementText(change)}, from ${from} to ${to}, at ${pointText(history.points[at])}, p ${Number(p.toPrecision(2))}`;
}

const isTested = ({ histories }: Trend) =>
  histories.some(({ metrics }) => metrics.some(({ tested }) => tested));

const pointsIn = ({ histories }: Trend) => histories.reduce((sum, { points }) => sum + points.length, 0);

function headline(trend: Trend): string {
  const changes = changesIn(trend);
  const results = plural(pointsIn(trend), 'result');
  const where = trend.histories.length === 1 ? results : `${results} (${trend.histories.length} histories)`;
  if (!isTested(trend)) {
    return `Too few results to find a change: ${trend.test.valuesNeeded} of one plan and environment are needed; read ${where}`;
  }
  if (changes.length === 0) return `No change found in ${where}`;
  const count = (effect: TrendChange['effect']) =>
    changes.filter((change) => change.effect === effect).length;
  const effects = (['worse', 'better'] as const).filter((effect) => count(effect) > 0);
  return `${plural(changes.length, 'change')} found in ${where}: ${list(effects.map((effect) => `${count(effect)} ${effect}`))}`;
}

/** A warning where the latest level of a metric is worse than the one before, or nothing could be tested. */
function trendSeverity(trend: Trend): Severity {
  const latest = trend.histories.flatMap(({ metrics }) =>
    metrics.flatMap(({ changes }) => changes.slice(-1)),
  );
  return latest.some(({ effect }) => effect === 'worse') || !isTested(trend) ? 'warning' : 'good';
}

/** What the test is and how often it is wrong. */
function testTexts({ test }: Trend): string[] {
  return [
    `test: circular binary segmentation, with ${formatCount(test.permutations)} permutations, seed ${test.seed}`,
    `false alarms: where nothing changed, at most ${formatPercent(test.alpha)} of trends mark a change (${formatPercent(test.alphaOfEach)} for each of ${plural(test.tests, 'metric')}); this holds for independent results`,
  ];
}

const MAX_NAMED_FILES = 5;
const MAX_NAMED_REASONS = 8;

/** Files by reason: `skipped a.json, b.json and c.json: is a capacity search`. The document lists all of them. */
function skippedTexts({ skipped }: Trend): string[] {
  const texts = [...Map.groupBy(skipped, ({ reason }) => reason)].map(([reason, each]) => {
    const paths = [...new Set(each.map(({ path }) => path))];
    const rest = paths.length - MAX_NAMED_FILES;
    const named = rest > 1 ? [...paths.slice(0, MAX_NAMED_FILES), `${rest} more`] : paths;
    return `skipped ${list(named)}: ${reason}`;
  });
  const rest = texts.length - MAX_NAMED_REASONS;
  return rest <= 1 ? texts : [...texts.slice(0, MAX_NAMED_REASONS), `skipped more files for ${rest} other reasons`];
}

interface MetricRow {
  readonly history: TrendHistory;
  readonly metric: TrendMetric;
}

const valueColumn = (
  id: string,
  meaning: string,
  pick: (row: MetricRow) => number | null,
): Column<MetricRow> =>
  column(id, id, 'text', meaning, (row) => {
    const value = pick(row);
    return value === null ? null : formatMetric(row.metric.unit, value);
  });

const lastChange = ({ metric }: MetricRow) => metric.changes.at(-1);

const METRIC_COLUMNS: ReadonlyArray<Column<MetricRow>> = [
  column('metric', 'metric', 'text', 'what is followed', ({ metric }) => metric.metric),
  valueColumn('latest', 'value of the latest result', ({ metric }) => metric.values.at(-1)?.value ?? null),
  valueColumn('level', 'median since the last change', ({ metric }) => metric.levels.at(-1)?.median ?? null),
  valueColumn('before', 'median before the last change', (row) => lastChange(row)?.before ?? null),
  column('change', 'change', 'text', 'level over the one before', (row) => {
    const change = lastChange(row);
    if (change === undefined) return row.metric.tested ? 'none' : 'not tested';
    return change.before > 0 ? changeText(change.after / change.before) : change.effect;
  }),
  column('since', 'since', 'text', 'first result of the level', (row) => {
    const change = lastChange(row);
    const point = change === undefined ? undefined : row.history.points[change.at];
    return point === undefined ? null : point.commit === null ? dayText(point) : commitText(point);
  }),
];

/** Fields in which histories of one name differ: `kernel 6.8.0`. */
function distinction(history: TrendHistory, all: readonly TrendHistory[]): string {
  const fieldsOf = ({ source, plan, environment }: TrendHistory) => ({ ...plan, ...environment, source });
  const others = all.filter((other) => historyName(other) === historyName(history)).map(fieldsOf);
  const own: Readonly<Record<string, string>> = fieldsOf(history);
  const names = new Set(others.flatMap(Object.keys));
  const differing = [...names].filter(
    (name) => new Set(others.map((fields: Readonly<Record<string, string>>) => fields[name])).size > 1,
  );
  return differing.map((name) => `${name} ${own[name] ?? NO_VALUE}`).join(', ');
}

function spanText({ points, source, omitted }: TrendHistory): string {
  const times = points.map(dayText).toSorted();
  const days = [...new Set([times[0] ?? '', times.at(-1) ?? ''])].join(' to ');
  const older = omitted === 0 ? '' : `; ${plural(omitted, 'older result')} left out`;
  return `${plural(points.length, source)}, ${days}${older}`;
}

/** Every point with its values, for readers who cannot see the charts. */
function pointTable({ points, metrics }: TrendHistory): Table {
  const columns = [
    column(
      'started',
      'started',
      'text',
      'UTC',
      (at: number) => points[at]?.startedAt.slice(0, 16).replace('T', ' ') ?? null,
    ),
    column('commit', 'commit', 'text', 'of the working directory', (at: number) => {
      const point = points[at];
      return point === undefined || point.commit === null ? null : commitText(point);
    }),
    ...metrics.map(({ metric, unit, values }) =>
      column(metric, metric, unit, 'value', (at: number) => values[at]?.value ?? null),
    ),
    column('file', 'file', 'text', 'where it is stored', (at: number) => points[at]?.path ?? null, {
      isProse: true,
    }),
  ];
  return tabulate(
    columns,
    points.map((_, index) => index),
  );
}

const factsOf = (fields: Readonly<Record<string, string>>): Fact[] => Object.entries(fields);

function historyBlocks(history: TrendHistory, trend: Trend): Block[] {
  const { metrics, plan, environment } = history;
  const differing = distinction(history, trend.histories);
  const rows = metrics.map((metric) => ({ history, metric }));
  const { charts, text } = trendCharts(history, trend.order);
  return [
    { kind: 'heading', text: historyName(history) },
    { kind: 'text', text: spanText(history) },
    ...(differing === ''
      ? []
      : [{ kind: 'text', text: `differs from the others in: ${differing}` } as const]),
    ...tableBlock('Levels', tabulate(METRIC_COLUMNS, rows)),
    { kind: 'charts', title: 'History', group: { form: 'dots', charts }, text },
    ...detailsBlock('Every result', 'html', tableBlock('Every result', pointTable(history))),
    ...detailsBlock('Plan and environment', 'html', [
      { kind: 'facts', title: 'Plan', facts: factsOf(plan) },
      { kind: 'facts', title: 'Environment', facts: factsOf(environment) },
    ]),
  ];
}

/** The report of a trend: the changes, the test, what was skipped, and each history. */
export function trendReport(trend: Trend): Report {
  const { tool, histories } = trend;
  const days = histories.flatMap(({ points }) => points.map(dayText)).toSorted();
  const changes = changesIn(trend).map(changeSentence);
  return {
    title: `trend: ${[...new Set(histories.map(historyName))].join(', ')} - sockbench`,
    blocks: [
      {
        kind: 'verdict',
        severity: trendSeverity(trend),
        text: headline(trend),
        notes: [...changes, ...(isTested(trend) ? testTexts(trend) : []), ...skippedTexts(trend)],
      },
      ...histories.flatMap((history) => historyBlocks(history, trend)),
    ],
    footer: `Measured ${[...new Set([days[0] ?? '', days.at(-1) ?? ''])].join(' to ')}. Rendered by ${tool.name} ${tool.version}.`,
  };
}
