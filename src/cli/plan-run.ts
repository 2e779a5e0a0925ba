import { chat, type Mapping } from '../contract/mapping.ts';
import type { GivenOptions } from '../contract/options.ts';
import type { Scenario } from '../contract/scenario.ts';
import { fail, SockbenchError } from '../errors.ts';
import { mappingNeeds, unsupportedOperation } from '../generator/operations/index.ts';
import { PLAN_OPTIONS, type PlanOptions } from '../plan/options.ts';
import { buildPlan, type PlannedRun, type TargetPlan } from '../plan/plan.ts';
import type { SettingName } from '../plan/settings.ts';
import { list } from '../text.ts';
import { type LoadedConfig, loadConfig } from '../user-files/config-file.ts';
import { withinLimit } from '../user-files/interrupt.ts';
import { rehearseTarget } from '../user-files/rehearse.ts';
import { readAutoWorkers } from './calibrations.ts';
import { requireNodes } from './driver-choice.ts';
import {
  configuredOptions,
  type Flags,
  givenOptions,
  ownOptions,
  readFlags,
  SOURCE_OPTIONS,
} from './flags.ts';
import { requireProfilable } from './profile.ts';
import {
  type FoundTarget,
  findTarget,
  type ResolvedScenario,
  resolveScenario,
  resolveTarget,
  targetDefaults,
} from './resolve.ts';

/** The input of plans. Every file is read once, however many plans are made. */
export interface PlanSource {
  readonly scenario: Scenario;
  readonly config: LoadedConfig;
  /** Sentences to show before the first run. */
  readonly warnings: readonly string[];
  /**
   * Makes a plan, with the options in `varied` in place of the given ones; these must not concern the target. Throws a
   * SockbenchError for options that are not allowed, alone or together.
   */
  planWith(varied?: GivenOptions): PlannedRun;
  /** Runs work that makes plans, whose functions of the user have a limit. Throws USER_CODE_HANGS. */
  withinLimit<Value>(work: () => Value): Promise<Value>;
}

/** Options that a command sets between the config and the flags. `rate` is the rate that will hold. */
export type Presets = (flags: GivenOptions, rate: string) => GivenOptions;

/**
 * Reads the scenario, the config and the target. Options come, strongest first, from the flags, the presets of the
 * command, the config, the target and the scenario.
 */
export async function readSource(
  named: string | ResolvedScenario,
  flags: Flags,
  presets: Presets = () => ({}),
): Promise<PlanSource> {
  const { config: configFile, option } = readFlags(SOURCE_OPTIONS, flags);
  const { scenario, file } = typeof named === 'string' ? await resolveScenario(named) : named;
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
  const auto = await readAutoWorkers(scenario, asked);
  const mapping = found.kind === 'file' ? found.definition : chat;
  let isRehearsed = false;
  const files = [file, found.kind === 'file' ? found.file : null].filter((each) => each !== null);
  return {
    scenario,
    config,
    warnings: auto.problems,
    withinLimit: (work) => withinLimit(files, work),
    planWith(varied = {}) {
      const planned = auto.choose(buildPlan(scenario, { ...asked, ...varied }, targetOf, file));
      requireOperations(planned, mapping);
      requireProfilable(planned.plan);
      requireNodes(planned.plan);
      if (found.kind === 'file' && !isRehearsed) {
        rehearseTarget(found.definition, found.file, found.valuesOf, mappingNeeds(planned.layout), planned);
        isRehearsed = true;
      }
      return planned;
    },
  };
}

/**
 * Resolves the target when the first plan is made; later plans check only that there are enough clients. A transport
 * that the scenario requires is not an option that the user has to change.
 */
function targetResolver({ name, defaults }: Scenario, found: FoundTarget, asked: GivenOptions) {
  let resolved: TargetPlan | null = null;
  return (options: PlanOptions, settings: readonly SettingName[]): TargetPlan => {
    if (found.kind === 'file' && typeof found.definition.clients === 'string') {
      // A file has a row for each client, or this throws.
      void found.valuesOf(options.clients - 1);
    }
    try {
      resolved ??= resolveTarget(found, options, settings);
      return resolved;
    } catch (error) {
      const isRequired = asked['transport'] === undefined && defaults?.['transport'] !== undefined;
      if (!(error instanceof SockbenchError && error.code === 'BAD_TRANSPORT' && isRequired)) throw error;
      return fail(
        error.code,
        `the scenario ${name} requires --transport ${options.transport}, and ${error.message}`,
        'Choose another --target; sockbench list shows the transports of each.',
      );
    }
  };
}

/**
 * Checks that clients and target can do what the scenario asks for. Throws CLIENT_CANNOT for an operation that the
 * protocol does not have, TARGET_CANNOT for one that the target does not declare.
 */
function requireOperations({ scenario, plan, layout }: PlannedRun, mapping: Mapping): void {
  const { target } = plan;
  const { protocol } = target;
  const ofPopulations = plan.populations.filter(({ publishers }) => publishers > 0);
  const sending = plan.populations.length > 0 ? ofPopulations : [plan];
  for (const { transport } of sending) {
    const impossible = unsupportedOperation(layout, { protocol, transport });
    if (impossible === null) continue;
    fail(
      'CLIENT_CANNOT',
      `a client cannot send a ${impossible} over ${protocol} ${transport}`,
      'Raw WebSocket supports all operations: --target ws.',
    );
  }
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
