import { basename } from 'node:path';
import type { Layout } from '../contract/scenario.ts';
import { fail } from '../errors.ts';
import type { PayloadPlan } from './payload-plan.ts';
import type { Plan } from './plan.ts';

/** One of the equal parts of a run that separate machines carry out. */
export interface Shard {
  /** From 1 to {@link count}. */
  readonly index: number;
  readonly count: number;
}

/** The maximum number of shards of a run. */
export const MAX_SHARDS = 1000;

/** Reads a shard as `--shard` gives it: `2/4` is the second of four. Throws BAD_SHARD. */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d{1,6})\/(\d{1,6})$/.exec(text.trim()) ?? [];
  if (index === undefined || count === undefined) {
    return fail('BAD_SHARD', `"${text}" is not a shard`, 'Write 2/4 for the second of four shards, or env.');
  }
  const shard = { index: Number(index), count: Number(count) };
  if (shard.count < 1 || shard.count > MAX_SHARDS) {
    fail('BAD_SHARD', `"${text}" has ${count} shards`, `The number of shards is 1 to ${MAX_SHARDS}.`);
  }
  if (shard.index < 1 || shard.index > shard.count) {
    fail(
      'BAD_SHARD',
      `"${text}" is not one of ${count} shards`,
      `Shards count from 1: 1/${count} is the first.`,
    );
  }
  return shard;
}

/** How people read a shard: `2/4`. */
export function shardText({ index, count }: Shard): string {
  return `${index}/${count}`;
}

/** The index of the shard that a client belongs to: clients are dealt to the shards in turn. */
export function shardOfClient(client: number, count: number): number {
  return (client % count) + 1;
}

/** The clients of one shard, ascending. */
export function clientsOfShard({ index, count }: Shard, clients: number): number[] {
  const own: number[] = [];
  for (let client = index - 1; client < clients; client += count) own.push(client);
  return own;
}

/** What the plans of all shards of a run have in common: all but where its files are, and who permitted the load. */
export function sharedPlan(plan: Plan): Plan {
  const { scenarioFile, target, payload, populations } = plan;
  const named = (path: string | null) => (path === null ? null : basename(path));
  // The digest says whether the files are the same. Builds of zlib compress differently.
  const portable = (each: PayloadPlan) => ({ ...each, path: named(each.path), deflatedShare: 0 });
  return {
    ...plan,
    scenarioFile: named(scenarioFile),
    target: { ...target, file: named(target.file), allowRemote: null },
    payload: payload && portable(payload),
    populations: populations.map((each) => ({
      ...each,
      // The text may have the path of a file.
      text: '',
      payload: each.payload && portable(each.payload),
    })),
  };
}

/** Whether a message of some stream goes to clients of another shard than its sender's. */
export function crossesShards({ streams }: Layout, count: number): boolean {
  return streams.some(({ sender, receivers }) => {
    const own = shardOfClient(sender, count);
    return receivers.some((receiver) => shardOfClient(receiver, count) !== own);
  });
}
