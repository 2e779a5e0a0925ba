import { z } from 'zod';
import { countSchema, listOf, numberSchema, textSchema } from './bounded-schema.ts';
import type { Finding } from './findings.ts';

/** How many functions of a profile are stored: those with the most time of their own. */
export const KEPT_FUNCTIONS = 100;

const amountSchema = numberSchema.min(0);

/** A function and the time that its own code took, without the functions that it called. */
const functionSchema = z.object({
  /** As V8 names it: `(anonymous)`, and `(program)`, `(garbage collector)` for what is no function. */
  name: textSchema,
  /** Relative to the folder of the project where it lies in it; empty for native code. */
  file: textSchema,
  /** From 1; 0 for native code. */
  line: countSchema,
  selfMs: amountSchema,
});

/** The CPU profile of a process of the server over the measured time. */
export const profileSchema = z.object({
  pid: countSchema,
  /** The profile in the format of V8, relative to the folder of the result; null where it could not be written. */
  file: textSchema.nullable(),
  intervalUs: amountSchema,
  /** The time over which samples were taken; `busyMs` is without idling and without the probe. */
  sampledMs: amountSchema,
  busyMs: amountSchema,
  /** Time in the probe of sockbench, which `functions` leave out. */
  probeMs: amountSchema,
  functions: listOf(functionSchema, KEPT_FUNCTIONS),
});

/** The finding of every run with --profile. */
export const PROFILED: Finding = {
  code: 'profiled',
  message: 'a CPU profiler ran in the server: its figures are slower than without --profile',
};

export type StoredProfile = z.infer<typeof profileSchema>;
export type ProfiledFunction = z.infer<typeof functionSchema>;
