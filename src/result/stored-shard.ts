import { z } from 'zod';
import { BROADCAST_KINDS } from '../measure/broadcast-series.ts';
import { countSchema, listOf, numberSchema, textSchema } from './bounded-schema.ts';
import { MAX_BROADCASTS_CHARACTERS } from './stored-json.ts';
import { slowestPartsSchema } from './stored-moments.ts';

const MAX_ROWS = 100_000;

/** How the clock of another shard compares with the clock of this one. */
const otherShard = z.object({
  index: countSchema,
  /** Null where the shards did not announce themselves. */
  host: textSchema.nullable(),
  /** Its reading minus this host's; null where it is not known, and then `problem` says why. */
  aheadNs: numberSchema.nullable(),
  /** The maximum error of `aheadNs` over the whole run. */
  boundNs: numberSchema.nullable(),
  problem: textSchema.nullable(),
});

/** One of the shards of a run, and its meeting with the others. */
const ownFields = {
  /** From 1 to `count`. */
  index: countSchema,
  count: countSchema,
  host: textSchema,
  rendezvous: z.enum(['start-at', 'folder', 'url']),
  /** The same text in all shards of one run, and in no other run. */
  meeting: textSchema,
  /** How long after the agreed start this shard was ready; 0 when it was in time. */
  lateMs: numberSchema,
};

/** A shard in the result of a merge. */
export const mergedShardFields = {
  ...ownFields,
  /** The maximum error of comparing its clock with those of the other shards; null where one is not compared. */
  clockBoundNs: numberSchema.nullable(),
  /** Why one is not compared; null where all are. */
  clockProblem: textSchema.nullable(),
};

/** What receivers of a shard got of one stream. All of these receivers got as much. */
const shardAccounts = z.object({
  stream: countSchema,
  receivers: listOf(countSchema, MAX_ROWS),
  delivered: countSchema,
  late: countSchema,
  duplicated: countSchema,
  reordered: countSchema,
  corrupted: countSchema,
});

/** What only a merge needs of the result of one shard. */
export const shardSchema = z.object({
  ...ownFields,
  others: listOf(otherShard),
  /** When measuring began, by the clock of this host. */
  measureStartAt: z.iso.datetime(),
  /** The streams that clients of this shard send; each receiver expects `copies` of each message. */
  streams: listOf(
    z.object({
      stream: countSchema,
      sender: countSchema,
      copies: countSchema,
      sent: countSchema,
      /** The part of `sent` that the server rejected, which is expected by none. */
      rejected: countSchema.default(0),
      /** What its messages are recorded as when all receivers are known; null where each has one receiver. */
      broadcast: z.enum(BROADCAST_KINDS).nullable(),
      /** Whether its deliveries are values of the headline series. */
      isHeadline: z.boolean(),
    }),
    MAX_ROWS,
  ),
  /** All receivers of this shard, also those that got nothing, but for those whose generator process was lost. */
  accounts: listOf(shardAccounts, MAX_ROWS),
  /** Receivers whose generator process was lost, by stream, and how many messages they had got of all streams. */
  silent: z.object({
    receivers: listOf(z.object({ stream: countSchema, count: countSchema }), MAX_ROWS),
    delivered: countSchema,
    /** Whether one of them sends: then it is not known how many messages of its streams were sent. */
    includesSender: z.boolean(),
  }),
  /** By interval: how many deliveries in all shards the messages make that this shard sent. */
  expected: listOf(countSchema, 2000),
  /** The latencies of every broadcast, see encoded-broadcasts.ts; null where no message goes to another shard. */
  broadcasts: z.string().max(MAX_BROADCASTS_CHARACTERS).nullable(),
  /** The slowest of `broadcasts`, by what this shard got of each. */
  slowest: slowestPartsSchema.default([]),
  /** Why `broadcasts` is null although messages go to other shards. */
  broadcastsProblem: textSchema.nullable(),
});

export type StoredShard = z.infer<typeof shardSchema>;
