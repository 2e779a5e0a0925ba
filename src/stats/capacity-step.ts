import { aggregate } from '../result/aggregate.ts';
import type { CapacityStep, ObjectiveFigure } from '../result/capacity.ts';
import { findingOfError } from '../result/findings.ts';
import type { Finding } from '../result/run-result.ts';
import { headlineBySecond, NsHistogram, type ResultView } from '../result/view.ts';
import { formatNs } from '../units.ts';
import { formatMetric, isEstimated, metricValue } from './metric.ts';
import { type Objective, objectiveName } from './objective.ts';
import { FAULTS_OF_SERVER } from './pairs.ts';
import { quantileBoundsNs } from './quantile-bounds.ts';
import { significantGrowth } from './trend.ts';

/** Of the bounds of a quantile, each one-sided. */
export const CONFIDENCE = 0.95;

/** Growth over a step that is worth the word: so much of the median, and at least so long. */
const GROWTH_OF_MEDIAN = 0.5;
const GROWTH_NS = 1e6;
/** More seconds than this are taken together, so that a long step is judged as fast. */
const MOST_WINDOWS = 100;

/** Codes of invalid runs that are the server's own doing. */
const SERVERS_DOING = new Set([...FAULTS_OF_SERVER, 'too_few_samples']);
/** A client that the generator's own system refused to open says nothing of the server. */
const OUR_LIMIT = /EMFILE|ENFILE|EADDRNOTAVAIL|ENOBUFS|ENOMEM/;

type Judged = Pick<CapacityStep, 'outcome' | 'reasons' | 'figures'>;

function figureOf(objective: Objective, view: ResultView): ObjectiveFigure {
  const { expression, metric, unit, limit } = objective;
  const value = metricValue(metric, aggregate([view]));
  const histogram = isEstimated(metric) ? view.histogram(metric.series) : null;
  const bounds =
    value === null || histogram === null || !isEstimated(metric)
      ? { lowerNs: null, upperNs: null }
      : quantileBoundsNs(histogram, view.samples(metric.series), metric.quantile, CONFIDENCE);
  const judged = isEstimated(metric) ? bounds.upperNs : value;
  return {
    expression,
    metric: objectiveName(objective),
    unit,
    limit,
    value,
    lower: bounds.lowerNs,
    upper: bounds.upperNs,
    passed: judged === null ? null : objective.holds(judged),
  };
}

/** `fanout_last.p95 63.1 ms (upper bound 70.2 ms)`, `lost 12` */
export function figureText({ metric, unit, value, upper }: ObjectiveFigure): string {
  if (value === null) return `${metric} not known`;
  const bound = upper === null ? '' : ` (upper bound ${formatMetric(unit, upper)})`;
  return `${metric} ${formatMetric(unit, value)}${bound}`;
}

function missed(figures: readonly ObjectiveFigure[]): Finding[] {
  return figures
    .filter(({ passed }) => passed === false)
    .map((figure) => ({
      code: 'objective_missed',
      message: `${figureText(figure)}, not ${figure.expression}`,
    }));
}

/** The middles of the headline's seconds, by the time of receiving. */
function mediansNs({ result }: ResultView): number[] {
  const windows = headlineBySecond(result);
  const each = Math.ceil(windows.length / MOST_WINDOWS);
  return Array.from({ length: Math.floor(windows.length / Math.max(1, each)) }, (_, window) => {
    const all = new NsHistogram(64);
    for (const encoded of windows.slice(window * each, (window + 1) * each)) {
      all.add(NsHistogram.decode(encoded));
    }
    return all.quantileNs(0.5);
  });
}

/** A queue that grows slowly enough for the objective to hold to the end of the step. */
function findTrend(view: ResultView): Finding[] {
  const { headline } = view.result;
  const growthNs = significantGrowth(mediansNs(view)) ?? 0;
  const medianNs = view.histogram(headline)?.quantileNs(0.5) ?? 0;
  if (growthNs < Math.max(GROWTH_NS, medianNs * GROWTH_OF_MEDIAN)) return [];
  return [
    {
      code: 'latency_grows',
      message: `${headline} p50 (${formatNs(medianNs)}) grew by ${formatNs(growthNs)} over the step`,
    },
  ];
}

/** Reasons to disbelieve the run that are not the server's; none when the server ended it. */
function findInvalidReasons({ result: { invalid } }: ResultView): Finding[] {
  if (invalid.some(({ code }) => code === 'server_died')) return [];
  return invalid.filter(({ code, message }) => !SERVERS_DOING.has(code) || OUR_LIMIT.test(message));
}

/**
 * Whether one run passed: every objective holds, by its upper bound where it is a quantile, and latency does not
 * grow. It is spoilt, whatever its figures, when the generator or the machine was the limit, or when an objective
 * could not be judged and nothing else is amiss.
 */
export function judgeStep(view: ResultView, objectives: readonly Objective[]): Judged {
  const figures = objectives.map((objective) => figureOf(objective, view));
  const invalidReasons = findInvalidReasons(view);
  if (invalidReasons.length > 0) return { outcome: 'excluded', reasons: invalidReasons, figures };
  const overloads = view.result.findings.filter(({ code }) => code === 'server_overloaded');
  const growth = overloads.length === 0 ? findTrend(view) : [];
  const reasons = [...view.result.invalid, ...missed(figures), ...overloads, ...growth];
  if (reasons.length > 0) return { outcome: 'failed', reasons, figures };
  const unknown = figures.filter(({ passed }) => passed === null);
  return unknown.length === 0
    ? { outcome: 'passed', reasons: [], figures }
    : { outcome: 'excluded', reasons: unknown.map(unknownFinding), figures };
}

function unknownFinding(figure: ObjectiveFigure): Finding {
  return { code: 'too_few_samples', message: `${figure.metric} could not be judged: too few samples` };
}

/** Codes of errors that say that the server took no client any more. */
const REFUSED = new Set(['TARGET_UNREACHABLE', 'JOIN_UNANSWERED', 'SERVER_DIED']);

/** A run that measured nothing: the server's doing, or nobody's. */
export function judgeError(error: { readonly code: string; readonly message: string }): Judged {
  const isServers = REFUSED.has(error.code) && !OUR_LIMIT.test(error.message);
  const reason = findingOfError(error);
  return { outcome: isServers ? 'failed' : 'excluded', reasons: [reason], figures: [] };
}
