import { z } from 'zod';
import { formatPercent } from '../units.ts';
import { countSchema, listOf, numberSchema, textSchema } from './bounded-schema.ts';
import { METRIC_UNITS } from './metrics.ts';
import { findingSchema, runResultSchema, SCHEMA_VERSION, thresholdSchema } from './run-result.ts';

/** A repeated run has at most so many starts: more would leave each of them too small a share of the document. */
export const MAX_STARTS = 50;

const startOfRun = z.object({
  /** From 1, in the order of execution. */
  start: countSchema,
  /** Null when nothing could be measured. */
  result: runResultSchema.nullable(),
  /** Why nothing was measured; null when something was. */
  error: findingSchema.nullable(),
});

/** A figure of one start, with the 95 % interval that its own samples give; null where there is none. */
const startValue = z.object({
  start: countSchema,
  value: numberSchema.nullable(),
  lower: numberSchema.nullable(),
  upper: numberSchema.nullable(),
});

const startFigure = z.object({
  /** `delivery.p50`, `server_cpu_per_delivery`. */
  metric: textSchema,
  unit: z.enum(METRIC_UNITS),
  /** Of every valid start. */
  values: listOf(startValue, MAX_STARTS),
  /** Over the starts; null where half of them or more have no value. */
  median: numberSchema.nullable(),
  /** Values of two starts between which the median of all possible starts lies, with the probability `level`. */
  lower: numberSchema.nullable(),
  upper: numberSchema.nullable(),
  level: numberSchema.nullable(),
  /** The largest value over the smallest one; null for a value of 0. */
  spread: numberSchema.nullable(),
  /** The upper bound of one start over its lower one, as the median over the starts; null without bounds. */
  withinRun: numberSchema.nullable(),
  /** The largest `spread` that intervals of this width explain. */
  explained: numberSchema.nullable(),
});

/**
 * What `run --repeat` stores: every start as it was measured, and the figures over all of them. Each start has a new
 * server and new generator processes. Everything but `starts` and `design` follows from these.
 */
export const repeatedSchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  kind: z.literal('repeated'),
  tool: z.object({ name: z.literal('sockbench'), version: textSchema }),
  startedAt: z.iso.datetime(),
  durationMs: numberSchema,
  commandLine: listOf(textSchema, 10_000),
  /** `partial`: ended before its design, by the user or because too many starts were invalid. */
  status: z.enum(['complete', 'partial']),
  design: z.object({
    /** How many starts were asked for. */
    repeat: countSchema,
    /** Whether each start has a new server; false for a server that was already running. */
    restartsServer: z.boolean(),
    /** Of the interval over the starts, where there are enough of them, and of those within a run. */
    confidence: numberSchema,
  }),
  starts: listOf(startOfRun, MAX_STARTS, 1),
  /** Starts that are in no figure, and why. */
  excluded: listOf(z.object({ start: countSchema, reasons: listOf(findingSchema) }), MAX_STARTS),
  /** Why the repeated run is invalid; empty for a valid one. */
  invalid: listOf(findingSchema),
  notes: listOf(findingSchema),
  figures: listOf(startFigure),
  /** Each threshold on the medians over the starts, and in how many of the starts with a verdict it was met. */
  thresholds: listOf(thresholdSchema.extend({ metIn: countSchema, judgedIn: countSchema })),
});

export type Repeated = z.infer<typeof repeatedSchema>;
export type RepeatedStart = z.infer<typeof startOfRun>;
export type StartFigure = z.infer<typeof startFigure>;
export type StartValue = z.infer<typeof startValue>;

/** `14 %`: by how much the larger value of a ratio exceeds the smaller one. */
export function excessText(ratio: number): string {
  return formatPercent(ratio - 1);
}

/** Whether the starts differ in a figure by more than their own intervals explain; null where that is not known. */
export function startsDiffer({
  spread,
  explained,
}: Pick<StartFigure, 'spread' | 'explained'>): boolean | null {
  return spread === null || explained === null ? null : spread > explained;
}
