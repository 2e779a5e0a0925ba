import { largest } from '../order-statistics.ts';
import type { RunResult } from '../run-result.ts';
import type { ShardResult } from './shard-set.ts';

const PHASE_TIMES = ['startMs', 'connectMs', 'warmupMs', 'measureMs', 'drainMs', 'collectMs'] as const;

/** What is only needed once of all shards, as of those so far. */
export type Merged = Pick<
  RunResult,
  | 'plan'
  | 'headline'
  | 'ownSeries'
  | 'startedAt'
  | 'receiving'
  | 'status'
  | 'warmup'
  | 'timing'
  | 'snapshotCostMaxMs'
  | 'pushResolutionNs'
  | 'samples'
>;

/** What is only needed once, of the first shard. */
export function onceOf(shard: ShardResult): Merged {
  const { plan, headline, ownSeries, startedAt, receiving, status, timing, warmup } = shard;
  const { snapshotCostMaxMs, pushResolutionNs, samples } = shard;
  return {
    ...{ plan, headline, ownSeries, startedAt, receiving, status, timing, snapshotCostMaxMs, samples },
    pushResolutionNs,
    // Each shard warms up on its own; medians of several machines are no median.
    warmup: { ...warmup, windowMediansNs: [] },
  };
}

/** The whole takes as long as its longest part, and is partial where one part is. */
export function withShard(merged: Merged, shard: ShardResult): Merged {
  const { warmup, timing, samples } = merged;
  const stable = [warmup.stable, shard.warmup.stable];
  return {
    ...merged,
    startedAt: shard.startedAt < merged.startedAt ? shard.startedAt : merged.startedAt,
    status: shard.status === 'partial' ? 'partial' : merged.status,
    warmup: {
      ...warmup,
      durationMs: Math.max(warmup.durationMs, shard.warmup.durationMs),
      stable: stable.includes(false) ? false : stable.includes(null) ? null : true,
      windowMediansNs: [],
    },
    timing: Object.fromEntries(
      PHASE_TIMES.map((phase) => [phase, Math.max(timing[phase], shard.timing[phase])]),
    ) as RunResult['timing'],
    snapshotCostMaxMs: Math.max(merged.snapshotCostMaxMs, shard.snapshotCostMaxMs),
    // Latencies of a merge are as exact as those of its coarsest shard.
    pushResolutionNs: largest([merged.pushResolutionNs, shard.pushResolutionNs]),
    samples: {
      unit: samples.unit,
      count: samples.count + shard.samples.count,
      incomplete: samples.incomplete + shard.samples.incomplete,
    },
  };
}
