import { fail } from '../errors.ts';
import type { FigureName } from '../result/metrics.ts';
import { samplesNeeded } from '../result/view.ts';
import { formatCount } from '../units.ts';
import { type ArmMetric, armMetricName } from './condition.ts';
import { isEstimated, type Metric } from './metric.ts';
import { metricsOf, type Threshold } from './thresholds.ts';

/** Why a run will not have a value, and what to do. */
export interface Obstacle {
  readonly problem: string;
  readonly hint: string;
}

/** What is known of a run before it starts. */
export interface Expectation {
  /**
   * The series that the run may record, each with the number of independent samples that it will have at most; null
   * where only the run can show it.
   */
  readonly samples: ReadonlyMap<string, number | null>;
  /** Figures that the run will not have. */
  readonly unavailable: ReadonlyMap<FigureName, Obstacle>;
}

/** A metric that a run will not have, or will have too few samples for. */
export type Shortfall =
  | { readonly kind: 'unavailable'; readonly problem: string; readonly hint: string }
  | { readonly kind: 'short'; readonly planned: number; readonly needed: number };

/** The independent samples that a metric needs to be reported: 0 for counts and figures. */
export function neededSamples(metric: Metric): number {
  if (!('series' in metric)) return 0;
  return isEstimated(metric) ? samplesNeeded(metric.quantile) : 1;
}

/**
 * What speaks against a metric in `runs` runs that are taken together, where `needed` independent samples are needed;
 * null when nothing does. Thresholds, objectives and gating metrics are all checked by it.
 */
export function shortfallOf(
  metric: Metric,
  needed: number,
  { samples, unavailable }: Expectation,
  runs = 1,
): Shortfall | null {
  if (metric.kind === 'figure') {
    const obstacle = unavailable.get(metric.name);
    return obstacle === undefined ? null : { kind: 'unavailable', ...obstacle };
  }
  if (!('series' in metric)) return null;
  const ofOne = samples.get(metric.series);
  if (ofOne === undefined) {
    const recorded = [...samples.keys()].join(', ');
    const problem = `this run will not record "${metric.series}", but ${recorded}`;
    return { kind: 'unavailable', problem, hint: 'Use one of them.' };
  }
  if (ofOne === null || ofOne * runs >= needed) return null;
  return { kind: 'short', planned: ofOne * runs, needed };
}

/** The runs that a threshold is judged on, before they start; `base` null where there is none. */
export interface ExpectedRuns {
  readonly head: Expectation;
  readonly base: Expectation | null;
  /** How many runs of an arm are taken together. */
  readonly runs: number;
}

/** Whether the runs may have a value of everything that a threshold names. */
export function isAvailable(threshold: Threshold, { head, base }: ExpectedRuns): boolean {
  return metricsOf(threshold).every(({ arm, metric }) => {
    const expected = arm === 'base' ? base : head;
    return expected !== null && shortfallOf(metric, 0, expected)?.kind !== 'unavailable';
  });
}

/**
 * Why a threshold will not be judged, as far as that is known before the run; null when nothing speaks against it.
 * Throws BAD_THRESHOLD where the run will have no value at all.
 */
export function warnOfThreshold(threshold: Threshold, { head, base, runs }: ExpectedRuns): string | null {
  const { expression, clauses } = threshold;
  const metrics = metricsOf(threshold);
  const shortages = metrics.flatMap((each) => {
    const expected = each.arm === 'base' ? (base ?? head) : head;
    const shortfall = shortfallOf(each.metric, neededSamples(each.metric), expected, runs);
    if (shortfall === null) return [];
    if (shortfall.kind === 'short') return shortageText(each, shortfall, runs, metrics.length === 1);
    return fail('BAD_THRESHOLD', `--threshold "${expression}": ${shortfall.problem}`, shortfall.hint);
  });
  if (shortages.length === 0) return null;
  // Another clause may fail and so decide.
  const outcome = clauses.length === 1 ? 'will not be judged' : 'may not be judged';
  return `--threshold "${expression}" ${outcome}: ${shortages.join('; ')}`;
}

function shortageText(
  each: ArmMetric,
  { planned, needed }: Extract<Shortfall, { kind: 'short' }>,
  runs: number,
  isAlone: boolean,
): string {
  const who = isAlone ? 'it' : armMetricName(each);
  const plans = runs === 1 ? 'this run plans' : `${formatCount(runs)} runs plan`;
  return `${who} needs ${formatCount(needed)} independent samples, and ${plans} ${formatCount(planned)}`;
}
