import { z } from 'zod';
import { countSchema, listOf, numberSchema, textSchema } from './bounded-schema.ts';

/** What a run has written of itself while it was measuring. */
export const checkpointSchema = z.object({
  /** The measured time so far, in whole seconds. */
  measuredMs: numberSchema.min(0),
  /** The process of the run, as `leftovers/owner.ts` names it. */
  owner: textSchema,
});

/** Quantities whose growth is tested. */
export const GROWING = [
  'server_rss',
  'server_heap',
  'latency_p50',
  'latency_p99',
  'lost',
  'generator_rss',
] as const;
export type Growing = (typeof GROWING)[number];

export const GROWTH_VERDICTS = ['grows', 'does not grow', 'cannot say'] as const;

/** Whether one quantity grows: bytes, nanoseconds, or the share of deliveries that are lost. */
const growth = z.object({
  of: z.enum(GROWING),
  verdict: z.enum(GROWTH_VERDICTS),
  /** The median of its windows. */
  level: numberSchema,
  /** The estimate with its 95 % interval, and the growth that is tolerated. */
  perHour: numberSchema,
  lowerPerHour: numberSchema,
  upperPerHour: numberSchema,
  marginPerHour: numberSchema,
  /** Windows that were tested, and the length of each. */
  windows: countSchema,
  windowMs: numberSchema,
  /** Why the verdict is `cannot say`; empty otherwise. */
  reason: textSchema,
});

export const growthSchema = listOf(growth, GROWING.length);

export type TestedGrowth = z.infer<typeof growth>;
export type GrowthVerdict = TestedGrowth['verdict'];
