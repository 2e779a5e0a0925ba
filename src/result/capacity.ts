import { z } from 'zod';
import { countSchema, listOf, numberSchema, textSchema } from './bounded-schema.ts';
import { METRIC_UNITS } from './metrics.ts';
import { findingSchema, runResultSchema, SCHEMA_VERSION } from './run-result.ts';

/** The parameter to search: the highest rate in messages per second, or the highest number of clients. */
export const VARIED = ['rate', 'clients'] as const;
export type Varied = (typeof VARIED)[number];

/** The outcome of one run. `excluded`: it says nothing about the server, for example because the generator was the limit. */
const stepOutcome = z.enum(['passed', 'failed', 'excluded']);
export type StepOutcome = z.infer<typeof stepOutcome>;

/**
 * How a search ended. `found`: the server sustains `value` and not `failedAt`. `at_least`: it sustains `value`; higher
 * values were inconclusive (`inconclusiveAt`) or not tried. `below_start`: it does not sustain the first value.
 * `unstable`: single runs pass, repeats fail. `inconclusive`: no run could be judged. `interrupted`: the user stopped it.
 */
const ending = z.enum(['found', 'at_least', 'below_start', 'unstable', 'inconclusive', 'interrupted']);

const searchDesign = z.object({
  vary: z.enum(VARIED),
  /** Messages per second, or clients. */
  from: numberSchema,
  to: numberSchema,
  /** Each clause as it was given: `fanout_last.p95<50ms`. */
  objectives: listOf(textSchema, 1000, 1),
  /** The limit of lost messages, and of failed ones: `0`, `0.1%`. */
  lost: textSchema,
  repeats: countSchema,
  mustPass: countSchema,
  /** Of the interval of a quantile. */
  confidence: numberSchema,
  /** The maximum number of runs, and about how long they would take. */
  maxSteps: countSchema,
  maxMs: numberSchema,
});

/** One objective in one run, in the unit of its metric. */
const figure = z.object({
  expression: textSchema,
  /** `fanout_last.p95` */
  metric: textSchema,
  unit: z.enum(METRIC_UNITS),
  limit: numberSchema,
  /** Null where the run has no such value, or too few samples for it. */
  value: numberSchema.nullable(),
  /** The interval of a quantile; null for other metrics. */
  lower: numberSchema.nullable(),
  upper: numberSchema.nullable(),
  /** Judged by the upper end of the interval where there is one; null when there was no value. */
  passed: z.boolean().nullable(),
});

const step = z.object({
  phase: z.enum(['doubling', 'bisecting', 'confirming']),
  value: numberSchema,
  outcome: stepOutcome,
  /** Why it failed or was excluded; empty when it passed. */
  reasons: listOf(findingSchema),
  figures: listOf(figure),
  /** Null when nothing could be measured. */
  result: runResultSchema.nullable(),
});

const answer = z.object({
  kind: ending,
  /** The highest value that was confirmed (`interrupted`, `unstable`: that passed once); null when none was. */
  value: numberSchema.nullable(),
  /** The lowest value above it that failed, or that was inconclusive; null when there is none. */
  failedAt: numberSchema.nullable(),
  inconclusiveAt: numberSchema.nullable(),
});

export const capacitySchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  kind: z.literal('capacity'),
  tool: z.object({ name: z.literal('sockbench'), version: textSchema }),
  startedAt: z.iso.datetime(),
  durationMs: numberSchema,
  commandLine: listOf(textSchema, 10_000),
  /** `partial`: stopped by the user. */
  status: z.enum(['complete', 'partial']),
  notes: listOf(findingSchema),
  design: searchDesign,
  /** In the order of execution; the first has a result. */
  steps: listOf(step),
  answer,
});

export type Capacity = z.infer<typeof capacitySchema>;
export type CapacityStep = z.infer<typeof step>;
export type ObjectiveFigure = z.infer<typeof figure>;
export type CapacityAnswer = z.infer<typeof answer>;
