import type { ArmRun, PairOutcome, Round } from '../result/comparison.ts';
import type { Finding, RunResult } from '../result/run-result.ts';
import { type ResultView, samplesNeeded, viewResult } from '../result/view.ts';

/** Both arms of one round, measured and valid. */
export interface Pair {
  readonly round: number;
  readonly base: ResultView;
  readonly head: ResultView;
}

/** Something that an arm did, and where. */
export interface ArmFinding extends Finding {
  readonly arm: number;
  readonly round: number;
}

/** Every round is a pair or spoilt. */
export interface Pairing {
  readonly pairs: readonly Pair[];
  readonly excluded: PairOutcome['excluded'];
  /** What is no noise: one such run and nothing can be said. */
  readonly faults: readonly ArmFinding[];
}

/**
 * Findings of an invalid run that come of the server, not of the generator or the machine. Dropping such a pair
 * would hide what the comparison is there to find.
 */
export const FAULTS_OF_SERVER: ReadonlySet<string> = new Set(['server_died', 'clients_lost', 'sender_lost']);

const NOT_RUN: Finding = { code: 'not_run', message: 'was not run' };
const NOT_MEASURED: Finding = { code: 'not_measured', message: 'nothing was measured' };

const views = new WeakMap<RunResult, ResultView>();

/** A result is looked at after every round; its histograms are decoded once. */
function viewOf(result: RunResult): ResultView {
  const view = views.get(result) ?? viewResult(result);
  views.set(result, view);
  return view;
}

/** The rounds of two arms as pairs. A pair is dropped as a whole when either of its runs is invalid, whichever. */
export function pairUp(rounds: readonly Round[], headArm: number, baseArm = 0): Pairing {
  const pairs: Pair[] = [];
  const excluded: PairOutcome['excluded'] = [];
  const faults: ArmFinding[] = [];
  for (const { round, runs } of rounds) {
    const runOf = (arm: number) => runs.find((run) => run.arm === arm);
    const reasons = [...new Set([baseArm, headArm])].flatMap((arm) =>
      whyExcluded(runOf(arm)).map((finding) => ({ arm, ...finding })),
    );
    faults.push(
      ...reasons.filter(({ arm, code }) => isFault(code, runOf(arm))).map((each) => ({ ...each, round })),
    );
    const [base, head] = [runOf(baseArm)?.result, runOf(headArm)?.result];
    if (reasons.length > 0) excluded.push({ round, reasons });
    else if (base && head) pairs.push({ round, base: viewOf(base), head: viewOf(head) });
  }
  return { pairs, excluded, faults };
}

function whyExcluded(run: ArmRun | undefined): readonly Finding[] {
  if (run === undefined) return [NOT_RUN];
  if (run.error !== null) return [run.error];
  return run.result === null ? [NOT_MEASURED] : run.result.invalid;
}

/** A round ends with the first arm of which nothing could be measured; that those after it were not run is no fault. */
function isFault(code: string, run: ArmRun | undefined): boolean {
  if (run === undefined) return false;
  if (run.result === null || FAULTS_OF_SERVER.has(code)) return true;
  return code === 'too_few_samples' && sentEnough(run.result);
}

/** With random arrivals a run may have sent too little. What a server pushes on its own is its own doing: none is too few. */
function sentEnough({ rate, samples }: RunResult): boolean {
  return rate.sent >= samplesNeeded(0.5) || (samples.unit === 'push' && samples.count === 0);
}
