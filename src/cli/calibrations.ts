import { isSecure, isThisMachine } from '../contract/address.ts';
import type { GivenOptions } from '../contract/options.ts';
import type { Scenario } from '../contract/scenario.ts';
import { VERSION } from '../package.ts';
import { AUTO_WORKERS } from '../plan/options.ts';
import type { Plan, PlannedRun } from '../plan/plan.ts';
import {
  type CalibratedRun,
  type Calibration,
  calibrationFile,
  constantRateHz,
  isFloorOf,
  scenarioPrefix,
  setupOf,
  whyOtherSetup,
} from '../result/calibration.ts';
import { readCalibrations } from '../result/calibration-store.ts';
import type { RunResult } from '../result/run-result.ts';
import { allowedCpus, noAffinity } from '../run/affinity.ts';
import { chooseWorkers } from '../run/auto-workers.ts';
import { cgroupCpuLimit, readEnvironment } from '../run/environment.ts';

/** Why something has no floor, and what to do. */
export interface NoFloor {
  readonly problem: string;
  readonly hint: string;
}

/** Why a plan cannot have a floor: the null server cannot stand for its server. Null when it can. */
export function whyNoFloor(plan: Plan): NoFloor | null {
  const { target, transport, settings, profile } = plan;
  if (target.protocol === 'http' || transport !== 'websocket') {
    return {
      problem: `the null server supports the transport websocket only, not ${transport}`,
      hint: 'Give --transport websocket and a target that supports it.',
    };
  }
  if (constantRateHz(plan) === null) {
    const rates = profile.length > 1 ? `a profile of ${profile.length} stages` : 'a rate that changes';
    return { problem: `a floor needs a constant rate, not ${rates}`, hint: 'Give --rate 100/s.' };
  }
  const given = (['compression', 'recovery', 'parser'] as const).find(
    (name) => settings[name] === 'on' || settings[name] === 'msgpack',
  );
  if (given !== undefined) {
    return {
      problem: `the null server does not support --${given} ${settings[given]}`,
      hint: `Remove --${given}.`,
    };
  }
  const url = target.url === null ? null : URL.parse(target.url);
  if (url === null) return null;
  if (isSecure(url)) {
    return { problem: 'the null server does not support TLS', hint: 'Give a target without TLS.' };
  }
  if (isThisMachine(url)) return null;
  return {
    problem: 'the null server runs on this machine, and the target does not',
    hint: 'Give a target on this machine.',
  };
}

/** What is known of this machine before a run. */
function machineOf(plan: Plan): CalibratedRun {
  const undisturbed = { stealRatio: null, serverStealRatio: null, throttledMs: null, cpuPressureRatio: null };
  const environment = readEnvironment([], noAffinity(1), undisturbed, process.cwd());
  return { plan, environment, tool: { name: 'sockbench', version: VERSION } };
}

/** How many CPUs a run may use. */
export function usableCpus(): number {
  return Math.floor(Math.min(allowedCpus().length, cgroupCpuLimit() ?? Number.POSITIVE_INFINITY));
}

/** Chooses the workers of plans, and says which calibrations could not be read. */
export interface AutoWorkers {
  readonly problems: readonly string[];
  /** Replaces the number of workers of a plan that has --workers auto; any other plan is unchanged. */
  choose(planned: PlannedRun): PlannedRun;
}

/** Reads the calibrations that --workers auto needs; none where the number of workers is given. */
export async function readAutoWorkers(scenario: Scenario, asked: GivenOptions): Promise<AutoWorkers> {
  const { workers } = { ...scenario.defaults, ...asked };
  if (workers !== AUTO_WORKERS) return { problems: [], choose: (planned) => planned };
  const { calibrations, problems } = await readCalibrations(scenarioPrefix(scenario.name));
  const choose = (planned: PlannedRun) => {
    const setup = setupOf(machineOf(planned.plan));
    const fits = (each: Calibration) => each.capacity !== null && whyOtherSetup(each, setup) === null;
    return chooseWorkers(planned, calibrations.find(fits) ?? null, usableCpus());
  };
  return { problems, choose };
}

/** The floor that fits a result. */
export interface FoundFloor {
  readonly floor: RunResult['floor'];
  readonly problems: readonly string[];
}

/**
 * Finds the floor of a result: a calibration with the same setup and rate that has measured the same number of workers, and received as it did.
 * Null for a plan that can have none, and for a shard, whose run has several machines.
 */
export async function findFloor(result: RunResult): Promise<FoundFloor> {
  const rateHz = constantRateHz(result.plan);
  if (rateHz === null || result.shard !== null || whyNoFloor(result.plan) !== null) {
    return { floor: null, problems: [] };
  }
  const setup = setupOf(result);
  const { calibrations, problems } = await readCalibrations(calibrationFile(setup, rateHz), (each) =>
    each.rateHz === rateHz ? whyOtherSetup(each, setup) : `has the rate ${each.rateHz}/s, not ${rateHz}/s`,
  );
  const [calibration] = calibrations;
  const floor = calibration?.floors.find((each) => isFloorOf(each, result));
  if (calibration === undefined || floor === undefined) return { floor: null, problems };
  return { floor: { ...floor, calibratedAt: calibration.calibratedAt }, problems };
}
