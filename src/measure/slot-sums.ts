import { enlarged, packEntry, unpackEntry } from './slot-counts.ts';

/** Entries are merged when they are more than this, and more than twice as many as after the last time. */
const MERGE_FROM = 65_536;

/** What one series has below a quantile in each unit of time, in order. */
export interface Shares {
  /** Values of each unit. */
  readonly total: Float64Array;
  /**
   * The part of them below the quantile. Values in the bin of the quantile count as the share of this bin that lies below it.
   */
  readonly below: Float64Array;
  /** The variance of that part of one value; q(1 - q), and less for the bin of the quantile. */
  readonly varianceOfOne: number;
}

interface Unpacked {
  readonly slots: Uint16Array;
  readonly bins: Uint16Array;
  readonly counts: Float64Array;
  readonly byBin: ReadonlyMap<number, number>;
  readonly count: number;
  readonly lastSlot: number;
}

/** Adds up the slots of one series, of all processes and seconds. */
export class SlotSums {
  #entries = new Float64Array(1024);
  #length = 0;
  #merged = 0;
  /** Null when entries were added since. */
  #unpacked: Unpacked | null = null;

  /** Adds entries as `SlotCounts` hands them over. */
  add(packed: Float64Array): void {
    if (this.#length + packed.length > this.#entries.length)
      this.#entries = enlarged(this.#entries, 2 * (this.#length + packed.length));
    this.#entries.set(packed, this.#length);
    this.#length += packed.length;
    this.#unpacked = null;
    if (this.#length > Math.max(MERGE_FROM, 2 * this.#merged)) this.#merge();
  }

  /** Makes one entry of those with the same slot and bin, so that memory does not grow with the length of a run. */
  #merge(): void {
    const entries = this.#entries.subarray(0, this.#length).sort();
    let length = 0;
    let last = { slot: -1, bin: -1, count: 0 };
    for (const packed of entries) {
      const entry = unpackEntry(packed);
      const isSame = entry.slot === last.slot && entry.bin === last.bin;
      last = isSame ? { ...entry, count: last.count + entry.count } : entry;
      if (!isSame) length += 1;
      entries[length - 1] = packEntry(last.slot, last.bin, last.count);
    }
    this.#length = length;
    this.#merged = length;
  }

  /**
   * The shares below a quantile (inside 0 to 1), in units of so many slots that one has at least one of `samples` on
   * average. Null without values, and where all of them are in one bin, which hides how they are spread.
   */
  sharesBelow(quantile: number, samples: number): Shares | null {
    const { slots, bins, counts, byBin, count, lastSlot } = this.#read();
    if (count === 0) return null;
    const { bin: at, below: belowBin, inBin } = binOf(byBin, quantile * count);
    const part = (quantile * count - belowBin) / inBin;
    const squares = (belowBin + part ** 2 * inBin) / count;
    const varianceOfOne = squares - quantile ** 2;
    if (varianceOfOne < 1e-9) return null;
    const slotsOfUnit = Math.max(1, Math.ceil((lastSlot + 1) / Math.max(1, samples)));
    const units = Math.ceil((lastSlot + 1) / slotsOfUnit);
    const [total, below] = [new Float64Array(units), new Float64Array(units)];
    for (const [entry, bin] of bins.entries()) {
      const unit = Math.floor((slots[entry] ?? 0) / slotsOfUnit);
      const values = counts[entry] ?? 0;
      total[unit] = (total[unit] ?? 0) + values;
      const share = bin < at ? 1 : bin === at ? part : 0;
      below[unit] = (below[unit] ?? 0) + share * values;
    }
    return { total, below, varianceOfOne };
  }

  /** The entries, unpacked once for all quantiles; counts by bin, their sum, and the last slot that has one. */
  #read(): Unpacked {
    if (this.#unpacked !== null) return this.#unpacked;
    const entries = this.#entries.subarray(0, this.#length);
    const [slots, bins] = [new Uint16Array(entries.length), new Uint16Array(entries.length)];
    const counts = new Float64Array(entries.length);
    const byBin = new Map<number, number>();
    let [all, lastSlot] = [0, 0];
    for (const [index, packed] of entries.entries()) {
      const { slot, bin, count } = unpackEntry(packed);
      slots[index] = slot;
      bins[index] = bin;
      counts[index] = count;
      byBin.set(bin, (byBin.get(bin) ?? 0) + count);
      all += count;
      lastSlot = Math.max(lastSlot, slot);
    }
    this.#unpacked = { slots, bins, counts, byBin, count: all, lastSlot };
    return this.#unpacked;
  }
}

/** The bin that holds the value of a rank, with the counts below it and in it. */
function binOf(bins: ReadonlyMap<number, number>, rank: number) {
  let below = 0;
  for (const [bin, inBin] of [...bins].sort(([a], [b]) => a - b)) {
    if (below + inBin >= rank) return { bin, below, inBin };
    below += inBin;
  }
  throw new Error('a rank is not above the count of all values');
}
