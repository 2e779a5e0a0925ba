import { formatMetric } from '../../result/metrics.ts';
import type { Trend, TrendChange, TrendHistory, TrendMetric, TrendPoint } from '../../result/trend.ts';
import { list, plural } from '../../text.ts';
import { formatCount, formatPercent } from '../../units.ts';
import type { Severity } from '../blocks.ts';
import { NO_VALUE } from './table.ts';
import { commitText, dayText } from './trend-charts.ts';

/** A change with the history and the metric that it is in. */
interface PlacedChange extends TrendChange {
  readonly history: TrendHistory;
  readonly metric: TrendMetric;
}

export function changesIn({ histories }: Trend): PlacedChange[] {
  return histories.flatMap((history) =>
    history.metrics.flatMap((metric) => metric.changes.map((change) => ({ ...change, history, metric }))),
  );
}

/** `broadcast-latency on ws`, `ack-roundtrip on socketio polling` */
export function historyName({ scenario, target, plan }: TrendHistory): string {
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
export function changeSentence(change: PlacedChange): string {
  const { history, metric, at, p, effect } = change;
  const [from, to] = [change.before, change.after].map((value) => formatMetric(metric.unit, value));
  const name = `${metric.metric} of ${historyName(history)}`;
  return `${effect}: ${name} ${movementText(change)}, from ${from} to ${to}, at ${pointText(history.points[at])}, p ${Number(p.toPrecision(2))}`;
}

export const isTested = ({ histories }: Trend) =>
  histories.some(({ metrics }) => metrics.some(({ tested }) => tested));

const pointsIn = ({ histories }: Trend) => histories.reduce((sum, { points }) => sum + points.length, 0);

/** The conclusion in one sentence. */
export function trendHeadline(trend: Trend): string {
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
export function trendSeverity(trend: Trend): Severity {
  const latest = trend.histories.flatMap(({ metrics }) =>
    metrics.flatMap(({ changes }) => changes.slice(-1)),
  );
  return latest.some(({ effect }) => effect === 'worse') || !isTested(trend) ? 'warning' : 'good';
}

/** How often the test is wrong. */
export function falseAlarmText({ test }: Trend): string {
  return `false alarms: where nothing changed, at most ${formatPercent(test.alpha)} of trends mark a change (${formatPercent(test.alphaOfEach)} for each of ${plural(test.tests, 'metric')}); this holds for independent results`;
}

/** What the test is and how often it is wrong. */
export function testTexts(trend: Trend): string[] {
  const { permutations, seed } = trend.test;
  return [
    `test: circular binary segmentation, with ${formatCount(permutations)} permutations, seed ${seed}`,
    falseAlarmText(trend),
  ];
}

const MAX_NAMED_FILES = 5;
const MAX_NAMED_REASONS = 8;

/** Files by reason: `skipped a.json, b.json and c.json: is a capacity search`. The document lists all of them. */
export function skippedTexts({ skipped }: Trend): string[] {
  const texts = [...Map.groupBy(skipped, ({ reason }) => reason)].map(([reason, each]) => {
    const paths = [...new Set(each.map(({ path }) => path))];
    const rest = paths.length - MAX_NAMED_FILES;
    const named = rest > 1 ? [...paths.slice(0, MAX_NAMED_FILES), `${rest} more`] : paths;
    return `skipped ${list(named)}: ${reason}`;
  });
  const rest = texts.length - MAX_NAMED_REASONS;
  return rest <= 1
    ? texts
    : [...texts.slice(0, MAX_NAMED_REASONS), `skipped more files for ${rest} other reasons`];
}
