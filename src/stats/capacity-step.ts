import { fail } from '../errors.ts';
import { aggregate } from '../result/aggregate.ts';
import type { CapacityStep, ObjectiveFigure } from '../result/capacity.ts';
import { type Finding, type FindingCode, findingOfError } from '../result/findings.ts';
import { formatLimit } from '../result/metrics.ts';
import { median } from '../result/order-statistics.ts';
import { NO_BOUNDS, quantileBounds } from '../result/quantile-bounds.ts';
import { faultOf } from '../result/remedies.ts';
import { type IntervalFigures, measuredIntervals, NsHistogram, type ResultView } from '../result/view.ts';
import { formatEstimate, formatNs } from '../units.ts';
import { type Clause, parseCondition } from './condition.ts';
import { isEstimated, metricName, metricValue, type OwnSeries } from './metric.ts';
import { HOLDS } from './thresholds.ts';

/** Of the interval of a quantile. */
export const CONFIDENCE = 0.95;

/** Growth over a step that is reported: at least this share of the median, and at least this long. */
const GROWTH_OF_MEDIAN = 0.5;
const GROWTH_NS = 1e6;
/** Beyond so many intervals, neighbours are merged, so that a long step takes no longer to judge. */
const MAX_WINDOWS = 100;

/** A limit that a server has to keep at every load that it is said to sustain. */
export interface Objective extends Pick<Clause, 'unit' | 'limit' | 'operator'> {
  /** The clause as it was written: `fanout_last.p95<50ms`. */
  readonly expression: string;
  readonly metric: Clause['left']['metric'];
}

/**
 * Reads objectives: a condition of condition.ts whose clauses are `METRIC < VALUE` or `METRIC <= VALUE`, such as
 * `fanout_last.p95<50ms and late<=0.1%`. One objective per clause. Throws BAD_OBJECTIVE.
 */
export function parseObjectives(expression: string, own: OwnSeries = {}): Objective[] {
  const { clauses } = parseCondition(expression, { flag: '--objective', own, hasBase: false });
  return clauses.map(({ text, left: { metric }, operator, unit, limit, times }) => {
    if (times === null && (operator === '<' || operator === '<=')) {
      return { expression: text, metric, operator, unit, limit };
    }
    return fail(
      'BAD_OBJECTIVE',
      `--objective "${expression}": "${text}" does not keep a metric below a value`,
      "Write it like 'fanout_last.p95<50ms' or 'late<=0.1%'.",
    );
  });
}

type Judged = Pick<CapacityStep, 'outcome' | 'reasons' | 'figures'>;

function figureOf(
  { expression, metric, operator, unit, limit }: Objective,
  view: ResultView,
): ObjectiveFigure {
  const value = metricValue(metric, aggregate([view]));
  const bounds =
    isEstimated(metric) && value !== null ? quantileBounds(view, metric.series, metric.quantile) : NO_BOUNDS;
  const holds = (judged: number | null) => (judged === null ? null : HOLDS[operator](judged, limit));
  const passed = holds(isEstimated(metric) ? bounds.upper : value);
  return {
    expression,
    metric: metricName(metric),
    unit,
    limit,
    value,
    ...bounds,
    // A value over the limit fails without a bound.
    passed: passed ?? (holds(value) === false ? false : null),
  };
}

/** `fanout_last.p95 63.1 ms (58-71)`, `lost 12` */
export function figureText({ metric, unit, value, lower, upper }: ObjectiveFigure): string {
  if (value === null) return `${metric} unknown`;
  return `${metric} ${formatEstimate(unit, value, { lower, upper })}`;
}

/** `ack.p95 48.0 ms (44-53), not ack.p95<50ms: 50 ms lies within the interval` */
function missedText(figure: ObjectiveFigure): string {
  const { expression, unit, limit, lower, upper } = figure;
  const isWithin = lower !== null && lower < limit && (upper === null || limit < upper);
  const within = isWithin ? `: ${formatLimit(unit, limit)} lies within the interval` : '';
  return `${figureText(figure)}, not ${expression}${within}`;
}

/** The medians of the headline over the step, by the time of receipt. */
function mediansNs(view: ResultView): number[] {
  const intervals = measuredIntervals(view);
  const perWindow = Math.ceil(intervals.length / MAX_WINDOWS);
  if (perWindow <= 1) return intervals.map(({ p50Ns }) => p50Ns);
  return Array.from({ length: Math.floor(intervals.length / perWindow) }, (_, window) =>
    mergedMedianNs(view, intervals.slice(window * perWindow, (window + 1) * perWindow)),
  );
}

function mergedMedianNs({ result }: ResultView, intervals: readonly IntervalFigures[]): number {
  const starts = new Set(intervals.map(({ startMs }) => startMs));
  const merged = new NsHistogram();
  for (const { startMs, series } of result.intervals) {
    const encoded = series[result.headline];
    if (starts.has(startMs) && encoded !== undefined) merged.add(NsHistogram.decode(encoded));
  }
  return merged.quantileNs(0.5);
}

/** A queue that grows so slowly that the objective still holds at the end of the step. */
function findTrend(view: ResultView): Finding[] {
  const { headline } = view.result;
  const growthNs = significantGrowth(mediansNs(view)) ?? 0;
  const medianNs = view.histogram(headline)?.quantileNs(0.5) ?? 0;
  if (growthNs < Math.max(GROWTH_NS, medianNs * GROWTH_OF_MEDIAN)) return [];
  const message = `${headline} p50 (${formatNs(medianNs)}) grew by ${formatNs(growthNs)} over the step`;
  return [{ code: 'latency_grows', message }];
}

/** Messages queued, by any cause: a server that is not observed shows no more than that. */
const QUEUES: ReadonlySet<FindingCode> = new Set(['server_overloaded', 'latency_grows', 'late_at_end']);

/** Why the run says nothing about the server; empty when the server ended it. */
function findInvalidReasons({ result: { invalid, findings } }: ResultView): Finding[] {
  if (invalid.some(({ code }) => code === 'server_died')) return [];
  const machine = findings.filter(({ code }) => code === 'machine_overloaded');
  return [...invalid.filter((finding) => faultOf(finding) !== 'server'), ...machine];
}

/**
 * Judges one run of a search. It passes when every objective holds, a quantile by the upper end of its interval, and
 * latency does not grow. It is excluded when the generator or the machine was the limit, or when an objective could not
 * be judged and nothing else failed.
 */
export function judgeStep(view: ResultView, objectives: readonly Objective[]): Judged {
  const figures = objectives.map((objective) => figureOf(objective, view));
  const invalidReasons = findInvalidReasons(view);
  if (invalidReasons.length > 0) return { outcome: 'excluded', reasons: invalidReasons, figures };
  const missed = figures
    .filter(({ passed }) => passed === false)
    .map((figure): Finding => ({ code: 'objective_missed', message: missedText(figure) }));
  const overloads = view.result.findings.filter(({ code }) => QUEUES.has(code));
  const growth = overloads.length === 0 ? findTrend(view) : [];
  const reasons = [...view.result.invalid, ...missed, ...overloads, ...growth];
  if (reasons.length > 0) return { outcome: 'failed', reasons, figures };
  const unknown = figures.filter(({ passed }) => passed === null);
  if (unknown.length === 0) return { outcome: 'passed', reasons: [], figures };
  const unjudged = unknown.map(({ metric }): Finding => {
    const message = `${metric} could not be judged: too few samples`;
    return { code: 'too_few_samples', message };
  });
  return { outcome: 'excluded', reasons: unjudged, figures };
}

/** Judges a run that measured nothing: it failed when the server took no client, and else says nothing about it. */
export function judgeError(error: { readonly code: string; readonly message: string }): Judged {
  const reason = findingOfError(error);
  return { outcome: faultOf(reason) === 'server' ? 'failed' : 'excluded', reasons: [reason], figures: [] };
}

/** With fewer values even the clearest trend may be chance. */
const MIN_FOR_TREND = 6;
/** The one-sided 1 % point of the normal distribution. */
const SIGNIFICANT = 2.326;

/** Combines every later value with every earlier one. */
function eachPair(values: readonly number[], of: (change: number, distance: number) => number): number[] {
  return values.flatMap((earlier, index) =>
    values.slice(index + 1).map((later, next) => of(later - earlier, next + 1)),
  );
}

/**
 * By how much evenly spaced values grow from the first to the last, in their unit; null when the growth is not
 * significant, as it never is with fewer than six values. Significance is by the one-sided test of Mann and Kendall at
 * 1 %, the amount by the slope of Theil and Sen.
 *
 * Sources: Mann, "Nonparametric tests against trend", Econometrica 13 (1945); Sen, "Estimates of the regression
 * coefficient based on Kendall's tau", Journal of the American Statistical Association 63 (1968).
 */
export function significantGrowth(values: readonly number[]): number | null {
  const count = values.length;
  if (count < MIN_FOR_TREND) return null;
  const score = eachPair(values, Math.sign).reduce((sum, sign) => sum + sign, 0);
  const deviation = Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18);
  if ((score - 1) / deviation <= SIGNIFICANT) return null;
  return median(eachPair(values, (change, distance) => change / distance)) * (count - 1);
}
