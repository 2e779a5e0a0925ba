import { foreign } from '../../foreign.ts';
import { shardText } from '../../plan/shard.ts';
import type { Caller } from './documents.ts';

/** What to do about shards that do not fit together. */
export const CONFLICT_HINT =
  'Start each shard once, with the same command, and give each run a rendezvous of its own.';

/** A shard and its host, in words. */
export function shardOn({ index, count, host }: Caller): string {
  return `shard ${shardText({ index, count })} on ${foreign(host)}`;
}

/** Two live processes with the same index, in words. */
export function startedTwice(one: Caller, other: Caller): string {
  const hosts = one.host === other.host ? one.host : `${one.host} and on ${other.host}`;
  return `shard ${shardText(one)} was started twice, on ${foreign(hosts)}`;
}

/** Why two live processes at one rendezvous cannot be shards of one run; null when they can. */
export function conflictOf(own: Caller, other: Caller): string | null {
  const both = `${shardOn(own)} and ${shardOn(other)} meet at the same place`;
  if (own.count !== other.count) return `${both}, but their numbers of shards differ`;
  if (own.planDigest !== other.planDigest) return `${both}, but their plans differ`;
  return own.index === other.index ? startedTwice(own, other) : null;
}
