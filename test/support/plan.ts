import { findTarget, resolveTarget } from '../../src/cli/resolve.ts';
import type { GivenOptions } from '../../src/contract/options.ts';
import type { Scenario } from '../../src/contract/scenario.ts';
import { PLAN_OPTIONS } from '../../src/plan/options.ts';
import { buildPlan, type Plan, type PlannedRun, type TargetPlan } from '../../src/plan/plan.ts';
import { SETTING_NAMES, type Settings } from '../../src/plan/settings.ts';

/** The settings of a plan when none was given. */
export const NO_SETTINGS_GIVEN = Object.fromEntries(SETTING_NAMES.map((name) => [name, null])) as Settings;

/** A target without a server, with the given parts. */
export function targetWith(parts: Partial<TargetPlan> = {}): TargetPlan {
  return {
    name: 'made up',
    protocol: 'ws',
    url: null,
    exec: null,
    cwd: null,
    reference: null,
    file: null,
    namespace: null,
    pushes: null,
    messageFormat: null,
    droppable: false,
    allowRemote: null,
    ...parts,
  };
}

/** The plan of a scenario on a target that was resolved elsewhere. */
export function planOn(target: TargetPlan, scenario: Scenario, given: GivenOptions = {}): Plan {
  return buildPlan(scenario, given, () => target).plan;
}

/** The plan and the layout of a scenario, with the target resolved as the command line does. */
export async function planFor(scenario: Scenario, given: GivenOptions): Promise<PlannedRun> {
  const found = await findTarget(given['target'] ?? PLAN_OPTIONS.target.default);
  return buildPlan(scenario, given, (options, settings) => resolveTarget(found, options, settings));
}
