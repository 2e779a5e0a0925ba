import type { StoredInterval } from '../run-result.ts';
import { SeriesSums } from '../stored-series.ts';
import type { ShardResult } from './shard-set.ts';

const COUNTED = ['intended', 'sent', 'expected', 'delivered', 'missed'] as const;

/** A part of the run, summed over shards. */
interface SummedInterval {
  readonly startMs: number;
  readonly endMs: number;
  readonly counts: Readonly<Record<(typeof COUNTED)[number], number>>;
  readonly series: SeriesSums;
}

/**
 * The intervals of all shards on their common clock. Where one shard has longer intervals than another, as in a long run,
 * only the ends that both have remain: sums and histograms are exact, and only the resolution in time is lost.
 */
export class IntervalSums {
  #intervals: readonly SummedInterval[] = [];

  /** Adds the intervals of a shard. What its receivers expect, the shards of the senders know. */
  add({ intervals, shard }: ShardResult): void {
    const own = intervals.map((interval, index): SummedInterval => {
      const { startMs, lengthMs, intended, sent, delivered, missed } = interval;
      const series = new SeriesSums();
      for (const [name, encoded] of Object.entries(interval.series)) series.add(name, encoded);
      const counts = { intended, sent, delivered, missed, expected: shard.expected[index] ?? 0 };
      return { startMs, endMs: startMs + lengthMs, counts, series };
    });
    this.#intervals = align(this.#intervals, own);
  }

  /** Sums over all intervals. */
  total(name: (typeof COUNTED)[number]): number {
    return this.#intervals.reduce((sum, { counts }) => sum + counts[name], 0);
  }

  /** Removes a series from all intervals. */
  delete(series: string): void {
    for (const each of this.#intervals) each.series.delete(series);
  }

  /** Adds one series to another in all intervals, and removes it. */
  join(series: string, into: string): void {
    for (const each of this.#intervals) {
      each.series.of(into).addSum(each.series.of(series));
      each.series.delete(series);
    }
  }

  /** The series of the interval in which a second lies, or of the last one; null without intervals. */
  seriesAt(second: number): SeriesSums | null {
    const at = this.#intervals.find(({ endMs }) => second * 1000 < endMs) ?? this.#intervals.at(-1);
    return at?.series ?? null;
  }

  /** `known`: how many of the missing deliveries are known to be lost. The fate of the others is unknown. */
  stored(known: number): StoredInterval[] {
    let left = known;
    return this.#intervals.map(({ startMs, endMs, counts, series }) => {
      const lost = Math.min(left, Math.max(0, counts.expected - counts.delivered - counts.missed));
      left -= lost;
      const encoded = series.entries().map(([name, sum]) => [name, sum.encode()]);
      return { startMs, lengthMs: endMs - startMs, ...counts, lost, series: Object.fromEntries(encoded) };
    });
  }
}

/** Adds two rows of intervals up. One may end later than the other. */
function align(a: readonly SummedInterval[], b: readonly SummedInterval[]): SummedInterval[] {
  if (a.length === 0 || b.length === 0) return [...a, ...b];
  const starts = new Set(b.map(({ startMs }) => startMs));
  const [endOfA, endOfB] = [a.at(-1)?.endMs ?? 0, b.at(-1)?.endMs ?? 0];
  const startsOfA = a.map(({ startMs }) => startMs);
  const isCommon = (startMs: number) => starts.has(startMs) || startMs >= endOfB;
  const common = [
    ...startsOfA.filter(isCommon),
    ...b.map(({ startMs }) => startMs).filter((startMs) => startMs >= endOfA),
  ];
  const groups = Map.groupBy([...a, ...b], ({ startMs }) => common.findLast((each) => each <= startMs) ?? 0);
  return [...groups].sort(([x], [y]) => x - y).map(([, group]) => addUp(group));
}

/** One interval for several that overlap or follow one another. */
function addUp(group: readonly SummedInterval[]): SummedInterval {
  const sum = (name: (typeof COUNTED)[number]) =>
    group.reduce((total, { counts }) => total + counts[name], 0);
  const series = new SeriesSums();
  for (const each of group) series.addAll(each.series);
  return {
    startMs: Math.min(...group.map(({ startMs }) => startMs)),
    endMs: Math.max(...group.map(({ endMs }) => endMs)),
    counts: {
      intended: sum('intended'),
      sent: sum('sent'),
      expected: sum('expected'),
      delivered: sum('delivered'),
      missed: sum('missed'),
    },
    series,
  };
}
