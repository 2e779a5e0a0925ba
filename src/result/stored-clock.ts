import { z } from 'zod';
import { countSchema, numberSchema } from './bounded-schema.ts';

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

export type StoredClock = z.infer<typeof clockSchema>;

/** By how much the wall clock was set during a run; 0 where that is within the error of reading it. */
export function wallStepNs({ atStart, atEnd }: StoredClock): number {
  const stepNs = Number(BigInt(atEnd.originWallNs) - BigInt(atStart.originWallNs));
  return Math.abs(stepNs) <= atStart.boundNs + atEnd.boundNs + WALL_SLACK_NS ? 0 : stepNs;
}

/** Two readings on a machine whose time is kept may differ by so much. Its slewing moves both clocks alike. */
const WALL_SLACK_NS = 100_000;
