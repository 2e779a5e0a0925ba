import type { SecondCounts } from '../generator/messages.ts';
import { NsHistogram, type SparseCounts } from '../measure/histogram.ts';
import { isOfConnecting, isUnstalled, SERIES } from '../measure/series.ts';
import { MAX_INTERVALS, type StoredInterval } from '../result/run-result.ts';
import { SeriesSums } from '../result/stored-series.ts';
import { CoarseningList } from './coarsening.ts';

export interface ScheduleCounts {
  intended: number;
  sent: number;
  expected: number;
  delivered: number;
  missed: number;
}

/** Two seconds of the series that scenarios have. */
const MAX_SPARE = 32;

/** One interval of the run while it is being filled. */
interface OpenInterval {
  readonly startS: number;
  readonly lengthS: number;
  readonly counts: ScheduleCounts;
  readonly open: Map<string, NsHistogram>;
  /** Series of an interval that is over, encoded to save memory. */
  readonly encoded: Map<string, string>;
}

/**
 * Series and counts of a run, interval by interval and in all. Seconds count from the start of measuring. The longer the
 * run, the longer are its intervals: 1 s at first, then 2 s, then 4 s.
 */
export class Timeline {
  /** Each series over the whole run. */
  readonly series = new Map<string, NsHistogram>();
  readonly #measured = new CoarseningList(MAX_INTERVALS, joinIntervals);
  readonly #drain = new CoarseningList(MAX_INTERVALS, joinIntervals);
  #measuredS: number;
  /** Intervals that ended before this second are encoded, but for late values. */
  #encodedBeforeS = 0;
  /** Seconds in which clients were away: what is missing of them is judged at the end. */
  readonly #awaySeconds = new Set<number>();
  /** Empty histograms of intervals that were encoded, for the next ones: a new one takes 8 KB for each power of two. */
  readonly #spare: NsHistogram[] = [];

  /** No interval reaches over the end of `durationMs`, where the drain begins. */
  constructor({ durationMs }: { readonly durationMs: number }) {
    this.#measuredS = Math.ceil(durationMs / 1000);
  }

  /** Measuring ended before its time, so much after its start. */
  endMeasuring(measureMs: number): void {
    this.#measuredS = Math.min(this.#measuredS, Math.ceil(measureMs / 1000));
  }

  /**
   * Adds to a series as a whole, and to the interval of a second. Only the whole of an unstalled series is judged, and
   * clients connect before the measured time.
   */
  addSeries(second: number, series: Readonly<Record<string, SparseCounts>>): void {
    for (const [name, sparse] of Object.entries(series)) {
      this.#addTotal(name, sparse);
      if (!isUnstalled(name) && !isOfConnecting(name)) this.#openSeries(second, name).addSparse(sparse);
    }
  }

  #addTotal(name: string, sparse: SparseCounts): void {
    getOrAdd(this.series, name, () => new NsHistogram()).addSparse(sparse);
  }

  addCounts(bySecond: readonly SecondCounts[]): void {
    for (const counts of bySecond)
      addTo(this.#intervalOf(Math.max(0, counts.second)).counts, { ...counts, missed: 0 });
  }

  /** Counts what clients missed while they were away, and takes off what they did not expect, by second. */
  addAbsent(missedSeconds: readonly number[], notExpectedSeconds: readonly number[]): void {
    for (const second of missedSeconds) this.#intervalOf(Math.max(0, second)).counts.missed += 1;
    for (const second of notExpectedSeconds) this.#intervalOf(Math.max(0, second)).counts.expected -= 1;
  }

  /** Sums so far. */
  counts(): Readonly<ScheduleCounts> {
    const sum = { ...NO_COUNTS };
    for (const { counts } of this.#intervals()) addTo(sum, counts);
    return sum;
  }

  noteAway(seconds: Iterable<number>): void {
    for (const second of seconds) this.#awaySeconds.add(second);
  }

  /** Deliveries of intervals that ended before this second and have not arrived, without those in which clients were away. */
  missingBefore(second: number): number {
    return this.#endedBefore(second).reduce((total, interval) => total + this.#lostSoFar(interval), 0);
  }

  #lostSoFar({ startS, lengthS, counts }: OpenInterval): number {
    for (let second = startS; second < startS + lengthS; second++)
      if (this.#awaySeconds.has(second)) return 0;
    return lostOf(counts);
  }

  /** Encodes the series of all intervals that ended before this second. */
  encodeBefore(second: number): void {
    this.#encodedBeforeS = second;
    for (const { open, encoded } of this.#endedBefore(second)) {
      for (const [name, histogram] of open) {
        encoded.set(name, histogram.encode());
        if (this.#spare.length < MAX_SPARE) this.#spare.push(histogram);
      }
      open.clear();
    }
  }

  /** `known`: how many of the missing deliveries are known to be lost. The fate of the others is unknown. */
  stored(known = Number.POSITIVE_INFINITY): StoredInterval[] {
    this.encodeBefore(Number.POSITIVE_INFINITY);
    let left = known;
    return this.#intervals().map((interval) => {
      const lost = Math.min(left, lostOf(interval.counts));
      left -= lost;
      return store(interval, lost);
    });
  }

  /** The intervals that were over before this second, which are encoded. What has not arrived counts as {@link storedSoFar} says. */
  storedBefore(second: number, lostBefore: number): StoredInterval[] {
    this.encodeBefore(second);
    return this.storedSoFar(lostBefore);
  }

  /** The intervals that are over and encoded. What has not arrived from those before `lostBefore` counts as lost. */
  storedSoFar(lostBefore: number): StoredInterval[] {
    return this.#endedBefore(this.#encodedBeforeS).map((interval) =>
      store(interval, interval.startS + interval.lengthS <= lostBefore ? this.#lostSoFar(interval) : 0),
    );
  }

  #endedBefore(second: number): OpenInterval[] {
    return this.#intervals().filter(({ startS, lengthS }) => startS + lengthS <= second);
  }

  #intervals(): OpenInterval[] {
    return [...this.#measured.values, ...this.#drain.values];
  }

  #intervalOf(second: number): OpenInterval {
    for (;;) {
      const found =
        this.#drain.values.findLast(({ startS }) => startS <= second) ??
        this.#measured.values.findLast(({ startS }) => startS <= second);
      const last = this.#drain.values.at(-1) ?? this.#measured.values.at(-1);
      const endS = last === undefined ? 0 : last.startS + last.lengthS;
      if (found !== undefined && second < endS) return found;
      const leftS = this.#measuredS - endS;
      const list = leftS > 0 ? this.#measured : this.#drain;
      const lengthS = leftS > 0 ? Math.min(list.grain, leftS) : list.grain;
      list.push(newInterval(endS, lengthS), lengthS);
    }
  }

  #emptyHistogram(): NsHistogram {
    const spare = this.#spare.pop();
    spare?.reset();
    return spare ?? new NsHistogram();
  }

  /** A late value opens a series again that was encoded. */
  #openSeries(second: number, name: string): NsHistogram {
    const { open, encoded } = this.#intervalOf(second);
    return getOrAdd(open, name, () => {
      const stored = encoded.get(name);
      return stored === undefined ? this.#emptyHistogram() : NsHistogram.decode(stored);
    });
  }
}

function newInterval(startS: number, lengthS: number): OpenInterval {
  return { startS, lengthS, counts: { ...NO_COUNTS }, open: new Map(), encoded: new Map() };
}

/** One interval for two in a row. Its histograms have all values of both. */
function joinIntervals(earlier: OpenInterval, later: OpenInterval): OpenInterval {
  const joined = newInterval(earlier.startS, earlier.lengthS + later.lengthS);
  const sums = new SeriesSums();
  for (const { counts, open, encoded } of [earlier, later]) {
    addTo(joined.counts, counts);
    for (const [name, histogram] of open) {
      getOrAdd(joined.open, name, () => new NsHistogram()).add(histogram);
    }
    for (const [name, text] of encoded) {
      // What is open has the encoded values too.
      if (!open.has(name)) sums.add(name, text);
    }
  }
  for (const [name, sum] of sums.entries()) {
    const histogram = joined.open.get(name);
    if (histogram === undefined) joined.encoded.set(name, sum.encode());
    else histogram.add(sum.histogram());
  }
  return joined;
}

function store({ startS, lengthS, counts, encoded }: OpenInterval, lost: number): StoredInterval {
  const times = { startMs: startS * 1000, lengthMs: lengthS * 1000 };
  return { ...times, ...counts, lost, series: Object.fromEntries(encoded) };
}

const NO_COUNTS: Readonly<ScheduleCounts> = { intended: 0, sent: 0, expected: 0, delivered: 0, missed: 0 };

function addTo(sum: ScheduleCounts, counts: Readonly<ScheduleCounts>): void {
  sum.intended += counts.intended;
  sum.sent += counts.sent;
  sum.expected += counts.expected;
  sum.delivered += counts.delivered;
  sum.missed += counts.missed;
}

function lostOf({ expected, delivered, missed }: ScheduleCounts): number {
  return Math.max(0, expected - delivered - missed);
}

/**
 * Merges and encodes made-up values. The first time takes tens of milliseconds of compiling, which would otherwise
 * compete for a CPU in the first seconds of measuring.
 */
export function rehearseTimeline(): void {
  const values = Float64Array.from({ length: 500 }, (_, i) => (i + 1) * 20_011);
  const sparse = { valuesNs: values, counts: values.map(() => 3) };
  for (let rehearsal = 0; rehearsal < 3; rehearsal++) {
    const timeline = new Timeline({ durationMs: 1000 });
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
