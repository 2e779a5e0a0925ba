import type { CalibrationStep, CapacityLimit } from '../result/calibration.ts';
import type { Finding } from '../result/findings.ts';
import { largest } from '../result/order-statistics.ts';
import { faultOf } from '../result/remedies.ts';
import { measuredProcesses } from '../result/telemetry.ts';
import type { ResultView } from '../result/view.ts';

/** A load that was tried, with its outcome. */
export type TriedLoad = Pick<CalibrationStep, 'rateHz' | 'outcome' | 'utilization'>;

export interface CalibrationSearch {
  /** The rate of the plan, which is tried first. */
  readonly fromHz: number;
  readonly maxSteps: number;
}

/** The utilization that the next rate aims at, while no rate was too high. */
const AIM = 0.65;
const MIN_GROWTH = 1.3;
const MAX_GROWTH = 8;
const USUAL_GROWTH = 2;
/** The rate after one that was too high, as long as none was carried. */
const SHRINK = 0.25;
const MIN_OF_START = 1 / 256;
/** The answer is exact enough when the lowest rate that was too high is at most so much above it. */
const RESOLUTION_RATIO = 1.15;
const HIGHEST_RATE_HZ = 1e6;
/** Rates are stored and given to plans in this precision. */
const RATE_DIGITS = 3;

/**
 * The next rate to try, in messages per second; null when the search is over. It grows by what the utilization of the
 * worker leaves room for until a rate is too high, and then halves the ratio between the highest rate that was carried and
 * the lowest one that was not. A disturbed run is repeated once.
 */
export function nextRateHz(
  tried: readonly TriedLoad[],
  { fromHz, maxSteps }: CalibrationSearch,
): number | null {
  const last = tried.at(-1);
  if (last === undefined) return fromHz;
  if (tried.length >= maxSteps) return null;
  if (last.outcome === 'disturbed') {
    const before = tried.at(-2);
    const isRepeated = before?.outcome === 'disturbed' && before.rateHz === last.rateHz;
    return isRepeated ? null : last.rateHz;
  }
  const carried = highestCarried(tried);
  const failedHz = tried
    .filter(({ outcome }) => outcome === 'behind' || outcome === 'server')
    .reduce((lowest, { rateHz }) => Math.min(lowest, rateHz), Number.POSITIVE_INFINITY);
  if (carried === null) {
    const nextHz = rounded(failedHz * SHRINK);
    return nextHz < fromHz * MIN_OF_START ? null : nextHz;
  }
  if (failedHz === Number.POSITIVE_INFINITY) return grown(carried);
  if (failedHz <= carried.rateHz * RESOLUTION_RATIO) return null;
  return rounded(Math.sqrt(carried.rateHz * failedHz));
}

function grown({ rateHz, utilization }: TriedLoad): number | null {
  const room = utilization === null || utilization <= 0 ? USUAL_GROWTH : AIM / utilization;
  const nextHz = rounded(rateHz * Math.min(MAX_GROWTH, Math.max(MIN_GROWTH, room)));
  return nextHz > HIGHEST_RATE_HZ ? null : nextHz;
}

function rounded(rateHz: number): number {
  return Number(rateHz.toPrecision(RATE_DIGITS));
}

/** The highest load below every load that was too high; a higher one that was carried by chance does not count. */
export function highestCarried<Load extends TriedLoad>(tried: readonly Load[]): Load | null {
  const failedHz = tried
    .filter(({ outcome }) => outcome === 'behind')
    .reduce((lowest, { rateHz }) => Math.min(lowest, rateHz), Number.POSITIVE_INFINITY);
  return tried
    .filter(({ outcome, rateHz }) => outcome === 'carried' && rateHz < failedHz)
    .reduce<Load | null>((best, each) => (best === null || each.rateHz > best.rateHz ? each : best), null);
}

/**
 * What ended the search: the outcome of the lowest load that was too high. Without one, disturbed runs did, or the
 * maximum of runs or of time (`none`).
 */
export function limitOf(tried: readonly TriedLoad[]): CapacityLimit {
  const failed = tried.filter(({ outcome }) => outcome === 'behind' || outcome === 'server');
  const [lowest] = failed.toSorted((a, b) => a.rateHz - b.rateHz);
  if (lowest === undefined) return tried.at(-1)?.outcome === 'disturbed' ? 'disturbed' : 'none';
  return lowest.outcome === 'behind' ? 'generator' : 'server';
}

/** Whether something else took the CPUs of the run: it says nothing about the generator or the null server. */
function isDisturbed({ code }: Finding): boolean {
  return faultOf({ code }) === 'machine' || faultOf({ code }) === 'user';
}

/** Judges a run on the null server: who was the limit, and why. */
export function judgeCalibrationRun({
  result,
}: ResultView): Pick<CalibrationStep, 'outcome' | 'utilization' | 'detail'> {
  const { invalid, findings } = result;
  const utilization = largest(
    measuredProcesses(result.telemetry.workers, result).map(({ measured }) => measured.workUtilization),
  );
  const detail = (found: readonly Finding[]) => found.map(({ message }) => message).join('; ');
  const machine = findings.filter(({ code }) => code === 'machine_overloaded');
  const disturbed = [...invalid.filter(isDisturbed), ...machine];
  if (disturbed.length > 0) return { outcome: 'disturbed', utilization, detail: detail(disturbed) };
  const behind = invalid.filter((finding) => faultOf(finding) === 'generator');
  if (behind.length > 0) return { outcome: 'behind', utilization, detail: detail(behind) };
  const overloaded = [...invalid, ...findings];
  if (overloaded.length > 0) return { outcome: 'server', utilization, detail: detail(overloaded) };
  return { outcome: 'carried', utilization, detail: '' };
}
