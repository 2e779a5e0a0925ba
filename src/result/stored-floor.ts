import { z } from 'zod';
import { SAMPLE_UNITS } from '../measure/series.ts';
import { countSchema, numberSchema, textSchema } from './bounded-schema.ts';
import { receivingSchema } from './stored-clock.ts';

const receivingShape = receivingSchema.unwrap().shape;

/** A time, rate or amount above 0 in a stored document. */
export const positiveSchema = numberSchema.positive();

/** Latency of the null server, which does the smallest possible work, at one number of workers. */
export const floorSchema = z.object({
  workers: countSchema,
  /** The headline of the scenario. */
  series: textSchema,
  /** How the clients received: latencies by another clock, or from other sockets, have another floor. */
  clock: receivingShape.clock,
  sockets: receivingShape.sockets,
  /** Independent samples, and what they are. */
  samples: countSchema,
  unit: z.enum(SAMPLE_UNITS),
  /** Null where there are too few samples for the quantile. */
  p50Ns: positiveSchema.nullable(),
  p90Ns: positiveSchema.nullable(),
  p99Ns: positiveSchema.nullable(),
});

/** The floor that a run is reported beside. It is never subtracted from what was measured. */
export const runFloorSchema = z.object({ ...floorSchema.shape, calibratedAt: z.iso.datetime() });

export type Floor = z.infer<typeof floorSchema>;
