import { formatMetric } from '../../result/metrics.ts';
import type { Trend, TrendHistory, TrendMetric, TrendPoint } from '../../result/trend.ts';
import { list, pastedCommand, plural } from '../../text.ts';
import { formatCount, formatMinute } from '../../units.ts';
import { type Block, detailsBlock, type Fact, type Report, tableBlock } from '../blocks.ts';
import { changeText } from './comparison-metrics.ts';
import { type Column, column, NO_VALUE, type Table, tabulate } from './table.ts';
import { commitText, dayText, trendCharts } from './trend-charts.ts';
import {
  changeSentence,
  changesIn,
  historyName,
  isTested,
  skippedTexts,
  testTexts,
  trendHeadline,
  trendSeverity,
} from './trend-texts.ts';

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

/** The levels of a metric. */
export const METRIC_COLUMNS: ReadonlyArray<Column<MetricRow>> = [
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
export function distinction(history: TrendHistory, all: readonly TrendHistory[]): string {
  const fieldsOf = ({ source, plan, environment }: TrendHistory) => ({ ...plan, ...environment, source });
  const others = all.filter((other) => historyName(other) === historyName(history)).map(fieldsOf);
  const own: Readonly<Record<string, string>> = fieldsOf(history);
  const names = new Set(others.flatMap(Object.keys));
  const differing = [...names].filter(
    (name) => new Set(others.map((fields: Readonly<Record<string, string>>) => fields[name])).size > 1,
  );
  return differing.map((name) => `${name} ${own[name] ?? NO_VALUE}`).join(', ');
}

/** `2026-10-01 to 2026-11-08` */
function daysText(points: readonly TrendPoint[]): string {
  const days = points.map(dayText).toSorted();
  return [...new Set([days[0] ?? '', days.at(-1) ?? ''])].join(' to ');
}

/** `18 runs, 2026-10-01 to 2026-10-18; 3 older results left out` */
export function spanText({ points, source, omitted }: TrendHistory): string {
  const older = omitted === 0 ? '' : `; ${plural(omitted, 'older result')} left out`;
  return `${plural(points.length, source)}, ${daysText(points)}${older}`;
}

/** Every point with its values, for readers who cannot see the charts. */
function pointTable({ points, metrics }: TrendHistory): Table {
  const columns = [
    column('started', 'started', 'text', 'UTC', (at: number) => {
      const point = points[at];
      return point === undefined ? null : formatMinute(point.startedAt);
    }),
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

/** The top of the page. */
function trendOpening(trend: Trend): Block {
  const { histories, order, commandLine } = trend;
  const points = histories.flatMap((history) => history.points);
  return {
    kind: 'opening',
    severity: trendSeverity(trend),
    word: 'TREND',
    conclusion: trendHeadline(trend),
    caveats: skippedTexts(trend),
    thresholds: [],
    notes: [...changesIn(trend).map(changeSentence), ...(isTested(trend) ? testTexts(trend) : [])],
    tested: [
      ['histories', list(new Set(histories.map(historyName)))],
      ['results', `${formatCount(points.length)}, by ${order}`],
      ['measured', daysText(points)],
    ],
    command: pastedCommand(commandLine),
    blocks: [],
    appendix: [],
  };
}

/** The report of a trend: the changes, the test, what was skipped, and each history. */
export function trendReport(trend: Trend): Report {
  const { tool, histories } = trend;
  return {
    title: `trend: ${[...new Set(histories.map(historyName))].join(', ')} - sockbench`,
    blocks: [
      {
        kind: 'verdict',
        severity: trendSeverity(trend),
        text: trendHeadline(trend),
        notes: [
          ...changesIn(trend).map(changeSentence),
          ...(isTested(trend) ? testTexts(trend) : []),
          ...skippedTexts(trend),
        ],
      },
      trendOpening(trend),
      ...histories.flatMap((history) => historyBlocks(history, trend)),
    ],
    footer: `Measured ${daysText(histories.flatMap(({ points }) => points))}. Rendered by ${tool.name} ${tool.version}.`,
  };
}
