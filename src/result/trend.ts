import { z } from 'zod';
import { countSchema, listOf, numberSchema, recordOf, textSchema } from './bounded-schema.ts';
import { METRIC_UNITS } from './metrics.ts';
import { SCHEMA_VERSION } from './run-result.ts';

/** A history has at most so many points: the newest. A longer one would take minutes to test. */
export const MAX_POINTS_OF_HISTORY = 300;

/** The order of the points of a history: by the time of measuring, or by the first time of each commit. */
export const TREND_ORDERS = ['date', 'commit'] as const;
export type TrendOrder = (typeof TREND_ORDERS)[number];

/** One run, all valid starts of a repeated run, or all valid rounds of an arm of a comparison. */
const trendPoint = z.object({
  /** The file that holds it. */
  path: textSchema,
  startedAt: z.iso.datetime(),
  /** The commit of the working directory; null outside a git checkout. */
  commit: textSchema.nullable(),
  dirty: z.boolean().nullable(),
  /** Valid runs: 1 for a run. */
  runs: countSchema,
});

/** The value of a metric at one point, with two-sided 95 % bounds of a quantile or over starts; null without any. */
const trendValue = z.object({
  value: numberSchema.nullable(),
  lower: numberSchema.nullable(),
  upper: numberSchema.nullable(),
});

/** Points between two changes, or all of them: `from` to `to`, the latter excluded. */
const trendLevel = z.object({ from: countSchema, to: countSchema, median: numberSchema });

const trendChange = z.object({
  /** The first point of the new level. */
  at: countSchema,
  /** P-value of the test that found it. */
  p: numberSchema,
  before: numberSchema,
  after: numberSchema,
  effect: z.enum(['better', 'worse']),
});

const trendMetric = z.object({
  metric: textSchema,
  unit: z.enum(METRIC_UNITS),
  better: z.enum(['lower', 'higher']),
  /** One for each point of the history. */
  values: listOf(trendValue, MAX_POINTS_OF_HISTORY),
  levels: listOf(trendLevel, MAX_POINTS_OF_HISTORY),
  changes: listOf(trendChange, MAX_POINTS_OF_HISTORY),
  /** Whether there are enough values for a change to be found. */
  tested: z.boolean(),
});

/** Points of one plan in one environment. */
const trendHistory = z.object({
  /** `comparison`: each point is an arm of a comparison. `repeated run`: the median over its starts. */
  source: z.enum(['run', 'repeated run', 'comparison']),
  scenario: textSchema,
  target: textSchema,
  /** The load, by name. It is the same at every point, but for the seed. */
  plan: recordOf(textSchema),
  /** The machine and the programs, by name. */
  environment: recordOf(textSchema),
  /** Older points that were left out. */
  omitted: countSchema,
  points: listOf(trendPoint, MAX_POINTS_OF_HISTORY),
  metrics: listOf(trendMetric),
});

/** What `trend` stores: histories of stored results, the changes in them, and the files that were skipped. */
export const trendSchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  kind: z.literal('trend'),
  tool: z.object({ name: z.literal('sockbench'), version: textSchema }),
  commandLine: listOf(textSchema, 10_000),
  order: z.enum(TREND_ORDERS),
  test: z.object({
    /** The maximum chance that any change is found where nothing changed. */
    alpha: numberSchema,
    /** Histories and metrics that were tested, and the part of alpha that each of them had. */
    tests: countSchema,
    alphaOfEach: numberSchema,
    permutations: countSchema,
    seed: countSchema,
    /** With fewer values, a metric is not tested. */
    valuesNeeded: countSchema,
  }),
  histories: listOf(trendHistory, 1000, 1),
  /** Files and arms that are in no history, and why. */
  skipped: listOf(z.object({ path: textSchema, reason: textSchema }), 10_000),
});

export type Trend = z.infer<typeof trendSchema>;
export type TrendHistory = z.infer<typeof trendHistory>;
export type TrendMetric = z.infer<typeof trendMetric>;
export type TrendPoint = z.infer<typeof trendPoint>;
export type TrendValue = z.infer<typeof trendValue>;
export type TrendChange = z.infer<typeof trendChange>;
