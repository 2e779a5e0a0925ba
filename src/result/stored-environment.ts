import { z } from 'zod';
import { countSchema, listOf, numberSchema, recordOf, textSchema } from './bounded-schema.ts';

/** What figures depend on besides the plan. */
export const environmentSchema = z.object({
  /** Arguments of the command line, as given. They may hold a secret, such as a token in a URL. */
  commandLine: listOf(textSchema, 10_000),
  cpuModel: textSchema,
  cpuCount: countSchema,
  governor: textSchema.nullable(),
  platform: textSchema,
  kernel: textSchema,
  totalMemoryBytes: countSchema,
  /** The CPU limit of the control group, in CPUs; null for none. */
  cgroupCpuLimit: numberSchema.nullable(),
  nodeVersion: textSchema,
  v8Version: textSchema,
  packages: recordOf(textSchema),
  /** The commit of the project in the working directory; null outside a git checkout. */
  commit: textSchema.nullable(),
  dirty: z.boolean().nullable(),
  /** During the run; null where the system does not report it. */
  stealRatio: numberSchema.nullable(),
  /** Of the CPUs of the server alone; null where they are not known. */
  serverStealRatio: numberSchema.nullable().default(null),
  throttledMs: numberSchema.nullable(),
  cpuPressureRatio: numberSchema.nullable(),
  /** The CPUs that each process was bound to; null where it was not bound. */
  affinity: z.object({ server: textSchema.nullable(), workers: listOf(textSchema.nullable()) }),
});
