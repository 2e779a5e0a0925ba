import { z } from 'zod';
import { MAX_REASONS } from '../measure/reason-counts.ts';
import { MAX_SLOWEST } from '../measure/slowest-broadcasts.ts';
import { OTHER_REASONS } from '../text.ts';
import { countSchema, listOf, numberSchema, textSchema } from './bounded-schema.ts';

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

/**
 * Connections that ended without being closed by the scenario, by the reason: how old the youngest and the oldest were,
 * and when the first and the last ended, from the start of measuring. The most frequent come first.
 */
export const cutAgesSchema = listOf(
  z.object({
    reason: textSchema,
    count: countSchema,
    minAgeMs: numberSchema,
    maxAgeMs: numberSchema,
    firstAtMs: numberSchema,
    lastAtMs: numberSchema,
  }),
  MAX_REASONS + 1,
);

export type CutAge = z.infer<typeof cutAgesSchema>[number];

/** Adds up ages of the same reason. Reasons beyond those that a run keeps are counted together. */
export function sumCutAges(cuts: readonly CutAge[]): CutAge[] {
  const byReason = new Map<string, CutAge>();
  for (const cut of cuts) {
    const isKept = byReason.has(cut.reason) || byReason.size < MAX_REASONS;
    const reason = isKept ? cut.reason : OTHER_REASONS;
    const sum = byReason.get(reason) ?? { ...cut, count: 0 };
    byReason.set(reason, {
      reason,
      count: sum.count + cut.count,
      minAgeMs: Math.min(sum.minAgeMs, cut.minAgeMs),
      maxAgeMs: Math.max(sum.maxAgeMs, cut.maxAgeMs),
      firstAtMs: Math.min(sum.firstAtMs, cut.firstAtMs),
      lastAtMs: Math.max(sum.lastAtMs, cut.lastAtMs),
    });
  }
  return [...byReason.values()].sort((a, b) => b.count - a.count);
}

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
