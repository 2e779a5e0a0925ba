/** What shards tell one another, in files and in requests. Everything is bounded: it comes from other hosts. */
import { z } from 'zod';
import type { Member } from '../../generator/messages.ts';
import { MAX_SHARDS, shardOfClient } from '../../plan/shard.ts';
import { countSchema, listOf } from '../../result/bounded-schema.ts';
import { hostClockSchema } from './host-clock.ts';

const MAX_CLIENTS = 1_000_000;
const MAX_NODES = 10_000;

const hostSchema = z.string().max(300);
const digestSchema = z.string().min(1).max(200);
export const nonceSchema = z.string().regex(/^[0-9a-f]{32}$/);
const indexSchema = z.number().int().min(1).max(MAX_SHARDS);

/** Connected clients by the server process that serves them: a client takes few characters then. */
const membersSchema = listOf(
  z.object({
    node: countSchema.nullable(),
    clients: z.array(z.number().int().nonnegative()).max(MAX_CLIENTS),
  }),
  MAX_NODES,
);

export type PackedMembers = z.infer<typeof membersSchema>;

export function packMembers(members: readonly Member[]): PackedMembers {
  const byNode = new Map<number | null, number[]>();
  for (const { client, node } of members) {
    const clients = byNode.get(node) ?? [];
    if (clients.length === 0) byNode.set(node, clients);
    clients.push(client);
  }
  return [...byNode].map(([node, clients]) => ({ node, clients }));
}

export function unpackMembers(packed: PackedMembers): Member[] {
  return packed.flatMap(({ node, clients }) => clients.map((client) => ({ client, node })));
}

/** A process that carries out a shard. */
export const callerSchema = z.object({
  /** Of this process: one that is started again has another. */
  nonce: nonceSchema,
  index: indexSchema,
  count: indexSchema,
  planDigest: digestSchema,
  host: hostSchema,
});

export type Caller = z.infer<typeof callerSchema>;

/** A shard as it announces itself. */
export const announcedSchema = callerSchema
  .extend({ clock: hostClockSchema, members: membersSchema })
  .refine(
    ({ index, count, members }) =>
      members.every(({ clients }) => clients.every((client) => shardOfClient(client, count) === index)),
    'has clients of another shard',
  );

export type Announced = z.infer<typeof announcedSchema>;

/** A file of a folder: a shard that waits. It is written again and again while it waits. */
export const waitingFileSchema = z.object({
  version: z.literal(1),
  announced: announcedSchema,
  /** Counts how often the file was written. */
  beat: countSchema,
  /** The nonces of all files that the shard saw before it wrote this one. */
  seen: listOf(nonceSchema, 10_000),
  /** Why this shard ended the run; null while it waits. */
  refusal: z.string().max(1000).nullable(),
});

export type WaitingFile = z.infer<typeof waitingFileSchema>;

/** The file by which shard 1 starts the run. */
export const startFileSchema = z.object({
  version: z.literal(1),
  planDigest: digestSchema,
  participants: listOf(announcedSchema, MAX_SHARDS),
  /** The start by the wall clock of shard 1, in milliseconds since 1970. */
  startAtMs: z.number().positive().max(8.64e15),
  /** The start by the clock of shard 1, in nanoseconds since its origin. */
  startNs: countSchema,
});

export type StartFile = z.infer<typeof startFileSchema>;

/** Reads a document; null for a text that is none, as of a file that is being written. */
export function parseShared<Value>(schema: z.ZodType<Value>, text: string): Value | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
