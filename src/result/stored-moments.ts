import { z } from 'zod';
import { MAX_SLOWEST } from '../measure/slowest-broadcasts.ts';
import { countSchema, listOf, numberSchema } from './bounded-schema.ts';

/** One of the broadcasts that took the longest until their last receiver had them, the slowest first. */
const slowBroadcast = z.object({
  stream: countSchema,
  seq: countSchema,
  /** When it was due, from the start of measuring. */
  atMs: numberSchema,
  /** From then until its first and its last receiver had it. */
  firstNs: numberSchema,
  lastNs: numberSchema,
  /** The number of the client that received it last. */
  lastReceiver: countSchema,
  expected: countSchema,
  /** Fewer than `expected` where some receivers never got it. */
  reached: countSchema,
});

export const slowestSchema = listOf(slowBroadcast, MAX_SLOWEST);

/** What a shard got of its slowest broadcasts, for a merge that knows all receipts but not who had them. */
export const slowestPartsSchema = listOf(
  z.object({
    ...{ stream: countSchema, seq: countSchema, atMs: numberSchema },
    lastNs: numberSchema,
    lastReceiver: countSchema,
  }),
  MAX_SLOWEST,
);

/** Seconds in which clients were disconnected. */
export const MAX_DISCONNECTS = 600;

/** How many clients were disconnected in the second from `atMs`, ascending. */
export const disconnectsSchema = listOf(
  z.object({ atMs: numberSchema, count: countSchema }),
  MAX_DISCONNECTS,
);

export type StoredSlowBroadcast = z.infer<typeof slowBroadcast>;
type StoredDisconnects = z.infer<typeof disconnectsSchema>;

/** Counts disconnects by second. Of more seconds than are kept, those with the most disconnects remain. */
export function storeDisconnects(disconnects: StoredDisconnects): StoredDisconnects {
  const bySecond = new Map<number, number>();
  for (const { atMs, count } of disconnects) {
    const secondMs = Math.floor(atMs / 1000) * 1000;
    bySecond.set(secondMs, (bySecond.get(secondMs) ?? 0) + count);
  }
  return [...bySecond]
    .map(([atMs, count]) => ({ atMs, count }))
    .sort((a, b) => b.count - a.count)
    .slice(0, MAX_DISCONNECTS)
    .sort((a, b) => a.atMs - b.atMs);
}

/** The slowest of all broadcasts of several lists. */
export function slowestOf(broadcasts: readonly StoredSlowBroadcast[]): StoredSlowBroadcast[] {
  return broadcasts.toSorted((a, b) => b.lastNs - a.lastNs || a.atMs - b.atMs).slice(0, MAX_SLOWEST);
}
