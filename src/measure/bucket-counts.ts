import { BUCKETS, bucketOf, HIGHEST_NS, lowestOf } from './buckets.ts';
import type { SparseCounts } from './histogram.ts';

/** What {@link BucketCounts.take} finds, before it is copied. */
const found = { valuesNs: new Float64Array(BUCKETS), counts: new Float64Array(BUCKETS) };

/** Counts values by the buckets of a histogram: all that recording needs of one. */
export class BucketCounts {
  readonly #counts = new Uint32Array(BUCKETS);
  /** The lowest and the highest bucket that may have counts, the one of 0 left out. */
  #first = BUCKETS;
  #last = 0;

  /** Counts a whole number of nanoseconds, 0 or more; values over one hour count as one hour. Returns the bucket. */
  add(valueNs: number, count: number): number {
    const bucket = bucketOf(valueNs < HIGHEST_NS ? valueNs : HIGHEST_NS);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
    if (bucket > this.#last) this.#last = bucket;
    if (bucket < this.#first && bucket > 0) this.#first = bucket;
    return bucket;
  }

  /** Returns the buckets that have counts, and empties them. Null when there are none. */
  take(): SparseCounts | null {
    let length = this.#takeBucket(0, 0);
    for (let bucket = this.#first; bucket <= this.#last; bucket++) length = this.#takeBucket(bucket, length);
    this.#first = BUCKETS;
    this.#last = 0;
    if (length === 0) return null;
    return { valuesNs: found.valuesNs.slice(0, length), counts: found.counts.slice(0, length) };
  }

  /** Moves a bucket to place `length` of what is found; returns how many are found then. */
  #takeBucket(bucket: number, length: number): number {
    const count = this.#counts[bucket] ?? 0;
    if (count === 0) return length;
    found.valuesNs[length] = lowestOf(bucket);
    found.counts[length] = count;
    this.#counts[bucket] = 0;
    return length + 1;
  }
}
