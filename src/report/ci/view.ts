import { foreign } from '../../foreign.ts';
import type { Comparison, PairOutcome } from '../../result/comparison.ts';
import { armName } from '../content/comparison-metrics.ts';
import { numbered } from '../content/run-verdict.ts';

/** One head with the names of what it is compared with. */
export interface CiPair {
  readonly pair: PairOutcome;
  readonly scenario: string;
  readonly base: string;
  readonly head: string;
}

/** A comparison for programs: each name fits on one line, and no two arms share a name. */
export interface CiView {
  readonly comparison: Comparison;
  readonly scenario: string;
  /** By index of the arm. */
  readonly arms: readonly string[];
  readonly pairs: readonly CiPair[];
  /** The pairs that are not INVALID: values of the others mean nothing. */
  readonly validPairs: readonly CiPair[];
}

export function ciView(comparison: Comparison): CiView {
  const { arms: designed } = comparison.design;
  const scenario = foreign(designed[0]?.plan.scenario ?? 'scenario');
  const arms = numbered(designed.map((_, arm) => armName(comparison, arm)));
  const labelOf = (arm: number) => arms[arm] ?? `arm ${arm + 1}`;
  const pairs = comparison.judgement.heads.map((pair) => ({
    pair,
    scenario,
    base: labelOf(0),
    head: labelOf(pair.head),
  }));
  const validPairs = pairs.filter(({ pair }) => pair.verdict !== 'INVALID');
  return { comparison, scenario, arms, pairs, validPairs };
}
