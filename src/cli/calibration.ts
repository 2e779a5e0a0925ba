import { EXIT, SockbenchError } from '../errors.ts';
import type { PlannedRun } from '../plan/plan.ts';
import { type Calibration, type CalibrationStep, type Floor, floorOf } from '../result/calibration.ts';
import type { RunResult } from '../result/run-result.ts';
import { viewResult } from '../result/view.ts';
import { chooseWorkers } from '../run/auto-workers.ts';
import { highestCarried, limitOf, nextRateHz } from '../stats/calibration-search.ts';
import { plural } from '../text.ts';
import { formatNumber } from '../units.ts';
import type { PlannedCalibration } from './calibration-plan.ts';

/** A run on the null server, with its outcome. */
export interface MeasuredStep {
  readonly result: RunResult;
  readonly step: CalibrationStep;
}

/** Carries out a run on the null server. */
export type MeasureOnNull = (label: string, planned: PlannedRun) => Promise<MeasuredStep>;

/** What a calibration has measured; `first` is a run that was not disturbed, of whose machine and plan it is. */
export interface FoundCalibration {
  readonly floors: Floor[];
  readonly steps: readonly CalibrationStep[];
  readonly first: RunResult;
}

/**
 * Measures the floor of one worker, the capacity of one worker, and the floors of more. Returns why nothing is stored
 * where a floor was disturbed, or no number of workers carries the plan.
 */
export async function measureCalibration(
  measure: MeasureOnNull,
  planned: PlannedCalibration,
): Promise<FoundCalibration | string> {
  const { asked, askedWorkers, alsoTwo } = planned;
  const floorRun = async (workers: number) => {
    const label = `floor of ${plural(workers, 'worker')}`;
    const first = await measure(label, await planned.floorWith(workers));
    return first.step.outcome === 'disturbed' ? measure(label, await planned.floorWith(workers)) : first;
  };
  const first = await floorRun(1);
  if (first.step.outcome === 'disturbed') return first.step.detail;
  const steps = await searchWorkerCapacity(measure, planned, first.step);
  const auto = { ...asked, plan: { ...asked.plan, workersReason: '' } };
  const found = { capacity: capacityOf(steps), calibratedAt: '' };
  const chosen = chooseWorkers(auto, found, planned.cpus).plan.workers;
  const floors = first.step.outcome === 'carried' ? [floorOf(viewResult(first.result))] : [];
  for (const workers of new Set([alsoTwo ? 2 : 1, askedWorkers ?? chosen])) {
    if (workers === 1) continue;
    const { result, step } = await floorRun(workers);
    if (step.outcome === 'disturbed') return step.detail;
    if (step.outcome === 'carried') floors.push(floorOf(viewResult(result)));
  }
  if (floors.length === 0) return `this plan is too much for this machine: ${first.step.detail}`;
  return { floors, steps, first: first.result };
}

/** Searches the highest load of one worker; the run of the floor is the first step. */
async function searchWorkerCapacity(
  measure: MeasureOnNull,
  { search, searchMs, stepAt, elapsedMs }: PlannedCalibration,
  first: CalibrationStep,
): Promise<CalibrationStep[]> {
  const steps = [first];
  const untilMs = elapsedMs() + searchMs;
  while (elapsedMs() < untilMs) {
    const rateHz = nextRateHz(steps, search);
    if (rateHz === null) break;
    try {
      const { step } = await measure(`one worker at ${formatNumber(rateHz)}/s`, await stepAt(rateHz));
      steps.push(step);
    } catch (error) {
      steps.push(failedStep(error, rateHz, first));
      break;
    }
  }
  return steps;
}

/** A step whose run measured nothing. Throws what is no failure of a run, such as a stop by the user. */
function failedStep(error: unknown, rateHz: number, first: CalibrationStep): CalibrationStep {
  const isFailure =
    error instanceof SockbenchError && error.exitCode === EXIT.invalid && error.code !== 'INTERRUPTED';
  if (!isFailure) throw error;
  const deliveriesHz = (first.deliveriesHz * rateHz) / first.rateHz;
  return { rateHz, deliveriesHz, outcome: 'disturbed', utilization: null, detail: error.message };
}

export function capacityOf(steps: readonly CalibrationStep[]): Calibration['capacity'] {
  const carried = highestCarried(steps);
  if (carried === null) return null;
  return { deliveriesHz: carried.deliveriesHz, limit: limitOf(steps), steps: [...steps] };
}
