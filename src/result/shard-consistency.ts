import { messageOf } from '../errors.ts';
import { decodeBroadcasts } from '../measure/encoded-broadcasts.ts';
import { MAX_SHARDS, shardOfClient } from '../plan/shard.ts';
import type { RunResult } from './run-result.ts';
import type { StoredShard } from './stored-shard.ts';

/** A place in a result, and what is wrong there. */
export interface Contradiction {
  readonly place: readonly PropertyKey[];
  readonly problem: string;
}

/** Counts of one shard are at most this, so that sums over all shards are exact. */
export const MAX_COUNT_OF_SHARD = Math.floor(Number.MAX_SAFE_INTEGER / MAX_SHARDS);

/** How a result contradicts what its shard stores for a merge; null when it does not, or is of a whole run. */
export function contradictionOfShard(result: RunResult): Contradiction | null {
  const { shard, shards } = result;
  if (shard === null) return null;
  if (shards !== null) return inShard([], 'it is of one shard and of a merge at once');
  return (
    wrongNumber(shard) ??
    wrongStreams(shard, result) ??
    wrongAccounts(shard, result) ??
    wrongCounts(shard, result) ??
    wrongBroadcasts(shard, result)
  );
}

function inShard(place: readonly PropertyKey[], problem: string): Contradiction {
  return { place: ['shard', ...place], problem };
}

function wrongNumber({ index, count, others }: StoredShard): Contradiction | null {
  if (count < 1 || count > MAX_SHARDS) return inShard(['count'], `a run has 1 to ${MAX_SHARDS} shards`);
  if (index < 1 || index > count) return inShard(['index'], `${index} is not one of ${count} shards`);
  const known = new Set([index]);
  for (const [place, other] of others.entries()) {
    if (other.index < 1 || other.index > count || known.has(other.index)) {
      return inShard(['others', place, 'index'], `${other.index} is not another one of ${count} shards`);
    }
    known.add(other.index);
  }
  return null;
}

/** Whether a client is one of this shard's. */
function isOwn(client: number, { index, count }: StoredShard, { plan }: RunResult): boolean {
  return client < plan.clients && shardOfClient(client, count) === index;
}

function wrongStreams(shard: StoredShard, result: RunResult): Contradiction | null {
  const known = new Set<number>();
  let expected = 0;
  for (const [place, { stream, sender, copies, sent, rejected }] of shard.streams.entries()) {
    if (!isOwn(sender, shard, result)) {
      return inShard(['streams', place, 'sender'], `client ${sender} is not in this shard`);
    }
    if (known.has(stream)) return inShard(['streams', place, 'stream'], `stream ${stream} is listed twice`);
    known.add(stream);
    if (rejected > sent)
      return inShard(['streams', place, 'rejected'], 'more messages were rejected than sent');
    expected += sent * copies * result.plan.clients;
    if (expected > MAX_COUNT_OF_SHARD) return inShard(['streams', place], 'too many deliveries are expected');
  }
  return null;
}

function wrongAccounts(shard: StoredShard, result: RunResult): Contradiction | null {
  const byStream = new Map<number, Set<number>>();
  let delivered = shard.silent.delivered;
  for (const [place, account] of shard.accounts.entries()) {
    const known = byStream.get(account.stream) ?? new Set<number>();
    byStream.set(account.stream, known);
    for (const receiver of account.receivers) {
      const where = ['accounts', place, 'receivers'];
      if (!isOwn(receiver, shard, result)) return inShard(where, `client ${receiver} is not in this shard`);
      if (known.has(receiver))
        return inShard(where, `client ${receiver} has two accounts of stream ${account.stream}`);
      known.add(receiver);
    }
    delivered += account.delivered * account.receivers.length;
  }
  const has = result.ledger.delivered;
  if (delivered === has) return null;
  return inShard(['accounts'], `they add up to ${delivered} deliveries, and the ledger to ${has}`);
}

function wrongCounts(
  { expected, silent }: StoredShard,
  { intervals, ledger, series, plan }: RunResult,
): Contradiction | null {
  if (expected.length !== intervals.length) {
    return inShard(['expected'], `it has ${expected.length} values for ${intervals.length} intervals`);
  }
  const silentAt = silent.receivers.findIndex(({ count }) => count > plan.clients);
  if (silentAt >= 0)
    return inShard(['silent', 'receivers', silentAt], 'there are more receivers than clients');
  const { anomalies: _, ...totals } = ledger;
  const counts = [
    ...expected,
    ...Object.values(totals),
    ...Object.values(series).map(({ count }) => count),
    ...intervals.flatMap(({ intended, sent, delivered }) => [intended, sent, delivered]),
  ];
  return counts.some((count) => count > MAX_COUNT_OF_SHARD) ? inShard([], 'a count is too large') : null;
}

function wrongBroadcasts({ broadcasts }: StoredShard, { ledger }: RunResult): Contradiction | null {
  if (broadcasts === null) return null;
  let receipts = 0;
  try {
    for (const { untimed, latenciesNs } of decodeBroadcasts(broadcasts)) {
      if (untimed + latenciesNs.length === 0) return inShard(['broadcasts'], 'a broadcast has no receiver');
      receipts += untimed + latenciesNs.length;
    }
  } catch (error) {
    return inShard(['broadcasts'], messageOf(error));
  }
  if (receipts <= ledger.delivered) return null;
  return inShard(
    ['broadcasts'],
    `they have ${receipts} receipts, and the ledger ${ledger.delivered} deliveries`,
  );
}
