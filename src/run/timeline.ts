import type { SecondCounts } from '../generator/messages.ts';
import { NsHistogram, type SparseCounts } from '../measure/histogram.ts';
import { isUnstalled, SERIES } from '../measure/series.ts';
import { MAX_INTERVALS, type StoredInterval } from '../result/run-result.ts';

const LENGTHS_S = [1, 2, 5, 10, 15, 20, 30, 60, 120, 180];

/** The length of one interval in whole seconds, 1 or more: the longer the time, the coarser its intervals. */
export function intervalSeconds(durationMs: number): number {
  const seconds = Math.ceil(durationMs / 1000);
  const fewEnough = LENGTHS_S.find((length) => Math.ceil(seconds / length) <= MAX_INTERVALS);
  return fewEnough ?? Math.ceil(seconds / MAX_INTERVALS);
}

export interface ScheduleCounts {
  intended: number;
  sent: number;
  expected: number;
  delivered: number;
}

/** One interval of the run while it is being filled. */
interface OpenInterval {
  readonly startS: number;
  readonly lengthS: number;
  readonly counts: ScheduleCounts;
  readonly open: Map<string, NsHistogram>;
  /** Series of an interval that is over, encoded to save memory. */
  readonly encoded: Map<string, string>;
}

/** Series and counts of a run, interval by interval and in all. Seconds count from the start of measuring. */
export class Timeline {
  /** Each series over the whole run. */
  readonly series = new Map<string, NsHistogram>();
  readonly #intervals: OpenInterval[] = [];
  readonly #measuredS: number;
  readonly #measuredLengthS: number;
  readonly #drainLengthS: number;
  /** Intervals that ended before this second are encoded, but for late values. */
  #encodedBeforeS = 0;

  /** No interval reaches over the end of `durationMs`, where the drain begins. */
  constructor({ durationMs, drainMs }: { readonly durationMs: number; readonly drainMs: number }) {
    this.#measuredS = Math.ceil(durationMs / 1000);
    this.#measuredLengthS = intervalSeconds(durationMs);
    this.#drainLengthS = intervalSeconds(drainMs);
  }

  /** Adds to a series as a whole, and to the interval of a second. Only the whole of an unstalled series is judged. */
  addSeries(second: number, series: Readonly<Record<string, SparseCounts>>): void {
    for (const [name, sparse] of Object.entries(series)) {
      this.addTotal(name, sparse);
      if (!isUnstalled(name)) this.#openSeries(second, name).addSparse(sparse);
    }
  }

  /** Adds to a series as a whole only, for what happens before measuring. */
  addTotal(name: string, sparse: SparseCounts): void {
    getOrAdd(this.series, name, () => new NsHistogram(64)).addSparse(sparse);
  }

  addCounts(bySecond: readonly SecondCounts[]): void {
    for (const counts of bySecond) addTo(this.#intervalOf(Math.max(0, counts.second)).counts, counts);
  }

  /** Sums so far. */
  counts(): Readonly<ScheduleCounts> {
    const sum = { ...NO_COUNTS };
    for (const { counts } of this.#intervals) addTo(sum, counts);
    return sum;
  }

  /** Deliveries of intervals that ended before this second and have not arrived. */
  missingBefore(second: number): number {
    return this.#endedBefore(second).reduce((total, { counts }) => total + lostOf(counts), 0);
  }

  /** Encodes the series of all intervals that ended before this second. */
  encodeBefore(second: number): void {
    this.#encodedBeforeS = second;
    for (const { open, encoded } of this.#endedBefore(second)) {
      for (const [name, histogram] of open) encoded.set(name, histogram.encode());
      open.clear();
    }
  }

  /** `known`: how many of the missing deliveries are known to be lost. The fate of the others is unknown. */
  stored(known = Number.POSITIVE_INFINITY): StoredInterval[] {
    this.encodeBefore(Number.POSITIVE_INFINITY);
    let left = known;
    return this.#intervals.map((interval) => {
      const lost = Math.min(left, lostOf(interval.counts));
      left -= lost;
      return store(interval, lost);
    });
  }

  /** The intervals that are over and encoded. What has not arrived from those before `lostBefore` counts as lost. */
  storedSoFar(lostBefore: number): StoredInterval[] {
    return this.#endedBefore(this.#encodedBeforeS).map((interval) =>
      store(interval, interval.startS + interval.lengthS <= lostBefore ? lostOf(interval.counts) : 0),
    );
  }

  #endedBefore(second: number): OpenInterval[] {
    return this.#intervals.filter(({ startS, lengthS }) => startS + lengthS <= second);
  }

  #intervalOf(second: number): OpenInterval {
    for (;;) {
      const found = this.#intervals.findLast(({ startS }) => startS <= second);
      const endS = found === undefined ? 0 : found.startS + found.lengthS;
      if (found !== undefined && second < endS) return found;
      const leftS = this.#measuredS - endS;
      const lengthS = leftS > 0 ? Math.min(this.#measuredLengthS, leftS) : this.#drainLengthS;
      const interval = { counts: { ...NO_COUNTS }, open: new Map(), encoded: new Map() };
      this.#intervals.push({ startS: endS, lengthS, ...interval });
    }
  }

  /** A late value opens a series again that was encoded. */
  #openSeries(second: number, name: string): NsHistogram {
    const { open, encoded } = this.#intervalOf(second);
    return getOrAdd(open, name, () => {
      const stored = encoded.get(name);
      return stored === undefined ? new NsHistogram(64) : NsHistogram.decode(stored);
    });
  }
}

function store({ startS, lengthS, counts, encoded }: OpenInterval, lost: number): StoredInterval {
  const times = { startMs: startS * 1000, lengthMs: lengthS * 1000 };
  return { ...times, ...counts, lost, series: Object.fromEntries(encoded) };
}

const NO_COUNTS: Readonly<ScheduleCounts> = { intended: 0, sent: 0, expected: 0, delivered: 0 };

function addTo(sum: ScheduleCounts, counts: Readonly<ScheduleCounts>): void {
  sum.intended += counts.intended;
  sum.sent += counts.sent;
  sum.expected += counts.expected;
  sum.delivered += counts.delivered;
}

function lostOf({ expected, delivered }: ScheduleCounts): number {
  return Math.max(0, expected - delivered);
}

/**
 * Merges and encodes made-up values. The first time takes tens of milliseconds of compiling, which would otherwise
 * compete for a CPU in the first seconds of measuring.
 */
export function rehearseTimeline(): void {
  const values = Float64Array.from({ length: 500 }, (_, i) => (i + 1) * 20_011);
  const sparse = { valuesNs: values, counts: values.map(() => 3) };
  for (let rehearsal = 0; rehearsal < 3; rehearsal++) {
    const timeline = new Timeline({ durationMs: 1000, drainMs: 0 });
    for (const { name } of SERIES) timeline.addSeries(0, { [name]: sparse });
    timeline.stored();
  }
}

/** The value of a key, created when there is none. */
export function getOrAdd<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = create();
    map.set(key, value);
  }
  return value;
}
