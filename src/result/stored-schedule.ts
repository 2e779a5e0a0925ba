import { z } from 'zod';
import { countSchema, numberSchema } from './bounded-schema.ts';

/** The share of the gaps of a Poisson process that are called short. */
export const SHORT_GAPS = 0.1;

/** How the times at which messages were sent fit the schedule. */
export const sentScheduleSchema = z.object({
  arrival: z.enum(['constant', 'poisson']),
  /** Messages whose times were compared. */
  messages: countSchema,
  /** Whether the test says that they were not sent as planned. */
  fits: z.boolean(),
  /** Of constant arrivals: messages sent when a later one was due, or before their time, and the largest deviation in messages. */
  offSchedule: countSchema.nullable(),
  maxDeviation: numberSchema.nullable(),
  /**
   * Of Poisson arrivals, in the worst worker: the statistic of Anderson and Darling, its probability (times the number of
   * workers), and the share of gaps that are as short as the shortest tenth of a Poisson process.
   */
  andersonDarling: numberSchema.nullable(),
  p: numberSchema.nullable(),
  shortGaps: numberSchema.nullable(),
});

export type StoredSchedule = z.infer<typeof sentScheduleSchema>;
