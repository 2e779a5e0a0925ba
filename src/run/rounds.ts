import { SockbenchError } from '../errors.ts';
import type { ArmRun, Round } from '../result/comparison.ts';
import { findingOfError } from '../result/findings.ts';
import type { RunResult } from '../result/run-result.ts';
import { balancedOrders } from './orders.ts';

/** Where a comparison is. */
export interface RoundProgress {
  /** From 1. */
  readonly round: number;
  readonly rounds: number;
  readonly arm: number;
}

export interface RoundsPlan {
  readonly arms: number;
  readonly rounds: number;
  /** Of the order of arms; the schedules of round r have seed `scheduleSeed + r - 1`, or that of its stored run. */
  readonly orderSeed: number;
  readonly scheduleSeed: number;
  /** Runs that stand for arm 0, one for each round; null when it is measured. */
  readonly baseline: readonly RunResult[] | null;
}

export interface RoundsHooks {
  /** One run of an arm with fresh processes. Throws a SockbenchError when nothing could be measured. */
  readonly run: (arm: number, seed: number) => Promise<RunResult>;
  readonly onProgress: (progress: RoundProgress) => void;
  /** After each round: whether another is wanted. */
  readonly goesOn: (rounds: readonly Round[]) => boolean;
  /** Aborting ends the comparison; a round that was not completed is dropped. */
  readonly signal: AbortSignal;
}

export interface RanRounds {
  readonly rounds: readonly Round[];
  /** Whether it ended because the hooks said so, or all rounds were run. */
  readonly isComplete: boolean;
}

/**
 * Runs all arms round by round, in balanced random order. An arm of which nothing could be measured ends it: the
 * reason is in the last round.
 */
export async function runRounds(plan: RoundsPlan, hooks: RoundsHooks): Promise<RanRounds> {
  const rounds: Round[] = [];
  for (const [index, order] of balancedOrders(plan.arms, plan.rounds, plan.orderSeed).entries()) {
    const round = await runRound(index, order, plan, hooks);
    if (hooks.signal.aborted) return { rounds, isComplete: false };
    rounds.push(round);
    if (round.runs.some(({ result }) => result === null)) return { rounds, isComplete: false };
    if (!hooks.goesOn(rounds)) break;
  }
  return { rounds, isComplete: true };
}

async function runRound(
  index: number,
  order: readonly number[],
  { scheduleSeed, rounds, baseline }: RoundsPlan,
  { run, onProgress, signal }: RoundsHooks,
): Promise<Round> {
  // A stored base had a schedule of its own, which the others then share.
  const seed = baseline?.[index]?.plan.seed ?? scheduleSeed + index;
  const runs: ArmRun[] = [];
  for (const arm of order) {
    if (signal.aborted) break;
    const stored = arm === 0 ? baseline?.[index] : undefined;
    if (stored === undefined) onProgress({ round: index + 1, rounds, arm });
    const ran = stored === undefined ? await tryRun(() => run(arm, seed)) : { result: stored, error: null };
    runs.push({ arm, ...ran });
    if (ran.result === null) break;
  }
  return { round: index + 1, seed, runs };
}

async function tryRun(run: () => Promise<RunResult>): Promise<Omit<ArmRun, 'arm'>> {
  try {
    return { result: await run(), error: null };
  } catch (error) {
    if (!(error instanceof SockbenchError)) throw error;
    const { code, message, hint } = error;
    const told = hint === '' ? message : `${message}. ${hint}`;
    return { result: null, error: findingOfError({ code, message: told }) };
  }
}
