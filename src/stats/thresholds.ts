import { SockbenchError } from '../errors.ts';
import type { ThresholdOutcome } from '../result/schema.ts';
import { type ResultView, SERIES, samplesNeeded, seriesOfRun } from '../result/view.ts';
import { formatCount, formatNs, formatPercent, parseDurationNs } from '../units.ts';

const OPERATORS = {
  '<=': (a: number, b: number) => a <= b,
  '>=': (a: number, b: number) => a >= b,
  '==': (a: number, b: number) => a === b,
  '<': (a: number, b: number) => a < b,
  '>': (a: number, b: number) => a > b,
} as const;

type Operator = keyof typeof OPERATORS;

const COUNTS = ['lost', 'late', 'duplicated', 'reordered', 'unexpected', 'failed'] as const;
type CountName = (typeof COUNTS)[number];

type Metric =
  | { readonly kind: 'quantile'; readonly series: string; readonly quantile: number }
  | { readonly kind: 'mean'; readonly series: string }
  | { readonly kind: 'count'; readonly name: CountName }
  | { readonly kind: 'share'; readonly name: CountName };

/** A threshold, read and checked. Times are in nanoseconds, shares from 0 to 1. */
export interface Threshold {
  readonly expression: string;
  readonly metric: Metric;
  readonly operator: Operator;
  readonly limit: number;
}

const EXPRESSION = /^([a-z][a-z0-9_]*)(?:\.([a-z0-9.]+))?\s*(<=|>=|==|<|>)\s*(.+)$/;

function refuse(expression: string, problem: string, hint: string): never {
  throw new SockbenchError({
    code: 'BAD_THRESHOLD',
    message: `--threshold "${expression}": ${problem}`,
    hint,
  });
}

/**
 * Reads a threshold.
 *
 *     threshold = series "." statistic operator duration
 *               | count operator ( integer | number "%" )
 *     series    = "delivery" | "fanout_last" | "ack" | ... ; see series.ts
 *     statistic = "p" number | "min" | "max" | "mean"      ; p50, p99.9
 *     count     = "lost" | "late" | "duplicated" | "reordered" | "unexpected"
 *               | "failed"                                 ; messages refused, visits that failed
 *     operator  = "<" | "<=" | ">" | ">=" | "=="
 *
 * `delivery.p99<50ms`, `lost==0`, `late<0.1%` (of the messages owed), `failed<1%` (of the messages sent and visits
 * begun). Spaces may stand around the operator and before the unit. Throws BAD_THRESHOLD.
 */
export function parseThreshold(expression: string, own: Readonly<Record<string, string>> = {}): Threshold {
  const [, name = '', statistic, operator, limit = ''] = EXPRESSION.exec(expression.trim()) ?? [];
  if (operator === undefined) {
    refuse(expression, 'is not a threshold', "Write it like 'delivery.p99<50ms' or 'lost==0'.");
  }
  const parsed =
    statistic === undefined
      ? parseCount(expression, name, limit)
      : parseSeries(expression, name, statistic, limit, own);
  return { expression, operator: operator as Operator, ...parsed };
}

function parseCount(expression: string, name: string, text: string): Pick<Threshold, 'metric' | 'limit'> {
  const counted = COUNTS.find((count) => count === name);
  if (counted === undefined) {
    const hint = SERIES.some((series) => series.name === name)
      ? `Name a statistic, like ${name}.p99.`
      : 'Use one of them.';
    refuse(expression, `"${name}" is not one of ${COUNTS.join(', ')}`, hint);
  }
  const [, digits, percent] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text) ?? [];
  if (digits === undefined || (percent === '' && digits.includes('.'))) {
    refuse(
      expression,
      `"${text}" is neither a whole number nor a percentage`,
      'Write it like lost==0 or late<0.1%.',
    );
  }
  return percent === '%'
    ? { metric: { kind: 'share', name: counted }, limit: shareOf(digits) }
    : { metric: { kind: 'count', name: counted }, limit: Number(digits) };
}

function parseSeries(
  expression: string,
  series: string,
  statistic: string,
  text: string,
  own: Readonly<Record<string, string>>,
): Pick<Threshold, 'metric' | 'limit'> {
  const known = seriesOfRun(own);
  if (!known.some(({ name }) => name === series)) {
    const names = known.map(({ name }) => name).join(', ');
    refuse(expression, `"${series}" is not one of ${names}`, 'Use one of them.');
  }
  const metric = parseStatistic(series, statistic);
  if (metric === null) {
    refuse(
      expression,
      `"${statistic}" is not p0 to p99.999, min, max or mean`,
      'Write it like delivery.p99<50ms.',
    );
  }
  try {
    return { metric, limit: parseDurationNs(text) };
  } catch (error) {
    return refuse(expression, (error as SockbenchError).message, (error as SockbenchError).hint);
  }
}

function parseStatistic(series: string, statistic: string): Metric | null {
  if (statistic === 'mean') return { kind: 'mean', series };
  if (statistic === 'min') return { kind: 'quantile', series, quantile: 0 };
  if (statistic === 'max') return { kind: 'quantile', series, quantile: 1 };
  const percent = /^p(\d+(?:\.\d+)?)$/.exec(statistic)?.[1];
  return percent === undefined || Number(percent) >= 100
    ? null
    : { kind: 'quantile', series, quantile: shareOf(percent) };
}

/** Percent as a share; dividing by 100 would make 0.7 % a little less than 7 of 1,000. */
function shareOf(percent: string): number {
  return Number(`${percent}e-2`);
}

/**
 * The series that a run may record, each with the number of independent samples that it will have; null where that
 * is not known before.
 */
export type Forecast = ReadonlyMap<string, number | null>;

/** Whether a run will record what a threshold is on. */
export function isForeseen({ metric }: Threshold, forecast: Forecast): boolean {
  return metric.kind === 'count' || metric.kind === 'share' || forecast.has(metric.series);
}

/**
 * Why a threshold will come out neither passed nor failed, as far as that is known before the run; null when
 * nothing speaks against it. Throws BAD_THRESHOLD for a series of which the run records nothing.
 */
export function foreseeThreshold({ expression, metric }: Threshold, forecast: Forecast): string | null {
  if (metric.kind === 'count' || metric.kind === 'share') return null;
  const { series } = metric;
  const expected = forecast.get(series);
  if (expected === undefined) {
    const recorded = [...forecast.keys()].join(', ');
    refuse(expression, `this run will not record "${series}", but ${recorded}`, 'Use one of them.');
  }
  const needed =
    metric.kind === 'quantile' && isEstimated(metric.quantile) ? samplesNeeded(metric.quantile) : 1;
  if (expected === null || expected >= needed) return null;
  return `--threshold "${expression}" will not be judged: it needs ${formatCount(needed)} independent samples, and this run plans ${formatCount(expected)}`;
}

/** The extremes are what they are; everything between needs samples beyond it. */
function isEstimated(quantile: number): boolean {
  return quantile !== 0 && quantile !== 1;
}

/** Judges a threshold on a result; one that the result has no sound figure for is neither passed nor failed. */
export function judgeThreshold(threshold: Threshold, view: ResultView): ThresholdOutcome {
  const { expression, metric, operator, limit } = threshold;
  const actual = actualValue(metric, view);
  if (actual === null)
    return { expression, passed: null, actual: null, detail: missingBecause(metric, view) };
  return {
    expression,
    passed: OPERATORS[operator](actual, limit),
    actual,
    detail: showValue(metric, actual),
  };
}

function actualValue(metric: Metric, view: ResultView): number | null {
  switch (metric.kind) {
    case 'count':
      return countOf(metric.name, view);
    case 'share':
      return shareOfAll(metric.name, view);
    case 'mean':
      return view.histogram(metric.series)?.meanNs ?? null;
    case 'quantile':
      return isEstimated(metric.quantile)
        ? view.quantileNs(metric.series, metric.quantile)
        : (view.histogram(metric.series)?.quantileNs(metric.quantile) ?? null);
  }
}

function shareOfAll(name: CountName, view: ResultView): number | null {
  const { ledger, rate } = view.result;
  const all = name === 'failed' ? rate.sent : ledger.owed;
  return all === 0 ? null : countOf(name, view) / all;
}

function countOf(name: CountName, { result: { ledger, failed } }: ResultView): number {
  return name === 'failed' ? failed.reduce((sum, { count }) => sum + count, 0) : ledger[name];
}

function missingBecause(metric: Metric, view: ResultView): string {
  if (metric.kind === 'share') {
    return metric.name === 'failed' ? 'nothing was sent' : 'no message was owed to anyone';
  }
  if (metric.kind !== 'quantile' || view.histogram(metric.series) === null)
    return 'the run recorded no value of it';
  const has = formatCount(view.samples(metric.series));
  return `it needs ${formatCount(samplesNeeded(metric.quantile))} independent samples, the run has ${has}; make the run longer`;
}

function showValue(metric: Metric, actual: number): string {
  if (metric.kind === 'count') return formatCount(actual);
  return metric.kind === 'share' ? formatPercent(actual) : formatNs(actual);
}
