/** The requests and answers of a rendezvous at a URL: JSON over HTTP, `POST /sockbench-rendezvous/v1/ACTION`. */
import { z } from 'zod';
import { MAX_SHARDS } from '../../plan/shard.ts';
import { countSchema, listOf } from '../../result/bounded-schema.ts';
import { announcedSchema, nonceSchema } from './documents.ts';
import { comparedSchema } from './host-clock.ts';

/** Below the path of the URL. The version changes with the messages. */
export const RENDEZVOUS_PATH = 'sockbench-rendezvous/v1/';

export const joinSchema = z.object({ announced: announcedSchema });

/** A shard has compared its clock with that of shard 1: its own reading minus that of shard 1. */
export const reportSchema = comparedSchema.extend({
  nonce: nonceSchema,
  when: z.enum(['before', 'after']),
});

export type ClockReport = z.infer<typeof reportSchema>;

export const nonceRequestSchema = z.object({ nonce: nonceSchema });

/** The clock of a shard minus that of shard 1. */
const shardClocks = listOf(comparedSchema.extend({ index: countSchema }), MAX_SHARDS);

/** What the shards have agreed on. */
export const urlStartSchema = z.object({
  planDigest: z.string(),
  participants: listOf(announcedSchema, MAX_SHARDS),
  /** By the clock of shard 1. */
  startNs: countSchema,
  clocks: shardClocks,
});

export type UrlStart = z.infer<typeof urlStartSchema>;

/** What a shard is to do next. */
export const statusSchema = z.discriminatedUnion('state', [
  /** Ask again later: shard 1 has not connected its own clients. */
  z.object({ state: z.literal('not-open') }),
  /** Announce yourself. */
  z.object({ state: z.literal('unannounced') }),
  /** Ask again later: another process has announced itself as this shard, and may have ended. */
  z.object({ state: z.literal('occupied') }),
  /** Ask again later. */
  z.object({ state: z.literal('waiting'), missing: listOf(countSchema, MAX_SHARDS) }),
  /** Compare your clock with that of shard 1, and report it. */
  z.object({ state: z.literal('compare') }),
  z.object({ state: z.literal('start'), start: urlStartSchema }),
]);

export type Status = z.infer<typeof statusSchema>;

/** The clocks after measuring. */
export const resultsSchema = z.object({
  /** Whether every shard that still takes part has reported. */
  isComplete: z.boolean(),
  clocks: shardClocks,
});

export type ClockResults = z.infer<typeof resultsSchema>;

export const timeSchema = z.object({ receivedNs: countSchema, sentNs: countSchema });
export const refusalSchema = z.object({ problem: z.string().max(2000) });
export const nothingSchema = z.object({});
