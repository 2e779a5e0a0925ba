import { type Comparison, comparisonSchema, type Round } from '../../src/result/comparison.ts';
import { combinationCount, type Factor, levelLabel, levelsOfArm } from '../../src/result/effects.ts';
import { type Finding, SCHEMA_VERSION } from '../../src/result/run-result.ts';
import { judge } from '../../src/stats/judge.ts';
import { madeDesign, madeRounds, madeRun } from '../stats/made-rounds.ts';
import { normalNoise } from '../stats/noise.ts';

/** A comparison over factors with known effects. */
export interface FactorialOptions {
  readonly factors: readonly Factor[];
  /** How many times as long an arm takes as the first, by its level of each factor. */
  readonly times: (levels: readonly number[]) => number;
  readonly rounds: number;
  /** Standard deviation of ln(value) within a round. */
  readonly noise: number;
  /** The rounds in which the last arm is invalid. */
  readonly invalidRounds: readonly number[];
  /** How many rounds were planned. */
  readonly planned: number | null;
}

export const TWO_FACTORS: readonly Factor[] = [
  { name: 'transport', levels: ['websocket', 'polling'] },
  { name: 'payload', levels: ['64B', '4KiB'] },
];

const USUAL: FactorialOptions = {
  factors: TWO_FACTORS,
  times: ([transport = 0, payload = 0]) => 2.1 ** transport * 1.2 ** payload,
  rounds: 10,
  noise: 0.05,
  invalidRounds: [],
  planned: null,
};

const SEND_LAG: Finding = { code: 'send_lag', message: 'sends were late by 12 ms' };

export function factorialRounds(given: Partial<FactorialOptions> = {}): Round[] {
  const { factors, times, rounds, noise, invalidRounds } = { ...USUAL, ...given };
  const random = normalNoise(7);
  const arms = combinationCount(factors);
  return madeRounds(rounds, arms, (round, arm) => {
    const factor =
      times(levelsOfArm(factors, arm)) * (1 + 0.2 * Math.sin(round)) * Math.exp(noise * random());
    const isInvalid = arm === arms - 1 && invalidRounds.includes(round);
    return madeRun({ medianNs: 1e6 * factor, lastNs: 2e6 * factor, invalid: isInvalid ? [SEND_LAG] : [] });
  });
}

export function factorialDesign(given: Partial<FactorialOptions> = {}) {
  const { factors, rounds, planned } = { ...USUAL, ...given };
  const names = Array.from({ length: combinationCount(factors) }, (_, arm) =>
    levelsOfArm(factors, arm)
      .map((level, factor) => levelLabel(factors, factor, level))
      .join(' '),
  );
  const design = madeDesign({
    command: 'compare',
    names,
    looks: [{ rounds: planned ?? rounds, alpha: 0.02 }],
    factors: factors.map(({ name, levels }) => ({ name, levels: [...levels] })),
  });
  const arms = design.arms.map((arm, index) => ({ ...arm, levels: levelsOfArm(factors, index) }));
  return { ...design, arms };
}

/** A stored comparison over factors, judged from its made-up rounds. */
export function factorialComparison(given: Partial<FactorialOptions> = {}): Comparison {
  const design = factorialDesign(given);
  const rounds = factorialRounds(given);
  return comparisonSchema.parse({
    schemaVersion: SCHEMA_VERSION,
    kind: 'comparison',
    tool: { name: 'sockbench', version: '0.1.0' },
    startedAt: '2026-03-04T05:06:07.891Z',
    durationMs: 123_456,
    commandLine: ['compare', 'broadcast-latency'],
    status: rounds.length < (design.looks[0]?.rounds ?? 0) ? 'partial' : 'complete',
    notes: [],
    design,
    rounds,
    judgement: judge(design, rounds),
    thresholds: [],
  });
}
