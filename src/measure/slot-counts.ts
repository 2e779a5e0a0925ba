import { BUCKETS } from './buckets.ts';

/** The measured time is divided into so many slots at most. */
const SLOTS = 1024;
/** Messages that are due within one slot are one unit. Shorter slots of short runs would cost more and show no more. */
const SHORTEST_SLOT_NS = 10e6;

/** A bin has so many buckets of a histogram: 16 bins for each power of two, each at most 6 % wide. */
const BUCKETS_OF_BIN_LOG2 = 6;
const BINS = (BUCKETS >> BUCKETS_OF_BIN_LOG2) + 1;

/** An entry holds its slot and bin above this power of two, and its count below. */
const COUNT_LIMIT = 2 ** 29;

/** How many values of one slot lie in one bin. */
export interface SlotEntry {
  readonly slot: number;
  readonly bin: number;
  readonly count: number;
}

/** An entry as one number below 2^53. Entries of one slot and bin are neighbours when sorted. */
export function packEntry(slot: number, bin: number, count: number): number {
  return (slot * BINS + bin) * COUNT_LIMIT + count;
}

/** The entry that {@link packEntry} wrote. */
export function unpackEntry(packed: number): SlotEntry {
  const place = Math.floor(packed / COUNT_LIMIT);
  const slot = Math.floor(place / BINS);
  return { slot, bin: place - slot * BINS, count: packed - place * COUNT_LIMIT };
}

/** The slots of a run, which follow from its plan: every process has the same. */
export interface SlotTimes {
  readonly startNs: number;
  readonly lengthNs: number;
  readonly slots: number;
}

export function slotTimes(startNs: number, durationMs: number): SlotTimes {
  const lengthNs = Math.max(SHORTEST_SLOT_NS, (durationMs * 1e6) / SLOTS);
  return { startNs, lengthNs, slots: Math.max(1, Math.ceil((durationMs * 1e6) / lengthNs)) };
}

/** The counts of one slot. */
interface SlotRow {
  readonly counts: Uint32Array;
  /** The bins that have a count, in the order in which they got it. */
  readonly bins: Uint16Array;
  used: number;
}

/** Rows that are in no slot; all of their counts are 0. */
export type RowPool = SlotRow[];

/** Entries that {@link SlotCounts.take} finds, before they are copied. */
let taken = new Float64Array(1024);

/**
 * Counts the values of one series by the slot in which their message was due, and by bin. All deliveries of a broadcast are
 * in one slot, however late they are.
 */
export class SlotCounts {
  readonly #times: SlotTimes;
  readonly #pool: RowPool;
  readonly #rows: Array<SlotRow | null>;
  /** Slots that have a row. */
  #used: number[] = [];
  /** The last message: all receivers of a broadcast get one that was due at the same time. */
  #dueNs = Number.NaN;
  #row: SlotRow;

  constructor(times: SlotTimes, pool: RowPool) {
    this.#times = times;
    this.#pool = pool;
    this.#rows = Array.from({ length: times.slots }, () => null);
    this.#row = newRow();
  }

  /** Counts a value, by its bucket in a histogram. What is due outside of the measured time counts in the nearest slot. */
  add(bucket: number, dueNs: number): void {
    if (dueNs !== this.#dueNs) {
      this.#row = this.#rowAt(dueNs);
      this.#dueNs = dueNs;
    }
    const row = this.#row;
    const bin = bucket >> BUCKETS_OF_BIN_LOG2;
    const count = row.counts[bin] ?? 0;
    if (count === 0) row.bins[row.used++] = bin;
    row.counts[bin] = count + 1;
  }

  #rowAt(dueNs: number): SlotRow {
    const { startNs, lengthNs, slots } = this.#times;
    const slot = Math.min(slots - 1, Math.max(0, Math.floor((dueNs - startNs) / lengthNs)));
    const present = this.#rows[slot];
    if (present !== null && present !== undefined) return present;
    const row = this.#pool.pop() ?? newRow();
    this.#rows[slot] = row;
    this.#used.push(slot);
    return row;
  }

  /** Returns what was counted since the last call, packed; null for nothing. */
  take(): Float64Array | null {
    if (this.#used.length === 0) return null;
    let length = 0;
    for (const slot of this.#used) {
      const row = this.#rows[slot];
      if (row === null || row === undefined) continue;
      if (length + row.used > taken.length) taken = enlarged(taken, 2 * taken.length + BINS);
      for (let index = 0; index < row.used; index++) {
        const bin = row.bins[index] ?? 0;
        taken[length++] = packEntry(slot, bin, row.counts[bin] ?? 0);
        row.counts[bin] = 0;
      }
      row.used = 0;
      this.#rows[slot] = null;
      this.#pool.push(row);
    }
    this.#used = [];
    this.#dueNs = Number.NaN;
    return taken.slice(0, length);
  }
}

function newRow(): SlotRow {
  return { counts: new Uint32Array(BINS), bins: new Uint16Array(BINS), used: 0 };
}

/** A longer copy of an array. */
export function enlarged(values: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(length);
  longer.set(values);
  return longer;
}
