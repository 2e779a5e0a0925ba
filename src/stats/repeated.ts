import { aggregate } from '../result/aggregate.ts';
import type { Finding } from '../result/findings.ts';
import { formatMetric } from '../result/metrics.ts';
import {
  excessText,
  type Repeated,
  type RepeatedStart,
  type StartFigure,
  startsDiffer,
} from '../result/repeated.ts';
import { viewResult } from '../result/view.ts';
import { list, plural } from '../text.ts';
import { type Metric, metricUnit, missingBecause } from './metric.ts';
import { isFault } from './pairs.ts';
import {
  boundsOverStarts,
  figuresOfStarts,
  isCountOfRun,
  medianInterval,
  type ValidStart,
  valueOverStarts,
  valuesOfStarts,
} from './starts.ts';
import { judgeBySource, judgeRunThresholds, type MetricSource, type Threshold } from './thresholds.ts';

/** What follows from the starts of a repeated run. */
type Summary = Pick<Repeated, 'excluded' | 'invalid' | 'notes' | 'figures' | 'thresholds'>;

/** Why a start is in no figure; none for a valid one. */
export function whyStartExcluded({ result, error }: Omit<RepeatedStart, 'start'>): readonly Finding[] {
  if (error !== null) return [error];
  return result?.invalid ?? [{ code: 'not_measured', message: 'nothing was measured' }];
}

const isStopped = (reasons: readonly Finding[]) => reasons.some(({ code }) => code === 'interrupted');

/**
 * Whether so many of the starts asked for are excluded that the rest cannot be more than half of them. With more than
 * half, the median of all of them lies among the valid ones, regardless of the values of the excluded ones.
 */
export function isSettledInvalid(starts: readonly RepeatedStart[], repeat: number): boolean {
  const reasons = starts.map(whyStartExcluded);
  return reasons.filter((each) => each.length > 0 && !isStopped(each)).length * 2 >= repeat;
}

/** Computes the figures over all valid starts, and judges them. Pure: the same starts give the same summary. */
export function summarizeStarts(
  design: Repeated['design'],
  starts: readonly RepeatedStart[],
  thresholds: readonly Threshold[],
): Summary {
  const valid = starts.flatMap((each): ValidStart[] =>
    each.result === null || whyStartExcluded(each).length > 0
      ? []
      : [{ start: each.start, view: viewResult(each.result) }],
  );
  const excluded = starts
    .map((each) => ({ start: each.start, reasons: [...whyStartExcluded(each)] }))
    .filter(({ reasons }) => reasons.length > 0);
  const figures = figuresOfStarts(valid);
  return {
    excluded,
    invalid: whyInvalid(design, starts, valid.length),
    notes: notesOfStarts(design, figures),
    figures,
    thresholds: thresholds.map((each) => judgeOverStarts(each, valid)),
  };
}

/**
 * A server that failed by itself in one of the starts makes the whole invalid, as it makes a run: leaving out that start
 * would hide what the server did.
 */
function whyInvalid(
  { repeat }: Repeated['design'],
  starts: readonly RepeatedStart[],
  valid: number,
): Finding[] {
  const faults = starts.flatMap((each): Finding[] => {
    const reasons = whyStartExcluded(each);
    const first = isStopped(reasons) ? undefined : reasons.find((reason) => isFault(reason, each));
    return first === undefined ? [] : [{ ...first, message: `start ${each.start}: ${first.message}` }];
  });
  if (faults.length > 0) return faults;
  const ended = starts.filter((each) => !isStopped(whyStartExcluded(each)));
  if (ended.length === 0)
    return [{ code: 'interrupted', message: 'no start was complete when it was stopped' }];
  if (valid * 2 > ended.length) return [];
  const [example] = ended.flatMap((each) => whyStartExcluded(each));
  // It ends early when no more than half of the planned starts can be valid.
  const of = isSettledInvalid(starts, repeat) ? repeat : ended.length;
  const count = `${ended.length - valid} of ${plural(of, 'start')} are invalid, and more than half must be valid`;
  return [{ code: 'excluded_starts', message: `${count}; for example: ${example?.message}` }];
}

/** Quantiles in which the starts differ by more than their own intervals explain, in one sentence. */
function notesOfStarts({ restartsServer }: Repeated['design'], figures: readonly StartFigure[]): Finding[] {
  const differing = figures.filter((figure) => startsDiffer(figure) === true);
  const [message, code] = [startsDifferText(differing), 'starts_differ' as const];
  const running =
    'the server was already running: each start had new generator processes, but the same server process';
  return [
    ...(differing.length === 0 ? [] : [{ code, message }]),
    ...(restartsServer ? [] : [{ code: 'server_not_restarted' as const, message: running }]),
  ];
}

/**
 * `starts differ by 14 % in delivery.p50, more than one run's own interval of 3 % explains: one start is not enough`;
 * other figures in which they do are named.
 */
function startsDifferText([first, ...others]: readonly StartFigure[]): string {
  const { spread = null, withinRun = null, metric = '' } = first ?? {};
  const own = excessText(withinRun ?? 1);
  const also = others.length === 0 ? '' : ` (also in ${list(others.map((each) => each.metric))})`;
  return `starts differ by ${excessText(spread ?? 1)} in ${metric}, more than one run's own interval of ${own} explains${also}: one start is not enough`;
}

/** Where thresholds on a repeated run look their values up. */
function sourceOfStarts(valid: readonly ValidStart[]): MetricSource {
  const views = valid.map(({ view }) => view);
  const all = aggregate(views);
  // A time that did not end in one start is not hidden by the others.
  const isEndless = (metric: Metric) => metric.kind === 'figure' && all.endless(metric.name) !== null;
  const value = (metric: Metric) =>
    isEndless(metric) ? Number.POSITIVE_INFINITY : valueOverStarts(metric, views);
  return {
    value,
    bounds: (metric) => boundsOverStarts(metric, views),
    text(metric) {
      const middle = value(metric);
      if (views.length === 0) return 'no start is valid';
      if (isEndless(metric)) return missingBecause(metric, all);
      const shown = (each: number) => formatMetric(metricUnit(metric), each);
      const values = valuesOfStarts(metric, views);
      if (middle === null) {
        const without = views[values.indexOf(null)];
        return missingBecause(metric, aggregate(without === undefined ? views : [without]));
      }
      if (isCountOfRun(metric)) return `${shown(middle)} in ${plural(views.length, 'start')}`;
      const interval = medianInterval(values.filter((each) => each !== null));
      const range = interval === null ? '' : ` (${shown(interval.lower)} to ${shown(interval.upper)})`;
      return `${shown(middle)}${range}`;
    },
  };
}

function judgeOverStarts(threshold: Threshold, valid: readonly ValidStart[]): Repeated['thresholds'][number] {
  const each = valid
    .flatMap(({ view }) => judgeRunThresholds(view.result, [threshold]))
    .filter(({ passed }) => passed !== null);
  return {
    ...judgeBySource(threshold, sourceOfStarts(valid)),
    metIn: each.filter(({ passed }) => passed === true).length,
    judgedIn: each.length,
  };
}
