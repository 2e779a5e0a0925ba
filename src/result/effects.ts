import { z } from 'zod';
import { countSchema, listOf, numberSchema, textSchema } from './bounded-schema.ts';
import { METRIC_UNITS } from './metrics.ts';
import { findingSchema } from './run-result.ts';

/** A comparison over factors has at most this many combinations of levels, each of which is an arm. */
export const MAX_COMBINATIONS = 16;

/** A flag of a run that a comparison varies, and the values that it takes. */
export const factorSchema = z.object({
  /** The flag without its dashes: `payload-type`. */
  name: textSchema,
  /** As they were given. The others are compared with the first. */
  levels: listOf(textSchema, MAX_COMBINATIONS, 1),
});

const factorEffect = z.object({
  /** Indexes into `design.factors`: one for a main effect, two for an interaction. */
  factors: listOf(countSchema, 2, 1),
  /** For each of these factors, the index of the level that is compared with the first. */
  levels: listOf(countSchema, 2, 1),
  /**
   * Medians over the complete rounds. Of a main effect in the unit of the metric: the geometric mean of all combinations
   * with the first level, and with the other one. Of an interaction: the ratio of the levels of its first factor at the
   * first level of the second, and at the other one. Null without a complete round.
   */
  from: numberSchema.nullable(),
  to: numberSchema.nullable(),
  /** Hodges-Lehmann estimate of to over from, and its bounds; null without values, bounds also with too few rounds. */
  ratio: numberSchema.nullable(),
  lower: numberSchema.nullable(),
  upper: numberSchema.nullable(),
});

/** What each factor of a comparison does, and whether that depends on another one. */
export const effectsSchema = z.object({
  /** The maximum chance that any interval of one metric misses its true ratio. */
  alpha: numberSchema,
  /** The number of rounds below which no interval exists. */
  minRounds: countSchema,
  /** Rounds in which every combination is valid. */
  rounds: countSchema,
  /** The other rounds, from 1. */
  excluded: listOf(countSchema),
  /** Why the effects are INVALID; empty otherwise. */
  invalid: listOf(findingSchema),
  /** By metric: main effects in the order of factors, then interactions. */
  metrics: listOf(
    z.object({
      metric: textSchema,
      unit: z.enum(METRIC_UNITS),
      gating: z.boolean(),
      effects: listOf(factorEffect),
    }),
  ),
});

export type Factor = z.infer<typeof factorSchema>;
export type FactorEffect = z.infer<typeof factorEffect>;
export type Effects = z.infer<typeof effectsSchema>;
export type EffectsOfMetric = Effects['metrics'][number];

/** The metrics that gate, in their order; all of them where none gates. The conclusion is about the first. */
export function gatingEffects({ metrics }: Effects): EffectsOfMetric[] {
  const gating = metrics.filter((each) => each.gating);
  return gating.length > 0 ? gating : metrics;
}

/** The number of combinations of levels; 1 without factors. */
export function combinationCount(factors: readonly Factor[]): number {
  return factors.reduce((count, { levels }) => count * levels.length, 1);
}

/** The level of each factor, as an index, in an arm. The last factor varies fastest, and arm 0 has every first level. */
export function levelsOfArm(factors: readonly Factor[], arm: number): number[] {
  return factors.map(({ levels }, index) => {
    const inner = combinationCount(factors.slice(index + 1));
    return Math.floor(arm / inner) % levels.length;
  });
}

/** Which levels are compared: one factor for a main effect, two for an interaction. */
export type Contrast = Pick<FactorEffect, 'factors' | 'levels'>;

/** Every other level of each factor, then of each two factors. */
export function contrastsOf(factors: readonly Factor[]): Contrast[] {
  const others = factors.map(({ levels }) => levels.slice(1).map((_, index) => index + 1));
  const main = others.flatMap((levels, factor) =>
    levels.map((level) => ({ factors: [factor], levels: [level] })),
  );
  const interactions = others.flatMap((levels, first) =>
    others
      .slice(first + 1)
      .flatMap((ofSecond, index) =>
        levels.flatMap((a) => ofSecond.map((b) => ({ factors: [first, first + 1 + index], levels: [a, b] }))),
      ),
  );
  return [...main, ...interactions];
}

const SWITCHED = ['on', 'off', 'true', 'false'];

/** Whether a value says by itself what it is: a word, or a number with a unit. */
function isPlain(value: string): boolean {
  return /[a-z%/]/i.test(value) && !SWITCHED.includes(value);
}

/** The short name of a level: its value, as `4KiB`; with the factor where the value alone is unclear, as `clients=10`. */
export function levelLabel(factors: readonly Factor[], factor: number, level: number): string {
  const { name = '', levels = [] } = factors[factor] ?? {};
  const value = levels[level] ?? '';
  const isElsewhere = factors.some((other, index) => index !== factor && other.levels.includes(value));
  return isPlain(value) && !isElsewhere ? value : `${name}=${value}`;
}
