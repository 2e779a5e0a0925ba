import type { PairOutcome, Round } from '../result/comparison.ts';
import type { Finding, RunResult } from '../result/schema.ts';
import { type ResultView, viewResult } from '../result/view.ts';

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

export interface Pairing {
  readonly pairs: readonly Pair[];
  readonly spoilt: PairOutcome['spoilt'];
  /** What is no noise: one such run and nothing can be said. */
  readonly faults: readonly ArmFinding[];
}

/**
 * Findings of an invalid run that come of the server, not of the generator or the machine. Dropping such a pair
 * would hide what the comparison is there to find.
 */
const FAULTS_OF_SERVER: ReadonlySet<string> = new Set(['server_died', 'clients_lost', 'too_few_samples']);

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
  const spoilt: PairOutcome['spoilt'] = [];
  const faults: ArmFinding[] = [];
  for (const { round, runs } of rounds) {
    const ours = runs.filter(({ arm }) => arm === baseArm || arm === headArm);
    const reasons = ours.flatMap(({ arm, result, error }) =>
      (error === null ? (result?.invalid ?? []) : [error]).map((finding) => ({ arm, ...finding })),
    );
    const isFault = ({ code }: Finding) => FAULTS_OF_SERVER.has(code);
    const failed = ours.filter(({ result }) => result === null).map(({ arm }) => arm);
    faults.push(
      ...reasons
        .filter((each) => isFault(each) || failed.includes(each.arm))
        .map((each) => ({ ...each, round })),
    );
    const base = ours.find(({ arm }) => arm === baseArm)?.result;
    const head = ours.find(({ arm }) => arm === headArm)?.result;
    if (reasons.length > 0) spoilt.push({ round, reasons });
    else if (base && head) pairs.push({ round, base: viewOf(base), head: viewOf(head) });
  }
  return { pairs, spoilt, faults };
}
