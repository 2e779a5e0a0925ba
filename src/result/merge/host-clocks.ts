import type { NsHistogram } from '../../measure/histogram.ts';
import { shardText } from '../../plan/shard.ts';
import { formatCount, formatNs, formatPercent } from '../../units.ts';
import type { Finding } from '../findings.ts';
import type { StoredShard } from '../stored-shard.ts';
import { shardLabel } from './labels.ts';
import type { ShardResult } from './shard-set.ts';

/** One-way latencies between two clocks count up to this error, as a share of their median. Source: docs/method.md. */
const MAX_BOUND_OF_MEDIAN = 0.1;

type OtherClock = StoredShard['others'][number];

interface ClockedShard {
  readonly shard: Pick<StoredShard, 'index' | 'count' | 'host'>;
  readonly others: ReadonlyMap<number, OtherClock>;
  readonly sends: boolean;
}

/** The two shards whose clocks compare worst. */
interface WorstPair {
  readonly receiver: ClockedShard;
  readonly sender: ClockedShard;
  /** Null where the error is not known. */
  readonly boundNs: number | null;
  readonly problem: string | null;
}

/** How the clocks of the shards compare with one another. */
export class HostClocks {
  readonly #shards = new Map<number, ClockedShard>();

  add({ shard }: ShardResult): void {
    const { index, count, host, others, streams } = shard;
    this.#shards.set(index, {
      shard: { index, count, host },
      others: new Map(others.map((other) => [other.index, other])),
      sends: streams.some(({ sent }) => sent > 0),
    });
  }

  /** Whether what one shard got from another was timed: by the clock of one host, of two, or not at all. */
  between(receiver: number, sender: number): 'same' | 'other' | 'unknown' {
    if (receiver === sender) return 'same';
    const clock = this.#shards.get(receiver)?.others.get(sender);
    if (clock === undefined || clock.aheadNs === null) return 'unknown';
    return clock.boundNs === 0 ? 'same' : 'other';
  }

  /** The maximum error of comparing the clock of a shard with those of the others, and why one is not compared. */
  boundOf(index: number): { readonly clockBoundNs: number | null; readonly clockProblem: string | null } {
    const others = [...(this.#shards.get(index)?.others.values() ?? [])];
    const unknown = others.find(({ boundNs, aheadNs }) => boundNs === null || aheadNs === null);
    if (unknown !== undefined) return { clockBoundNs: null, clockProblem: unknown.problem };
    return { clockBoundNs: Math.max(0, ...others.map(({ boundNs }) => boundNs ?? 0)), clockProblem: null };
  }

  /**
   * Judges latencies between hosts, which the shards `receivers` recorded. Returns null when the clocks compare well
   * enough to use them, otherwise a note that names the hosts, the error and the median.
   */
  refuse(latencies: NsHistogram, receivers: readonly number[]): Finding | null {
    const worst = this.#worstPair(receivers);
    const medianNs = latencies.quantileNs(0.5);
    if (worst === null) return null;
    const { boundNs, problem, receiver, sender } = worst;
    if (boundNs !== null && boundNs <= medianNs * MAX_BOUND_OF_MEDIAN) return null;
    const count = `${formatCount(latencies.count)} deliveries between hosts are left out of the latencies`;
    const clocks = `the clocks of ${shardLabel(receiver.shard)} and ${shardLabel(sender.shard)}`;
    const why =
      boundNs === null
        ? `${clocks} were not compared${problem === null ? '' : `: ${problem}`}`
        : `${clocks} compare within ${formatNs(boundNs)}, limit ${formatPercent(MAX_BOUND_OF_MEDIAN)} of their median of ${formatNs(medianNs)}`;
    return { code: 'not_timed', message: `${count}: ${why}` };
  }

  #worstPair(receivers: readonly number[]): WorstPair | null {
    let worst: WorstPair | null = null;
    const senders = [...this.#shards.values()].filter(({ sends }) => sends);
    for (const receiver of receivers.map((index) => this.#shards.get(index))) {
      for (const sender of senders) {
        if (receiver === undefined || this.between(receiver.shard.index, sender.shard.index) === 'same')
          continue;
        const pair = pairOf(receiver, sender);
        if (pair.boundNs === null) return pair;
        if (worst === null || pair.boundNs > (worst.boundNs ?? 0)) worst = pair;
      }
    }
    return worst;
  }

  /** A note on deliveries that were counted and not timed; null where there are none. */
  noteUntimed(
    deliveries: Iterable<{ readonly receiver: number; readonly sender: number; readonly count: number }>,
  ): Finding | null {
    let [untimed, all] = [0, 0];
    let example: string | null = null;
    for (const { receiver, sender, count } of deliveries) {
      all += count;
      if (count === 0 || this.between(receiver, sender) !== 'unknown') continue;
      untimed += count;
      example ??= this.#whyUnknown(receiver, sender);
    }
    if (example === null) return null;
    const message = `${formatCount(untimed)} of ${formatCount(all)} deliveries were counted without a latency, because the clocks of their shards were not compared: ${example}`;
    return { code: 'not_timed', message };
  }

  #whyUnknown(receiver: number, sender: number): string {
    const shard = this.#shards.get(receiver);
    const problem = shard?.others.get(sender)?.problem ?? 'it does not know the clock';
    const of = shardText({ index: sender, count: shard?.shard.count ?? 0 });
    return `${shard === undefined ? '' : shardLabel(shard.shard)}, of shard ${of}: ${problem}`;
  }
}

/** The larger error of both directions counts. */
function pairOf(receiver: ClockedShard, sender: ClockedShard): WorstPair {
  const there = receiver.others.get(sender.shard.index);
  const back = sender.others.get(receiver.shard.index);
  const bound = there === undefined || there.aheadNs === null ? null : there.boundNs;
  const boundNs = bound === null ? null : Math.max(bound, back?.boundNs ?? 0);
  return { receiver, sender, boundNs, problem: there?.problem ?? null };
}
