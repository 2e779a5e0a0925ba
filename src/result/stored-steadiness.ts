import { z } from 'zod';
import { listOf, numberSchema, textSchema } from './bounded-schema.ts';

export const STEADINESS_VERDICTS = ['steady', 'drifts', 'cannot say'] as const;

/** A quantile of the headline whose level changed. */
const change = z.object({
  of: z.enum(['p50', 'p95']),
  /** `trend`: little by little; `shift`: at once. */
  kind: z.enum(['trend', 'shift']),
  /** Medians of the first and the last fifth of the windows; before and after a shift. */
  fromNs: numberSchema,
  toNs: numberSchema,
  /** When a shift was, from the start of measuring; null for a trend. */
  atMs: numberSchema.nullable(),
});

/** Whether the headline keeps its level over the measured time. */
export const steadinessSchema = z.object({
  verdict: z.enum(STEADINESS_VERDICTS),
  /** Why the verdict is `cannot say`; empty otherwise. */
  reason: textSchema,
  /** The length of the windows that were tested. */
  windowMs: numberSchema,
  /** The quantiles of each window, null for one without values. Of p95 none, unless each window has samples for it. */
  p50Ns: listOf(numberSchema.nullable()),
  p95Ns: listOf(numberSchema.nullable()),
  changes: listOf(change, 2),
});

export type StoredSteadiness = z.infer<typeof steadinessSchema>;
export type StoredLevelChange = z.infer<typeof change>;
