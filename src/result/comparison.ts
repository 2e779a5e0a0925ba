import { z } from 'zod';
import { planSchema } from '../plan/plan.ts';
import { countSchema, listOf, numberSchema, recordOf, textSchema } from './bounded-schema.ts';
import { effectsSchema, factorSchema, MAX_COMBINATIONS } from './effects.ts';
import { METRIC_UNITS } from './metrics.ts';
import { findingSchema, runResultSchema, SCHEMA_VERSION, thresholdSchema } from './run-result.ts';

/**
 * What compare and gate store as rounds.json: the design, every run of every round as it was measured, and the
 * verdicts. The verdicts follow from design and rounds alone, see docs/comparing.md. Durations are nanoseconds
 * unless their name says otherwise, ratios are head over base.
 */
export const VERDICTS = ['REGRESSED', 'IMPROVED', 'OK', 'INCONCLUSIVE', 'INVALID'] as const;
export type Verdict = (typeof VERDICTS)[number];

const verdictSchema = z.enum(VERDICTS);

/** Half of the runs that a comparison may have: a comparison has two rounds or more. */
const MAX_ARMS = 200;

/** A metric and how it is judged, fixed before the first round. */
const rule = z.object({
  /** `delivery.p50`, `server_cpu_per_delivery`, `lost`. */
  metric: textSchema,
  unit: z.enum(METRIC_UNITS),
  /** `ratio`: by the ratios of the rounds; `exact`: a count that should be zero, by the differences of the rounds. */
  kind: z.enum(['ratio', 'exact']),
  /** Whether it gates. The other metrics are informational. */
  gating: z.boolean(),
  /** Whether it stops gating where no round has a value of it. */
  optional: z.boolean().default(false),
  /** The tolerated growth: 0.05 for a ratio of up to 1.05. */
  delta: numberSchema,
  /** The tolerated difference at any ratio, in the unit. */
  floor: numberSchema,
});

const arm = z.object({
  name: textSchema,
  /** The flags of the arm, as given. */
  spec: textSchema,
  /** Its level of each factor, as an index; empty without factors. */
  levels: listOf(countSchema, MAX_COMBINATIONS).default([]),
  plan: planSchema,
});

/** A look: after so many rounds the verdict is computed, with this part of alpha. */
const look = z.object({ rounds: countSchema, alpha: numberSchema });

const comparisonDesign = z.object({
  command: z.enum(['compare', 'gate']),
  /** The first is the base. */
  arms: listOf(arm, MAX_ARMS, 1),
  /** The flags whose combinations are the arms, the last one varying fastest; empty for arms that were given one by one. */
  factors: listOf(factorSchema, MAX_COMBINATIONS).default([]),
  /** The seed of the order of arms in each round. */
  seed: countSchema,
  looks: listOf(look, 1000, 1),
  /**
   * The maximum chance, over all looks and for each head, that a gating metric of equal arms is REGRESSED by its ratios.
   * Counts come on top: where equal servers lose messages at all, they add at most as much again.
   */
  alpha: numberSchema,
  /** With a larger share of excluded pairs the comparison is INVALID. */
  maxInvalidShare: numberSchema,
  rules: listOf(rule),
  /** Meanings of the scenario's own series, by name. */
  ownSeries: recordOf(textSchema).default({}),
  /** The file whose runs stand for the base; null when the base was measured. */
  baseline: textSchema.nullable(),
});

const armRun = z.object({
  /** Index into `design.arms`. */
  arm: countSchema,
  /** Null when nothing could be measured. */
  result: runResultSchema.nullable(),
  /** Why nothing was measured; null when something was. */
  error: findingSchema.nullable(),
});

const round = z.object({
  /** From 1. */
  round: countSchema,
  /** The seed of the schedule of every run in the round. */
  seed: countSchema,
  /** In the order of execution. */
  runs: listOf(armRun, MAX_ARMS),
});

/** One round of two arms, in the metric's unit. */
const point = z.object({ round: countSchema, base: numberSchema, head: numberSchema });

const metricOutcome = z.object({
  ...rule.shape,
  verdict: verdictSchema,
  /** Over all valid pairs: a quantile of merged histograms, the mean of a figure, the sum of a count. */
  base: numberSchema.nullable(),
  head: numberSchema.nullable(),
  points: listOf(point),
  /** Hodges-Lehmann estimate of head over base; null without points and for counts. */
  ratio: numberSchema.nullable(),
  /** Bounds of the ratio, each one-sided at its level; null with too few rounds. */
  lower: numberSchema.nullable(),
  upper: numberSchema.nullable(),
  lowerAlpha: numberSchema.nullable(),
  upperAlpha: numberSchema.nullable(),
  /** Exact p-values of the nulls `ratio <= 1 + delta / 2` and `ratio >= 1 / (1 + delta / 2)`. */
  pRegressed: numberSchema.nullable(),
  pImproved: numberSchema.nullable(),
  /** Hodges-Lehmann estimate of head - base. */
  difference: numberSchema.nullable(),
  /** The true ratio that these rounds would find REGRESSED in nine of ten comparisons. */
  detectable: numberSchema.nullable(),
  /** Why the verdict is what it is, as a clause. */
  because: textSchema,
});

const excludedPair = z.object({
  round: countSchema,
  reasons: listOf(z.object({ arm: countSchema, ...findingSchema.shape })),
});

/** One arm against the base. */
const pairOutcome = z.object({
  head: countSchema,
  verdict: verdictSchema,
  /** Why the verdict is INVALID; empty otherwise. */
  invalid: listOf(findingSchema),
  /** Valid pairs. */
  pairs: countSchema,
  excluded: listOf(excludedPair),
  /** Values of the excluded rounds in which both arms were measured, by metric. They are shown, not judged. */
  excludedPoints: recordOf(listOf(point)).default({}),
  metrics: listOf(metricOutcome),
});

/** The place of one arm in the ranking by one metric. */
const place = z.object({
  arm: countSchema,
  /** From 1; arms without a significant difference share it. */
  rank: countSchema,
  value: numberSchema.nullable(),
  /** Arms that are significantly slower than this one. */
  beats: listOf(countSchema),
});

const judgement = z.object({
  verdict: verdictSchema,
  /** Which of `design.looks` decided, from 0. */
  look: countSchema,
  rounds: countSchema,
  heads: listOf(pairOutcome, MAX_ARMS),
  /** Null for fewer than two factors. */
  effects: effectsSchema.nullable().default(null),
  /** By the first gating metric; null for two arms, two factors, and for an INVALID or early comparison. */
  ranking: z
    .object({
      metric: textSchema,
      /** By rank, then by value: the better first. */
      places: listOf(place),
      /** Rounds below which no order of so many arms can be significant; null in results of older versions. */
      minRounds: countSchema.nullable().default(null),
    })
    .nullable(),
});

export const comparisonSchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  kind: z.literal('comparison'),
  tool: z.object({ name: z.literal('sockbench'), version: textSchema }),
  startedAt: z.iso.datetime(),
  durationMs: numberSchema,
  commandLine: listOf(textSchema, 10_000),
  /** `partial`: ended before its design, by the user or because an arm could not be measured. */
  status: z.enum(['complete', 'partial']),
  notes: listOf(findingSchema),
  design: comparisonDesign,
  rounds: listOf(round),
  judgement,
  /** Each threshold on every head, over all its valid rounds together. */
  thresholds: listOf(thresholdSchema.extend({ arm: countSchema.default(1) })),
});

export type Comparison = z.infer<typeof comparisonSchema>;
export type Design = Comparison['design'];
export type MetricRule = z.infer<typeof rule>;
export type Round = z.infer<typeof round>;
export type ArmRun = z.infer<typeof armRun>;
export type Judgement = z.infer<typeof judgement>;
export type PairOutcome = z.infer<typeof pairOutcome>;
export type MetricOutcome = z.infer<typeof metricOutcome>;

/** The values of one metric in one round, one for each arm. */
export interface ArmRound {
  readonly round: number;
  readonly values: readonly number[];
}

/** The rounds in which every arm has a value of the metric. `heads` are all arms but the first, in their order. */
export function roundsOfArms(heads: readonly PairOutcome[], metric: string): ArmRound[] {
  const byHead = heads.map(({ metrics }) => {
    const points = metrics.find((each) => each.metric === metric)?.points ?? [];
    return new Map(points.map((each) => [each.round, each]));
  });
  return [...(byHead[0] ?? [])].flatMap(([round, { base }]) => {
    const others = byHead.flatMap((points) => points.get(round)?.head ?? []);
    return others.length === heads.length ? [{ round, values: [base, ...others] }] : [];
  });
}
