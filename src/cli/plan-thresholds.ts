import type { Layout, Scenario } from '../contract/scenario.ts';
import type { Plan } from '../plan/plan.ts';
import { seriesOfRun } from '../result/view.ts';
import { forecastRun } from '../run/forecast.ts';
import { type Forecast, foreseeThreshold, isForeseen, obstacleTo } from '../stats/threshold-forecast.ts';
import { metricsOf, parseThreshold, type Threshold } from '../stats/thresholds.ts';

/** Thresholds as they were written. */
export interface GivenThresholds {
  readonly ofConfig: readonly string[];
  readonly asked: readonly string[];
}

/** One arm before its first run. */
export interface PlannedArm {
  readonly scenario: Scenario;
  readonly plan: Plan;
  readonly layout: Layout;
  /** How many runs are taken together. */
  readonly runs: number;
}

/** What holds for a run, or for the head of a comparison. */
export interface PlannedThresholds {
  readonly thresholds: readonly Threshold[];
  /** What to warn of before anything starts. */
  readonly warnings: readonly string[];
}

/**
 * Reads all thresholds and holds them against what will be measured; `base` null for a run. Those of the config are
 * for every scenario, on `run` as on `gate`: one on what will not be measured is left out. Throws BAD_THRESHOLD.
 */
export function planThresholds(
  { ofConfig, asked }: GivenThresholds,
  head: PlannedArm,
  base: PlannedArm | null = null,
): PlannedThresholds {
  const { scenario } = head;
  const forecast = forecastArm(head);
  const ofBase = base === null ? null : forecastArm(base);
  // They may be on another scenario's own series, or need a base.
  const configured = ofConfig.map((expression) =>
    parseThreshold(expression, { ...scenario.series, ...seriesNamedIn(expression) }, { hasBase: true }),
  );
  const thresholds = [
    ...configured.filter((each) => isForeseen(each, forecast, ofBase)),
    ...asked.map((each) => parseThreshold(each, scenario.series, { hasBase: base !== null })),
  ];
  return {
    thresholds,
    warnings: [
      ...configured.flatMap((each) => leftOutBecause(each, scenario, forecast)),
      ...thresholds
        .map((each) => foreseeThreshold(each, forecast, ofBase))
        .filter((warning) => warning !== null)
        .map((warning) => `${warning}\nA longer run, a higher rate or more clients make more samples.`),
    ],
  };
}

function forecastArm({ plan, layout, scenario, runs }: PlannedArm): Forecast {
  return { runs, ...forecastRun({ plan, scenario, layout }) };
}

/** Every name before a dot, as if it were a series of the scenario. */
function seriesNamedIn(expression: string): Record<string, string> {
  const names = [...expression.matchAll(/\b(?:base\.)?([a-z][a-z0-9_]*)\.[a-z]/g)].map(
    ([, name = '']) => name,
  );
  return Object.fromEntries(names.filter((name) => name !== 'base').map((name) => [name, '']));
}

/** What to say of a threshold of the config that was not expected to be left out: mostly it is, and that is meant. */
function leftOutBecause(threshold: Threshold, scenario: Scenario, forecast: Forecast): string[] {
  const known = new Set(seriesOfRun(scenario.series).map(({ name }) => name));
  const because = metricsOf(threshold).flatMap(({ metric }) => {
    if ('series' in metric) return known.has(metric.series) ? [] : [`${scenario.name} has no such series`];
    return obstacleTo(metric, forecast)?.problem ?? [];
  });
  return because.slice(0, 1).map((why) => `"${threshold.expression}" of the config is left out: ${why}`);
}
