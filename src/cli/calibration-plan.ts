import { type OptionTable, onOff, option } from '../contract/options.ts';
import { DEFAULT_SERVER_SETTINGS, NULL_SERVERS } from '../contract/server.ts';
import { fail } from '../errors.ts';
import type { Plan, PlannedRun } from '../plan/plan.ts';
import { constantRateHz } from '../result/calibration.ts';
import { samplesNeeded } from '../result/view.ts';
import { deliveriesPerMessage, mostWorkers } from '../run/auto-workers.ts';
import { forecastRun } from '../run/forecast.ts';
import type { CalibrationSearch } from '../stats/calibration-search.ts';
import { parseDurationMs } from '../units.ts';
import { usableCpus, whyNoFloor } from './calibrations.ts';
import { type Flags, readFlags } from './flags.ts';
import { readSource } from './plan-run.ts';
import { refuseProfile } from './profile.ts';
import { PROGRESS_OPTION, type ProgressFlags } from './progress/open.ts';

/** Flags of a calibration, beside those of every run. */
export const CALIBRATION_OPTIONS = {
  quick: option(null, 'false', 'about 20 s instead of two minutes, with fewer samples', onOff),
  searchTime: option(
    'TIME',
    null,
    'maximum time of the search for the capacity of a worker (default: 45s, or 15s with --quick)',
    parseDurationMs,
  ),
  progress: PROGRESS_OPTION,
  quiet: option(null, 'false', 'suppress progress output', onOff),
} as const satisfies OptionTable;

/** How long the parts of a calibration take. */
interface CalibrationLengths {
  readonly minFloorMs: number;
  readonly maxFloorMs: number;
  readonly stepMs: number;
  readonly warmupMs: number;
  readonly maxSteps: number;
  /** No step begins after this time. */
  readonly searchMs: number;
}

const USUAL_LENGTHS: CalibrationLengths = {
  minFloorMs: 5000,
  maxFloorMs: 10_000,
  stepMs: 2000,
  warmupMs: 1000,
  maxSteps: 12,
  searchMs: 45_000,
};
const QUICK_LENGTHS: CalibrationLengths = {
  minFloorMs: 2000,
  maxFloorMs: 2000,
  stepMs: 1000,
  warmupMs: 500,
  maxSteps: 5,
  searchMs: 15_000,
};

/** A calibration that may start. */
export interface PlannedCalibration {
  /** The rate of the plan, in messages per second. */
  readonly rateHz: number;
  readonly search: CalibrationSearch;
  readonly searchMs: number;
  /** The number of workers that was asked for; null where the capacity decides. */
  readonly askedWorkers: number | null;
  /** How many CPUs a run may use. */
  readonly cpus: number;
  /** A clock, for {@link searchMs}. */
  elapsedMs(): number;
  /** Beside one worker and the number that was asked for or chosen: whether two workers are measured too. */
  readonly alsoTwo: boolean;
  readonly deliveriesPerMessage: number;
  readonly shown: ProgressFlags;
  readonly warnings: readonly string[];
  /** The plan as it was asked for, before its server is the null server. */
  readonly asked: PlannedRun;
  /** Plans the run that measures the floor at a number of workers. */
  floorWith(workers: number): Promise<PlannedRun>;
  /** Plans a run of one worker at a rate, for its capacity. */
  stepAt(rateHz: number): Promise<PlannedRun>;
}

/** Checks everything before the first run. Throws NO_FLOOR for a plan that the null server cannot carry out. */
export async function planCalibration(name: string, flags: Flags): Promise<PlannedCalibration> {
  const { quick, quiet, progress, searchTime } = readFlags(CALIBRATION_OPTIONS, flags);
  const lengths = quick ? QUICK_LENGTHS : USUAL_LENGTHS;
  const { planWith, withinLimit, warnings } = await readSource(name, flags);
  const asked = await withinLimit(planWith);
  const { plan, layout } = asked;
  refuseProfile(plan, 'calibrate');
  const cpus = usableCpus();
  const rateHz = requireRate(asked);
  const durationMs = flags['duration'] === undefined ? floorMs(asked, lengths) : plan.durationMs;
  const timing = { warmup: `${lengths.warmupMs}ms`, drain: '2s' };
  const planned = async (varied: Readonly<Record<string, string>>) =>
    onNullServer(await withinLimit(() => planWith({ ...timing, ...varied })));
  return {
    rateHz,
    search: { fromHz: rateHz, maxSteps: lengths.maxSteps },
    searchMs: searchTime ?? lengths.searchMs,
    askedWorkers: plan.workersReason === null ? plan.workers : null,
    cpus,
    elapsedMs: () => performance.now(),
    alsoTwo: !quick && mostWorkers(plan.clients, cpus) >= 2,
    deliveriesPerMessage: deliveriesPerMessage(layout),
    shown: { quiet, progress },
    warnings,
    asked,
    floorWith: (workers) =>
      planned({
        workers: String(workers),
        rate: `${rateHz}/s`,
        duration: `${durationMs}ms`,
        warmupMax: `${3 * lengths.warmupMs}ms`,
      }),
    stepAt: (stepHz) =>
      planned({
        workers: '1',
        rate: `${stepHz}/s`,
        duration: `${lengths.stepMs}ms`,
        warmupMax: timing.warmup,
      }),
  };
}

function requireRate({ plan, layout }: PlannedRun): number {
  if (deliveriesPerMessage(layout) === 0) {
    fail('NO_FLOOR', `${plan.scenario} sends no messages, so there is no floor`, 'Choose another scenario.');
  }
  const why = whyNoFloor(plan);
  if (why !== null) fail('NO_FLOOR', `this plan cannot be calibrated: ${why.problem}`, why.hint);
  const rateHz = constantRateHz(plan);
  if (rateHz === null || rateHz <= 0) throw new Error('whyNoFloor has checked the rate');
  return rateHz;
}

/** Long enough for p99, as far as that is possible in the time for one floor. */
function floorMs(planned: PlannedRun, { minFloorMs, maxFloorMs }: CalibrationLengths): number {
  const { plan } = planned;
  const samples = forecastRun(planned).samples.get(plan.headline) ?? 0;
  const neededMs = samples > 0 ? (plan.durationMs * samplesNeeded(0.99)) / samples : minFloorMs;
  return Math.min(maxFloorMs, Math.max(minFloorMs, Math.ceil(neededMs)));
}

/** The same run with the null server in place of its target. Thresholds concern the target. */
function onNullServer({ scenario, plan, layout }: PlannedRun): PlannedRun {
  const { protocol, namespace } = plan.target;
  if (protocol === 'http') throw new Error('whyNoFloor has checked the protocol');
  const target: Plan['target'] = {
    name: NULL_SERVERS[protocol],
    protocol,
    url: null,
    exec: null,
    cwd: null,
    reference: {
      runtime: 'node',
      program: null,
      version: process.version,
      settings: { ...DEFAULT_SERVER_SETTINGS, namespace },
      hasNodes: false,
    },
    file: null,
    namespace,
    pushes: null,
    messageFormat: null,
    droppable: false,
    allowRemote: null,
  };
  return { scenario, layout, plan: Object.freeze({ ...plan, target, thresholds: [] }) };
}
