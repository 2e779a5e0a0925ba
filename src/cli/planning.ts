import { type LoadedConfig, loadConfig } from '../config-file.ts';
import { SockbenchError } from '../errors.ts';
import { type GivenOptions, parseOptions } from '../options.ts';
import { buildPlan, type Plan } from '../plan.ts';
import { PLAN_OPTIONS } from '../plan-options.ts';
import { seriesOfRun } from '../result/view.ts';
import { forecastSamples } from '../run/forecast.ts';
import type { Scenario } from '../scenario.ts';
import { foreseeThreshold, isForeseen, parseThreshold, type Threshold } from '../stats/thresholds.ts';
import { configuredOptions, givenOptions, ownOptions } from './flags.ts';
import { requireOperations } from './operations.ts';
import { type ResolvedTarget, resolveScenario, resolveTarget, targetDefaults } from './resolve.ts';

/** Flags that make up a plan, beside those of the tables of options. */
export interface PlanFlags {
  readonly config?: string | undefined;
  readonly option?: readonly string[] | undefined;
  readonly threshold?: readonly string[] | undefined;
}

/** A run that may start. */
export interface PlannedRun {
  readonly scenario: Scenario;
  readonly plan: Plan;
  readonly thresholds: readonly Threshold[];
  /** What to warn of before it starts. */
  readonly doubts: readonly string[];
  readonly config: LoadedConfig;
}

/**
 * Puts together what the command line, the config, the target file and the scenario say, in this order, and checks
 * it all. `options` are the other flags as commander read them.
 */
export async function planRun(
  name: string,
  { config: configFile, option = [], threshold: asked = [] }: PlanFlags,
  options: Readonly<Record<string, unknown>>,
): Promise<PlannedRun> {
  const { scenario, file } = await resolveScenario(name);
  const config = await loadConfig(configFile, Object.keys(PLAN_OPTIONS));
  const chosen = {
    ...config.given,
    ...configuredOptions(scenario, config),
    ...givenOptions(scenario, options),
    ...ownOptions(scenario, option),
  };
  const given = { ...(await targetDefaults(chosen)), ...chosen };
  const { target, mapping } = await resolveFor(scenario, given);
  const draft = buildPlan(scenario, target, given, [], file);
  requireOperations(scenario, draft, mapping);
  const forecast = forecastSamples(draft, scenario);
  // Those of the config are for every scenario that records their series, which may be another one's own.
  const ofConfig = config.threshold.map((expression) =>
    parseThreshold(expression, { ...scenario.series, ...seriesNamedIn(expression) }),
  );
  const configured = ofConfig.filter((each) => isForeseen(each, forecast));
  const thresholds = [...configured, ...asked.map((each) => parseThreshold(each, scenario.series))];
  const known = new Set(seriesOfRun(scenario.series).map(({ name }) => name));
  const unknown = ofConfig.filter(({ metric }) => 'series' in metric && !known.has(metric.series));
  const doubts = [
    ...unknown.map(
      ({ expression }) => `"${expression}" of the config is left out: ${scenario.name} has no such series`,
    ),
    ...thresholds
      .map((each) => foreseeThreshold(each, forecast))
      .filter((doubt) => doubt !== null)
      .map((doubt) => `${doubt}\nA longer run, a higher rate or more clients make more samples.`),
  ];
  const plan = { ...draft, thresholds: thresholds.map(({ expression }) => expression) };
  return { scenario, plan, thresholds, doubts, config };
}

function seriesNamedIn(expression: string): Record<string, string> {
  const [, series] = /^\s*([a-z][a-z0-9_]*)\./.exec(expression) ?? [];
  return series === undefined ? {} : { [series]: '' };
}

/** A transport that the scenario asks for by itself is not what the user has to change. */
async function resolveFor(scenario: Scenario, given: GivenOptions): Promise<ResolvedTarget> {
  const parsed = parseOptions(PLAN_OPTIONS, { ...scenario.defaults, ...given });
  try {
    return await resolveTarget(parsed, parsed.clients);
  } catch (error) {
    const isOwn = given['transport'] === undefined && scenario.defaults?.['transport'] !== undefined;
    if (!(error instanceof SockbenchError && error.code === 'BAD_TRANSPORT' && isOwn)) throw error;
    throw new SockbenchError({
      code: error.code,
      message: `the scenario ${scenario.name} is about --transport ${parsed.transport}, and ${error.message}`,
      hint: 'Take another --target; sockbench list shows the transports of each.',
    });
  }
}
