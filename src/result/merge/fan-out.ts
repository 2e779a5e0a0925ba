import { BROADCAST_SERIES, type BroadcastKind, valuesOfBroadcast } from '../../measure/broadcast-series.ts';
import { decodeBroadcasts, type GatheredBroadcast } from '../../measure/encoded-broadcasts.ts';
import { NsHistogram } from '../../measure/histogram.ts';
import { SlowestBroadcasts } from '../../measure/slowest-broadcasts.ts';
import { shardOfClient } from '../../plan/shard.ts';
import type { StoredSlowBroadcast } from '../stored-moments.ts';
import type { SeriesSums } from '../stored-series.ts';
import type { StoredShard } from '../stored-shard.ts';
import type { HostClocks } from './host-clocks.ts';
import type { IntervalSums } from './interval-sums.ts';
import type { LedgerSum } from './ledger-sum.ts';
import type { ShardResult } from './shard-set.ts';

/** So many latencies are in memory at a time; of more, the broadcasts are completed in several rounds. */
const MAX_AT_ONCE = 4_000_000;

/** Every series that broadcasts are recorded into. */
export const SERIES_OF_BROADCASTS: readonly string[] = Object.values(BROADCAST_SERIES)
  .flatMap((each) => Object.values(each))
  .filter((series) => series !== null);

/** Where broadcasts are recorded, and what of them counts. */
export interface FanOutTarget {
  readonly shards: number;
  readonly ledger: LedgerSum;
  readonly clocks: HostClocks;
  /** Whether latencies between the clocks of two hosts count. */
  readonly usesOtherClocks: boolean;
  readonly intervals: IntervalSums;
  readonly totals: SeriesSums;
}

/** How many broadcasts there were. */
export interface BroadcastCounts {
  /** At least one receiver got it, and was timed. */
  timed: number;
  /** At least one receiver got it. */
  reached: number;
  /** Some receiver did not get it, of those that reached any. */
  incomplete: number;
  /** Some receipt has no latency that counts, so that it is in no fan-out series. */
  leftOut: number;
}

interface SplitBroadcast {
  second: number;
  reached: number;
  untimed: number;
  readonly latenciesNs: number[];
}

/** The broadcasts of all shards, each of which got a part of every one. */
export class FanOut {
  readonly #parts: Array<{ readonly shard: number; readonly encoded: string }> = [];
  #latencies = 0;
  readonly #slowestParts: StoredShard['slowest'] = [];
  readonly #slowest = new SlowestBroadcasts();

  add({ shard, ledger }: ShardResult): void {
    if (shard.broadcasts === null) return;
    this.#slowestParts.push(...shard.slowest);
    this.#parts.push({ shard: shard.index, encoded: shard.broadcasts });
    this.#latencies += ledger.delivered;
  }

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  /** Completes the broadcasts and records them, each in the interval of its last arrival. */
  record(target: FanOutTarget): BroadcastCounts {
    const counts: BroadcastCounts = { timed: 0, reached: 0, incomplete: 0, leftOut: 0 };
    const values = new BroadcastValues(target);
    const rounds = Math.max(1, Math.ceil(this.#latencies / MAX_AT_ONCE));
    for (let round = 0; round < rounds; round++) {
      const open = new Map<number, Map<number, SplitBroadcast>>();
      for (const { shard, encoded } of this.#parts) {
        for (const part of decodeBroadcasts(encoded)) {
          if (part.seq % rounds === round) addPart(open, part, shard, target);
        }
      }
      for (const [stream, broadcasts] of open) {
        const kind = target.ledger.stream(stream)?.broadcast ?? null;
        const expected = target.ledger.copiesOfEach(stream);
        for (const [seq, broadcast] of broadcasts) {
          if (kind === null) continue;
          const closed = closeBroadcast(broadcast, { kind, expected, counts, values });
          if (closed === null || kind !== 'fanout') continue;
          const { reached } = broadcast;
          this.#slowest.offer({ ...NOT_KNOWN_YET, ...closed, stream, seq, expected, reached });
        }
      }
    }
    values.store();
    return counts;
  }

  /** The slowest broadcasts that were recorded. Who received one last knows the shard that received it last. */
  slowest(): StoredSlowBroadcast[] {
    return this.#slowest.list().flatMap(({ intendedNs: _, lastReceiver: __, ...broadcast }) => {
      const parts = this.#slowestParts.filter(
        ({ stream, seq }) => stream === broadcast.stream && seq === broadcast.seq,
      );
      const [last] = parts.toSorted((a, b) => b.lastNs - a.lastNs);
      return last === undefined ? [] : [{ ...broadcast, atMs: last.atMs, lastReceiver: last.lastReceiver }];
    });
  }
}

/** Only the parts of a broadcast know when it was sent, and who received it last. */
const NOT_KNOWN_YET = { intendedNs: 0, lastReceiver: 0 };

/** Adds what one shard got of a broadcast. Its latencies count if the clock of the sender's shard does. */
function addPart(
  open: Map<number, Map<number, SplitBroadcast>>,
  { stream, seq, second, untimed, latenciesNs }: GatheredBroadcast,
  shard: number,
  { shards, ledger, clocks, usesOtherClocks }: FanOutTarget,
): void {
  const ofStream = open.get(stream) ?? new Map<number, SplitBroadcast>();
  open.set(stream, ofStream);
  const broadcast = ofStream.get(seq) ?? { second: 0, reached: 0, untimed: 0, latenciesNs: [] };
  ofStream.set(seq, broadcast);
  const clock = clocks.between(shard, shardOfClient(ledger.stream(stream)?.sender ?? 0, shards));
  const counts = clock === 'same' || (clock === 'other' && usesOtherClocks);
  broadcast.second = Math.max(broadcast.second, second);
  broadcast.reached += untimed + latenciesNs.length;
  broadcast.untimed += counts ? untimed : untimed + latenciesNs.length;
  if (counts) for (const latencyNs of latenciesNs) broadcast.latenciesNs.push(latencyNs);
}

interface BroadcastEnd {
  readonly kind: BroadcastKind;
  readonly expected: number;
  readonly counts: BroadcastCounts;
  readonly values: BroadcastValues;
}

/** Records a broadcast; null where it is left out. */
function closeBroadcast(
  { second, reached, untimed, latenciesNs }: SplitBroadcast,
  { kind, expected, counts, values }: BroadcastEnd,
): { readonly firstNs: number; readonly lastNs: number } | null {
  if (reached === 0) return null;
  counts.reached += 1;
  if (reached < expected) counts.incomplete += 1;
  if (latenciesNs.length > 0) counts.timed += 1;
  if (untimed > 0) {
    counts.leftOut += 1;
    return null;
  }
  const sorted = Float64Array.from(latenciesNs).sort();
  const at = (place: number) => sorted[place] ?? 0;
  const last = sorted.length - 1;
  const broadcast = { firstNs: at(0), medianNs: at(Math.floor(last / 2)), lastNs: at(last) };
  for (const [series, valueNs] of valuesOfBroadcast(kind, broadcast)) values.add(second, series, valueNs);
  return broadcast;
}

/** Values by interval and series, which take less memory than a histogram of each. */
class BroadcastValues {
  readonly #target: Pick<FanOutTarget, 'intervals' | 'totals'>;
  readonly #values = new Map<SeriesSums, Map<string, number[]>>();

  constructor(target: Pick<FanOutTarget, 'intervals' | 'totals'>) {
    this.#target = target;
  }

  add(second: number, series: string, valueNs: number): void {
    const sums = this.#target.intervals.seriesAt(second) ?? this.#target.totals;
    const bySeries = this.#values.get(sums) ?? new Map<string, number[]>();
    this.#values.set(sums, bySeries);
    const values = bySeries.get(series) ?? [];
    bySeries.set(series, values);
    values.push(valueNs);
  }

  store(): void {
    const { totals } = this.#target;
    for (const [sums, bySeries] of this.#values) {
      for (const [series, values] of bySeries) {
        const histogram = new NsHistogram();
        // The error of comparing two clocks may make a latency negative.
        for (const valueNs of values) histogram.record(Math.max(0, valueNs));
        const encoded = histogram.encode();
        totals.add(series, encoded);
        if (sums !== totals) sums.add(series, encoded);
      }
    }
  }
}
