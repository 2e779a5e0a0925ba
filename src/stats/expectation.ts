import { fail } from '../errors.ts';
import type { FigureName } from '../result/metrics.ts';
import { samplesNeeded, seriesOfRun } from '../result/view.ts';
import { formatCount } from '../units.ts';
import { armMetricName } from './condition.ts';
import { isEstimated, type Metric, type OwnSeries } from './metric.ts';
import { metricsOf, parseThreshold, type Threshold } from './thresholds.ts';

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
type Shortfall =
  | ({ readonly kind: 'unavailable' } & Obstacle)
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
    if (shortfall.kind === 'unavailable') {
      return fail('BAD_THRESHOLD', `--threshold "${expression}": ${shortfall.problem}`, shortfall.hint);
    }
    const who = metrics.length === 1 ? 'it' : armMetricName(each);
    const plans = runs === 1 ? 'this run plans' : `${formatCount(runs)} runs plan`;
    return `${who} needs ${formatCount(shortfall.needed)} independent samples, and ${plans} ${formatCount(shortfall.planned)}`;
  });
  if (shortages.length === 0) return null;
  // Another clause may fail and so decide.
  const outcome = clauses.length === 1 ? 'will not be judged' : 'may not be judged';
  return `--threshold "${expression}" ${outcome}: ${shortages.join('; ')}`;
}

/** The scenario that thresholds are judged on, with its own series. */
interface JudgedScenario {
  readonly name: string;
  readonly series?: OwnSeries;
}

/**
 * Reads all thresholds and checks them against what will be measured. Thresholds of the config apply to every scenario,
 * so one on a metric that will not be measured is left out. Throws BAD_THRESHOLD.
 */
export function planThresholds(
  { ofConfig, asked }: { readonly ofConfig: readonly string[]; readonly asked: readonly string[] },
  scenario: JudgedScenario,
  expected: ExpectedRuns,
): { readonly thresholds: readonly Threshold[]; readonly warnings: readonly string[] } {
  // They may be on another scenario's own series, or need a base.
  const configured = ofConfig.map((expression) =>
    parseThreshold(expression, { ...scenario.series, ...seriesNamedIn(expression) }, { hasBase: true }),
  );
  const thresholds = [
    ...configured.filter((each) => isAvailable(each, expected)),
    ...asked.map((each) => parseThreshold(each, scenario.series, { hasBase: expected.base !== null })),
  ];
  return {
    thresholds,
    warnings: [
      ...configured.flatMap((each) => leftOutBecause(each, scenario, expected)),
      ...thresholds
        .map((each) => warnOfThreshold(each, expected))
        .filter((warning) => warning !== null)
        .map((warning) => `${warning}\nA longer run, a higher rate or more clients make more samples.`),
    ],
  };
}

/** Every name before a dot, as if it were a series of the scenario. */
function seriesNamedIn(expression: string): OwnSeries {
  const names = [...expression.matchAll(/\b(?:base\.)?([a-z][a-z0-9_]*)\.[a-z]/g)].map(
    ([, name = '']) => name,
  );
  return Object.fromEntries(names.filter((name) => name !== 'base').map((name) => [name, '']));
}

/** A warning for a threshold of the config that is left out unexpectedly. A series that another scenario has is expected. */
function leftOutBecause(threshold: Threshold, scenario: JudgedScenario, { head }: ExpectedRuns): string[] {
  const known = new Set(seriesOfRun(scenario.series).map(({ name }) => name));
  const because = metricsOf(threshold).flatMap(({ metric }) => {
    if ('series' in metric) return known.has(metric.series) ? [] : [`${scenario.name} has no such series`];
    const shortfall = shortfallOf(metric, 0, head);
    return shortfall?.kind === 'unavailable' ? [shortfall.problem] : [];
  });
  return because.slice(0, 1).map((why) => `"${threshold.expression}" of the config is left out: ${why}`);
}
