import type { Trend, TrendHistory, TrendMetric } from '../../result/trend.ts';
import type { Fact } from '../blocks.ts';
import { EMPTY_ENDING, type Ending } from '../ending.ts';
import { type Table, tabulate } from './table.ts';
import { distinction, METRIC_COLUMNS, spanText } from './trend.ts';
import { barsOf } from './trend-charts.ts';
import {
  changeSentence,
  changesIn,
  falseAlarmText,
  historyName,
  isTested,
  trendHeadline,
  trendSeverity,
} from './trend-texts.ts';

/** More metrics than this are shown without bars. */
const MAX_BAR_LINES = 4;

/** How much a metric asks for attention: its latest level is worse, better, or as before. */
function rankOf({ changes }: TrendMetric): number {
  const effect = changes.at(-1)?.effect;
  return effect === 'worse' ? 0 : effect === 'better' ? 1 : 2;
}

/** Those whose latest level is worse first: a long table ends early. */
function byAttention(histories: readonly TrendHistory[]): TrendHistory[] {
  return histories
    .map((history) => ({ ...history, metrics: history.metrics.toSorted((a, b) => rankOf(a) - rankOf(b)) }))
    .toSorted((a, b) => Math.min(...a.metrics.map(rankOf)) - Math.min(...b.metrics.map(rankOf)));
}

/** One row for each metric, below the name of its history where there are several. */
function levelTable(histories: readonly TrendHistory[]): Table {
  const rowsOf = histories.map((history) => history.metrics.map((metric) => ({ history, metric })));
  const { headings, rows } = tabulate(METRIC_COLUMNS, rowsOf.flat());
  if (histories.length === 1) return { headings, rows };
  let next = 0;
  const grouped = histories.flatMap((history, index) => {
    const length = rowsOf[index]?.length ?? 0;
    next += length;
    const differing = distinction(history, histories);
    const name = `${historyName(history)}, ${spanText(history)}${differing === '' ? '' : `; ${differing}`}`;
    return [[name], ...rows.slice(next - length, next)];
  });
  return { headings, rows: grouped };
}

/** Bars for the terminal. */
function barFacts(histories: readonly TrendHistory[]): Fact[] {
  const metrics = histories.flatMap((history) => history.metrics);
  if (histories.length > 1 || metrics.length > MAX_BAR_LINES) return [];
  return metrics.map((metric) => [metric.metric, barsOf(metric)]);
}

/** `1 file is skipped: it is a capacity search` */
function skippedCounts({ skipped }: Trend): string[] {
  return [...Map.groupBy(skipped, ({ reason }) => reason)].map(([reason, each]) => {
    const files = new Set(each.map(({ path }) => path)).size;
    return files === 1 ? `1 file is skipped: it ${reason}` : `${files} files are skipped: each ${reason}`;
  });
}

/** The end of a trend: levels, bars, what was skipped, and the changes. */
export function trendEnding(trend: Trend): Ending {
  const histories = byAttention(trend.histories);
  const [only] = histories;
  const changes = changesIn(trend)
    .toSorted((a, b) => b.at - a.at)
    .toSorted((a, b) => Number(b.effect === 'worse') - Number(a.effect === 'worse'));
  return {
    ...EMPTY_ENDING,
    subject:
      only !== undefined && histories.length === 1
        ? `${historyName(only)}, ${spanText(only)}`
        : `${histories.length} histories`,
    table: levelTable(histories),
    facts: barFacts(histories),
    caveats: skippedCounts(trend),
    notes: isTested(trend) ? [falseAlarmText(trend)] : [],
    severity: trendSeverity(trend),
    conclusion: [trendHeadline(trend), ...changes.map(changeSentence)],
  };
}
