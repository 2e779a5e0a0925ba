import type { GivenOptions } from '../contract/options.ts';
import type { Layout, Scenario } from '../contract/scenario.ts';
import type { Mapping } from '../contract/target.ts';
import { fail, SockbenchError } from '../errors.ts';
import { mappingNeeds, unsupportedOperation } from '../generator/operations/index.ts';
import { PLAN_OPTIONS, type PlanOptions, type SettingName } from '../plan/options.ts';
import { buildPlan, type Plan, type PlannedRun, type TargetPlan } from '../plan/plan.ts';
import type { Threshold } from '../stats/thresholds.ts';
import { list } from '../text.ts';
import { type LoadedConfig, loadConfig } from '../user-files/config-file.ts';
import {
  configuredOptions,
  type Flags,
  givenOptions,
  ownOptions,
  readFlags,
  SOURCE_OPTIONS,
} from './flags.ts';
import { planThresholds } from './plan-thresholds.ts';
import {
  type FoundTarget,
  findTarget,
  mappingOf,
  resolveScenario,
  resolveTarget,
  targetDefaults,
} from './resolve.ts';

/** The input of plans. Every file is read once, however many plans are made. */
export interface PlanSource {
  readonly scenario: Scenario;
  readonly config: LoadedConfig;
  /**
   * Makes a plan, with the options in `varied` in place of the given ones; these must not concern the target. Throws a
   * SockbenchError for options that are not allowed, alone or together.
   */
  planWith(varied?: GivenOptions): PlannedRun;
}

/** Options that a command sets between the config and the flags. `rate` is the rate that will hold. */
export type Presets = (flags: GivenOptions, rate: string) => GivenOptions;

/**
 * Reads the scenario, the config and the target. Options come, strongest first, from the flags, the presets of the
 * command, the config, the target and the scenario.
 */
export async function readSource(
  name: string,
  flags: Flags,
  presets: Presets = () => ({}),
): Promise<PlanSource> {
  const { config: configFile, option } = readFlags(SOURCE_OPTIONS, flags);
  const { scenario, file } = await resolveScenario(name);
  const config = await loadConfig(configFile);
  const configured = { ...config.given, ...configuredOptions(scenario, config) };
  const given = { ...givenOptions(scenario, flags), ...ownOptions(scenario, option) };
  const { target = PLAN_OPTIONS.target.default, rate = PLAN_OPTIONS.rate.default } = {
    ...scenario.defaults,
    ...configured,
    ...given,
  };
  const chosen = { ...configured, ...presets(given, rate), ...given };
  const found = await findTarget(target);
  const asked = { ...targetDefaults(found), ...chosen };
  const targetOf = targetResolver(scenario, found, asked);
  return {
    scenario,
    config,
    planWith(varied = {}) {
      const planned = buildPlan(scenario, { ...asked, ...varied }, targetOf, file);
      requireOperations(planned, mappingOf(found));
      return planned;
    },
  };
}

/** Resolves the target when the first plan is made; later plans check only that there are enough clients. */
function targetResolver(scenario: Scenario, found: FoundTarget, asked: GivenOptions) {
  let resolved: TargetPlan | null = null;
  return (options: PlanOptions, settings: readonly SettingName[]): TargetPlan => {
    if (found.kind === 'file') found.valuesOf(options.clients - 1);
    resolved ??= resolveFor(scenario, found, asked, options, settings);
    return resolved;
  };
}

/** A transport that the scenario requires is not an option that the user has to change. */
function resolveFor(
  scenario: Scenario,
  found: FoundTarget,
  asked: GivenOptions,
  options: PlanOptions,
  settings: readonly SettingName[],
): TargetPlan {
  try {
    return resolveTarget(found, options, settings);
  } catch (error) {
    const isRequired = asked['transport'] === undefined && scenario.defaults?.['transport'] !== undefined;
    if (!(error instanceof SockbenchError && error.code === 'BAD_TRANSPORT' && isRequired)) throw error;
    return fail(
      error.code,
      `the scenario ${scenario.name} requires --transport ${options.transport}, and ${error.message}`,
      'Choose another --target; sockbench list shows the transports of each.',
    );
  }
}

/**
 * Checks that clients and target can do what the scenario asks for. Throws CLIENT_CANNOT for an operation that the
 * protocol does not have, TARGET_CANNOT for one that the target does not declare.
 */
function requireOperations({ scenario, plan, layout }: PlannedRun, mapping: Mapping): void {
  requireSpeech(layout, plan);
  const { target } = plan;
  const missing = mappingNeeds(layout).filter((name) => mapping[name] === undefined);
  if (missing.length === 0) return;
  fail(
    'TARGET_CANNOT',
    `the scenario ${scenario.name} needs the target to declare ${list(missing)}, and ${target.file ?? target.name} does not`,
    target.file === null
      ? 'Describe your server in a target file; sockbench init writes one to start from.'
      : `Add ${list(missing)} to the target file; docs/your-own-server.md shows how.`,
  );
}

function requireSpeech(layout: Layout, { target: { protocol }, transport }: Plan): void {
  const impossible = unsupportedOperation(layout, { protocol, transport });
  if (impossible === null) return;
  fail(
    'CLIENT_CANNOT',
    `a client cannot send a ${impossible} over ${protocol} ${transport}`,
    'Raw WebSocket supports all operations: --target ws.',
  );
}

/** A run that may start, with its thresholds. */
export interface JudgedRun extends PlannedRun {
  readonly thresholds: readonly Threshold[];
  /** Sentences to show before the run starts. */
  readonly warnings: readonly string[];
  readonly config: LoadedConfig;
}

/** Plans one run with its thresholds: those of the config, then `asked`. */
export async function planRun(
  name: string,
  flags: Flags,
  asked: readonly string[],
  presets?: Presets,
): Promise<JudgedRun> {
  const { config, planWith } = await readSource(name, flags, presets);
  const planned = planWith();
  const written = { ofConfig: config.threshold, asked };
  const { thresholds, warnings } = planThresholds(written, { ...planned, runs: 1 });
  const expressions = thresholds.map(({ expression }) => expression);
  const plan = Object.freeze({ ...planned.plan, thresholds: expressions });
  return { ...planned, plan, thresholds, warnings, config };
}
