import { z } from 'zod';
import { countSchema, listOf, numberSchema, textSchema } from './bounded-schema.ts';

export const correlationSchema = z.object({
  /** The series with one value for each sample: `fanout_last` where broadcasts are the samples. */
  series: textSchema,
  /** So many values were compared, at most the first 65,536. */
  values: countSchema,
  /** Correlations of values that are `lag` places apart, from -1 to 1. */
  lags: listOf(z.object({ lag: countSchema, correlation: numberSchema }), 10),
  /** 95 % of the correlations of independent values are closer to 0. */
  noise: numberSchema,
  /** The first lag whose correlation is within the noise; null where none is, up to 1,000. */
  withinNoiseFrom: countSchema.nullable(),
});
