import type { Scenario } from '../contract/scenario.ts';
import type { PlannedRun } from '../plan/plan.ts';
import { seriesOfRun } from '../result/view.ts';
import { forecastRun } from '../run/forecast.ts';
import { type ExpectedRuns, isAvailable, shortfallOf, warnOfThreshold } from '../stats/expectation.ts';
import { metricsOf, parseThreshold, type Threshold } from '../stats/thresholds.ts';

/** Thresholds as they were written. */
export interface GivenThresholds {
  readonly ofConfig: readonly string[];
  readonly asked: readonly string[];
}

/** One arm before its first run. */
export interface PlannedArm extends PlannedRun {
  /** How many runs are taken together. */
  readonly runs: number;
}

/** The thresholds of a run, or of the heads of a comparison. */
export interface PlannedThresholds {
  readonly thresholds: readonly Threshold[];
  readonly warnings: readonly string[];
}

/**
 * Reads all thresholds and checks them against what will be measured; `base` is null for a run. Thresholds of the config
 * apply to every scenario, so one on a metric that will not be measured is left out. Throws BAD_THRESHOLD.
 */
export function planThresholds(
  { ofConfig, asked }: GivenThresholds,
  head: PlannedArm,
  base: PlannedArm | null = null,
): PlannedThresholds {
  const { scenario, runs } = head;
  const expected: ExpectedRuns = {
    head: forecastRun(head),
    base: base === null ? null : forecastRun(base),
    runs,
  };
  // They may be on another scenario's own series, or need a base.
  const configured = ofConfig.map((expression) =>
    parseThreshold(expression, { ...scenario.series, ...seriesNamedIn(expression) }, { hasBase: true }),
  );
  const thresholds = [
    ...configured.filter((each) => isAvailable(each, expected)),
    ...asked.map((each) => parseThreshold(each, scenario.series, { hasBase: base !== null })),
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
function seriesNamedIn(expression: string): Record<string, string> {
  const names = [...expression.matchAll(/\b(?:base\.)?([a-z][a-z0-9_]*)\.[a-z]/g)].map(
    ([, name = '']) => name,
  );
  return Object.fromEntries(names.filter((name) => name !== 'base').map((name) => [name, '']));
}

/** A warning for a threshold of the config that is left out unexpectedly. A series that another scenario has is expected. */
function leftOutBecause(threshold: Threshold, scenario: Scenario, { head }: ExpectedRuns): string[] {
  const known = new Set(seriesOfRun(scenario.series).map(({ name }) => name));
  const because = metricsOf(threshold).flatMap(({ metric }) => {
    if ('series' in metric) return known.has(metric.series) ? [] : [`${scenario.name} has no such series`];
    const shortfall = shortfallOf(metric, 0, head);
    return shortfall?.kind === 'unavailable' ? [shortfall.problem] : [];
  });
  return because.slice(0, 1).map((why) => `"${threshold.expression}" of the config is left out: ${why}`);
}
