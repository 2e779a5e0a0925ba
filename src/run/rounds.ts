import { mersenne } from 'pure-rand/generator/mersenne';
import { SockbenchError, sentencesOf } from '../errors.ts';
import { shuffled } from '../plan/shuffled.ts';
import type { ArmRun, Round } from '../result/comparison.ts';
import { findingOfError } from '../result/findings.ts';
import type { RunResult } from '../result/run-result.ts';

/** The run of a comparison that is about to start. */
export interface RoundProgress {
  /** From 1. */
  readonly round: number;
  readonly rounds: number;
  readonly arm: number;
}

export interface RoundsPlan {
  readonly arms: number;
  readonly rounds: number;
  /** Seed of the order of arms. */
  readonly orderSeed: number;
  /** Schedules of round r have the seed `scheduleSeed + r - 1`, or that of its stored run. */
  readonly scheduleSeed: number;
  /** Stored runs of arm 0, one per round; null when it is measured. */
  readonly baseline: readonly RunResult[] | null;
}

export interface RoundsHooks {
  /** One run of an arm with fresh processes. Throws a SockbenchError when nothing could be measured. */
  readonly run: (arm: number, seed: number) => Promise<RunResult>;
  readonly onProgress: (progress: RoundProgress) => void;
  /** Called after each round; says whether another is needed. */
  readonly goesOn: (rounds: readonly Round[]) => boolean;
  /** Aborting ends the comparison. A round that was not completed is dropped. */
  readonly signal: AbortSignal;
}

export interface RanRounds {
  readonly rounds: readonly Round[];
  /** False when it was aborted, or when a run could not be measured. */
  readonly isComplete: boolean;
}

/**
 * Runs all arms round by round, in balanced random order. A run that measured nothing ends the comparison; its error is
 * in the last round.
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
  // The other arms use the schedule of a stored base.
  const seed = baseline?.[index]?.plan.seed ?? scheduleSeed + index;
  const runs: ArmRun[] = [];
  for (const arm of order) {
    if (signal.aborted) break;
    const stored = arm === 0 ? baseline?.[index] : undefined;
    if (stored === undefined) onProgress({ round: index + 1, rounds, arm });
    const ran =
      stored === undefined ? await tryRun(() => run(arm, seed), index) : { result: stored, error: null };
    runs.push({ arm, ...ran });
    if (ran.result === null) break;
  }
  return { round: index + 1, seed, runs };
}

/** Errors of a file of the user. */
const USER_ERRORS: readonly string[] = ['USER_FUNCTION', 'USER_RESULT'];

/** A file of the user that fails in the first round is no result of a server: its error ends the command. */
async function tryRun(run: () => Promise<RunResult>, index: number): Promise<Omit<ArmRun, 'arm'>> {
  try {
    return { result: await run(), error: null };
  } catch (error) {
    if (!(error instanceof SockbenchError)) throw error;
    const { code } = error;
    if (index === 0 && USER_ERRORS.includes(code)) throw error;
    return { result: null, error: findingOfError({ code, message: sentencesOf(error) }) };
  }
}

/**
 * The order of arms in each round. In a block of as many rounds as there are arms, every arm has every position once. In
 * such a block of an even number of arms, and in two blocks of an odd one, every arm also follows every other equally
 * often (Williams squares). Arms have random places in the square, and its rows a random order. So a drift over the
 * comparison, and what one run leaves behind for the next, affect all arms alike. Pure: the same seed gives the same
 * orders.
 *
 * Sources: Williams, "Experimental designs balanced for the estimation of residual effects of treatments", Australian
 * Journal of Scientific Research A 2 (1949); Abedi and Brecht, "Conducting repeatable experiments in highly variable
 * cloud computing environments", ICPE 2017: randomized multiple interleaved trials.
 */
export function balancedOrders(arms: number, rounds: number, seed: number): number[][] {
  const generator = mersenne(seed);
  const inOrder = Array.from({ length: arms }, (_, arm) => arm);
  const zigzag = inOrder.map((place) => (place % 2 === 1 ? (place + 1) / 2 : (arms - place / 2) % arms));
  const orders: number[][] = [];
  while (orders.length < rounds) {
    const places = shuffled(inOrder, generator);
    const rowAt = (shift: number) => zigzag.map((step) => places[(step + shift) % arms] ?? 0);
    orders.push(...shuffled(inOrder, generator).map(rowAt));
    if (arms % 2 === 1) orders.push(...shuffled(inOrder, generator).map((shift) => rowAt(shift).reverse()));
  }
  return orders.slice(0, rounds);
}
