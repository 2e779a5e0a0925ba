import { BucketCounts } from './bucket-counts.ts';
import type { SparseCounts } from './histogram.ts';
import { SERIES } from './series.ts';
import { type RowPool, SlotCounts, type SlotTimes } from './slot-counts.ts';

const NEVER_ZERO: ReadonlySet<string> = new Set(
  SERIES.filter((series) => !series.mayBeZero).map((series) => series.name),
);

/** The series of one process since the last {@link Recorder.take}. */
export interface Recorded {
  readonly series: Readonly<Record<string, SparseCounts>>;
  /** Values that only a clock fault gives (0 or less, or NaN), by series. They are recorded as 0. */
  readonly impossible: Readonly<Record<string, number>>;
}

/** What shows how successive messages of one process are correlated, since the last {@link Recorder.takeSuccessive}. */
export interface Successive {
  /** How many values of each series lie in which slot and bin, packed as `slot-counts.ts` says. */
  readonly slots: Readonly<Record<string, Float64Array>>;
  /** When a message was due and its value, in turn, of the series that {@link Recorder.divide} names; at most the first. */
  readonly ordered: Float64Array;
}

export const NO_SUCCESSIVE: Successive = { slots: {}, ordered: new Float64Array() };

/** So many values are kept in their order by each process: enough for correlations of 1,000 messages apart. */
export const MAX_ORDERED = 65_536;

/** One series of a recorder. Whoever records many values keeps it, rather than naming the series with each. */
export class RecordedSeries {
  readonly #counts = new BucketCounts();
  readonly #mayBeZero: boolean;
  #impossible = 0;
  /** Null until the time is known that is measured. */
  #slots: SlotCounts | null = null;
  /** Due times and values in turn; null where their order is not kept. */
  #ordered: number[] | null = null;
  #orderedCount = 0;
  /** Called with each value that is recorded. */
  onValue: ((valueNs: number) => void) | null = null;

  constructor(name: string) {
    this.#mayBeZero = !NEVER_ZERO.has(name);
  }

  /** Records a value `count` times. Returns its bucket. */
  record(valueNs: number, count = 1): number {
    const isPossible = valueNs > 0 || (valueNs === 0 && this.#mayBeZero);
    if (!isPossible) this.#impossible += count;
    const bucket = this.#counts.add(isPossible ? valueNs : 0, count);
    this.onValue?.(valueNs);
    return bucket;
  }

  /** Records a value of a message that was due at this time, which shows how successive messages are correlated. */
  recordDue(valueNs: number, dueNs: number): void {
    const bucket = this.record(valueNs);
    this.#slots?.add(bucket, dueNs);
    if (this.#ordered !== null && this.#orderedCount < MAX_ORDERED) {
      this.#ordered.push(dueNs, valueNs);
      this.#orderedCount += 1;
    }
  }

  /** Counts by slot from now on what {@link recordDue} records. */
  divide(times: SlotTimes, pool: RowPool): void {
    this.#slots = new SlotCounts(times, pool);
  }

  /** Keeps from now on the order of what {@link recordDue} records. */
  keepOrder(): void {
    this.#ordered = [];
    this.#orderedCount = 0;
  }

  /** Returns due times and values since the last call, in turn. */
  takeOrdered(): Float64Array {
    const ordered = Float64Array.from(this.#ordered ?? []);
    if (this.#ordered !== null) this.#ordered = [];
    return ordered;
  }

  /** Returns the counts by slot since the last call, packed; null for none. */
  takeSlots(): Float64Array | null {
    return this.#slots?.take() ?? null;
  }

  /** Returns what was recorded since the last call of this or of {@link take}; null for nothing. */
  cut(): SparseCounts | null {
    return this.#counts.take();
  }

  /** Returns what was recorded since the last call, and how many values were impossible. */
  take(): { readonly counts: SparseCounts | null; readonly impossible: number } {
    const impossible = this.#impossible;
    this.#impossible = 0;
    return { counts: this.#counts.take(), impossible };
  }
}

/** Records values into named series, which are handed over and emptied about once a second. */
export class Recorder {
  readonly #series = new Map<string, RecordedSeries>();
  /** The slots of the measured time; null until it is known. */
  #times: SlotTimes | null = null;
  readonly #pool: RowPool = [];
  #orderedSeries: RecordedSeries | null = null;

  /** A series of this name, or `warmup`, which no report shows. */
  series(name: string): RecordedSeries {
    let series = this.#series.get(name);
    if (series === undefined) {
      series = new RecordedSeries(name);
      if (this.#times !== null) series.divide(this.#times, this.#pool);
      this.#series.set(name, series);
    }
    return series;
  }

  /** Records a value `count` times into the series of this name. */
  record(name: string, valueNs: number, count = 1): void {
    this.series(name).record(valueNs, count);
  }

  /** Records a value of a message that was due at this time. */
  recordDue(name: string, valueNs: number, dueNs: number): void {
    this.series(name).recordDue(valueNs, dueNs);
  }

  /**
   * Divides the measured time into slots, and keeps the order of the values of one series. What was counted before is
   * dropped.
   */
  divide(times: SlotTimes, ordered: string): void {
    this.#times = times;
    this.#orderedSeries = this.series(ordered);
    for (const series of this.#series.values()) series.divide(times, this.#pool);
    this.#orderedSeries.keepOrder();
  }

  /** Returns what shows correlations since the last call. */
  takeSuccessive(): Successive {
    const taken = Array.from(this.#series, ([name, series]) => [name, series.takeSlots()] as const);
    const slots = Object.fromEntries(taken.flatMap(([name, each]) => (each === null ? [] : [[name, each]])));
    return { slots, ordered: this.#orderedSeries?.takeOrdered() ?? new Float64Array() };
  }

  /** Returns what was recorded since the last call; empty series are left out. */
  take(): Recorded {
    const taken = Array.from(this.#series, ([name, series]) => ({ name, ...series.take() }));
    return {
      series: Object.fromEntries(
        taken.flatMap(({ name, counts }) => (counts === null ? [] : [[name, counts]])),
      ),
      impossible: Object.fromEntries(
        taken.flatMap(({ name, impossible }) => (impossible === 0 ? [] : [[name, impossible]])),
      ),
    };
  }
}
