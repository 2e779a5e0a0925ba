import { z } from 'zod';
import { countSchema, numberSchema, textSchema } from './bounded-schema.ts';

/** Nanoseconds beyond 2^53, as text. */
const longNsSchema = z.string().regex(/^-?\d{1,19}$/);

/** One reading of the wall clock (CLOCK_REALTIME). */
const wallSchema = z.object({
  /** The wall time of the origin, in nanoseconds since 1970. */
  originWallNs: longNsSchema,
  /** The maximum error of that time. */
  boundNs: numberSchema,
});

/** The clock of a run, so that a capture or a log can be laid beside it. */
export const clockSchema = z.object({
  /** The reading of CLOCK_MONOTONIC from which all times of the run count. */
  originMonotonicNs: longNsSchema,
  /** When measuring began, since the origin. */
  measureStartNs: countSchema,
  /** Read before the run and after it. They differ where the wall clock was set meanwhile. */
  atStart: wallSchema,
  atEnd: wallSchema,
});

/** How the clients of a run received. Results of older versions do not say it. */
export const receivingSchema = z
  .object({
    /** Who read the times of receipt: the kernel on arrival, or the generator process when it read the bytes. */
    clock: z.enum(['kernel', 'process']),
    /** `driver`: those of a library that the driver uses. */
    sockets: z.enum(['kernel', 'node', 'driver']),
    /** Why the sockets are not the kernel's although the plan allows it, or what they lack; null otherwise. */
    problem: textSchema.nullable(),
  })
  .default({ clock: 'process', sockets: 'driver', problem: null });

export type Receiving = z.infer<typeof receivingSchema>;

export type StoredClock = z.infer<typeof clockSchema>;

/** By how much the wall clock was set during a run; 0 where that is within the error of reading it. */
export function wallStepNs({ atStart, atEnd }: StoredClock): number {
  const stepNs = Number(BigInt(atEnd.originWallNs) - BigInt(atStart.originWallNs));
  return Math.abs(stepNs) <= atStart.boundNs + atEnd.boundNs + WALL_SLACK_NS ? 0 : stepNs;
}

/** Two readings on a machine whose time is kept may differ by so much. Its slewing moves both clocks alike. */
const WALL_SLACK_NS = 100_000;
