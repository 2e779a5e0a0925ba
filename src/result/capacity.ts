import { z } from 'zod';
import { METRIC_UNITS } from './metrics.ts';
import { findingSchema, runResultSchema, SCHEMA_VERSION } from './run-result.ts';

/**
 * What capacity stores: what was asked, every run as it was measured, how each was judged, and the answer. Durations
 * are nanoseconds unless their name says otherwise.
 */
/** What is looked for: the highest rate, in messages a second, or the highest number of clients. */
export const VARIED = ['rate', 'clients'] as const;
export type Varied = (typeof VARIED)[number];

/** What came of one run. `spoilt`: it says nothing of the server, as when the generator was the limit. */
const STEP_OUTCOMES = ['passed', 'failed', 'excluded'] as const;
export type StepOutcome = (typeof STEP_OUTCOMES)[number];

const PHASES = ['doubling', 'bisecting', 'confirming'] as const;
export type Phase = (typeof PHASES)[number];

/**
 * How a search ended. `found`: it takes `value` and not `failedAt`. `at_least`: it takes `value`; what it takes
 * beyond could not be seen (`spoiltAt`) or was not looked for. `unmet`: not even where the search began.
 * `unsteady`: single runs pass, repeats do not. `unseen`: no run said anything. `open`: stopped before its end.
 */
const ENDINGS = ['found', 'at_least', 'below_start', 'unstable', 'inconclusive', 'open'] as const;
export type EndingKind = (typeof ENDINGS)[number];

const count = z.number().int().nonnegative();
const finite = z.number();

const design = z.object({
  vary: z.enum(VARIED),
  /** Messages a second, or clients. */
  from: finite,
  to: finite,
  /** As asked for: `fanout_last.p95<50ms`. */
  objectives: z.array(z.string()).min(1),
  /** How many messages may be lost, and as many fail: `0`, `0.1%`. */
  lost: z.string(),
  repeats: count,
  mustPass: count,
  /** Of the upper bound of a quantile, one-sided. */
  confidence: finite,
  /** The most that was to be run, and about how long that would have taken. */
  maxSteps: count,
  maxMs: finite,
});

/** One objective in one run, in the unit of its metric. */
const figure = z.object({
  expression: z.string(),
  /** `fanout_last.p95` */
  metric: z.string(),
  unit: z.enum(METRIC_UNITS),
  limit: finite,
  /** Null where the run has no such value, or too few samples for it. */
  value: finite.nullable(),
  /** Of a quantile; null for all else. */
  lower: finite.nullable(),
  upper: finite.nullable(),
  /** By the upper bound where there is one; null when there was nothing to judge. */
  passed: z.boolean().nullable(),
});

const step = z.object({
  phase: z.enum(PHASES),
  value: finite,
  outcome: z.enum(STEP_OUTCOMES),
  /** Everything for which it failed or was spoilt; empty when it passed. */
  reasons: z.array(findingSchema),
  figures: z.array(figure),
  /** Null when nothing could be measured. */
  result: runResultSchema.nullable(),
});

const answer = z.object({
  kind: z.enum(ENDINGS),
  /** The highest value that was confirmed (`open`, `unsteady`: that passed once); null when none was. */
  value: finite.nullable(),
  /** The lowest value above it that failed, or of which nothing could be said; null when there is none. */
  failedAt: finite.nullable(),
  inconclusiveAt: finite.nullable(),
});

export const capacitySchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  kind: z.literal('capacity'),
  tool: z.object({ name: z.literal('sockbench'), version: z.string() }),
  startedAt: z.iso.datetime(),
  durationMs: finite,
  commandLine: z.array(z.string()),
  /** `partial`: stopped by the user. */
  status: z.enum(['complete', 'partial']),
  notes: z.array(findingSchema),
  design,
  /** In the order of running; the first has a result. */
  steps: z.array(step),
  answer,
});

export type Capacity = z.infer<typeof capacitySchema>;
export type CapacityStep = z.infer<typeof step>;
export type ObjectiveFigure = z.infer<typeof figure>;
export type CapacityAnswer = z.infer<typeof answer>;
