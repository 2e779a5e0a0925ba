import { type GivenOptions, parseOptions } from '../contract/options.ts';
import type { Scenario } from '../contract/scenario.ts';
import { SockbenchError } from '../errors.ts';
import { PLAN_OPTIONS } from '../plan/options.ts';
import { buildPlan, type Plan } from '../plan/plan.ts';
import type { Threshold } from '../stats/thresholds.ts';
import { type LoadedConfig, loadConfig } from '../user-files/config-file.ts';
import { configuredOptions, givenOptions, ownOptions } from './flags.ts';
import { requireOperations } from './operations.ts';
import { planThresholds } from './plan-thresholds.ts';
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
  readonly warnings: readonly string[];
  readonly config: LoadedConfig;
}

/**
 * Puts together what the command line, the config, the target file and the scenario say, in this order, and checks
 * it all. `options` are the other flags as commander read them; `timing` is what a command makes of the config, and
 * of nothing said.
 */
export async function planRun(
  name: string,
  { config: configFile, option = [], threshold: asked = [] }: PlanFlags,
  options: Readonly<Record<string, unknown>>,
  timing: (flags: GivenOptions, rate: string) => GivenOptions = () => ({}),
): Promise<PlannedRun> {
  const { scenario, file } = await resolveScenario(name);
  const config = await loadConfig(configFile, Object.keys(PLAN_OPTIONS));
  const configured = { ...config.given, ...configuredOptions(scenario, config) };
  const flags = { ...givenOptions(scenario, options), ...ownOptions(scenario, option) };
  const rate =
    flags['rate'] ?? configured['rate'] ?? scenario.defaults?.['rate'] ?? PLAN_OPTIONS.rate.default;
  const chosen = { ...configured, ...timing(flags, rate), ...flags };
  const given = { ...(await targetDefaults(chosen)), ...chosen };
  const { target, mapping } = await resolveFor(scenario, given);
  const draft = buildPlan(scenario, target, given, [], file);
  requireOperations(scenario, draft, mapping);
  const written = { ofConfig: config.threshold, asked };
  const { thresholds, warnings } = planThresholds(written, { scenario, plan: draft, runs: 1 });
  const plan = { ...draft, thresholds: thresholds.map(({ expression }) => expression) };
  return { scenario, plan, thresholds, warnings, config };
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
