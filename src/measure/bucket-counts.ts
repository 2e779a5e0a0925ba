import { HIGHEST_NS, type SparseCounts } from './histogram.ts';

/** Buckets of one power of two. With 2 * 1024 of them for the smallest values, a bucket is at most 0.1 % wide. */
const HALF_BUCKETS = 1024;
const HALF_BUCKETS_LOG2 = 10;
/** Values from here on are divided before they fit into 31 bits. */
const WIDE_NS = 2 ** 31;
const WIDE_SHIFT = 11;

/**
 * The bucket of a whole number of nanoseconds in {@link NsHistogram}, from 0 to {@link HIGHEST_NS}. It is the place that
 * HdrHistogram's getBucketIndex and getSubBucketIndex give, without logarithms and powers.
 */
export function bucketOf(valueNs: number): number {
  if (valueNs >= WIDE_NS) {
    const upper = (valueNs / 2 ** WIDE_SHIFT) | 0;
    const shift = 31 - Math.clz32(upper) - HALF_BUCKETS_LOG2;
    return (shift + WIDE_SHIFT) * HALF_BUCKETS + (upper >>> shift);
  }
  const whole = valueNs | 0;
  const shift = 31 - Math.clz32(whole | HALF_BUCKETS) - HALF_BUCKETS_LOG2;
  return shift * HALF_BUCKETS + (whole >>> shift);
}

/** The lowest value of a bucket. */
export function lowestOf(bucket: number): number {
  if (bucket < 2 * HALF_BUCKETS) return bucket;
  const shift = Math.floor(bucket / HALF_BUCKETS) - 1;
  return (HALF_BUCKETS + (bucket % HALF_BUCKETS)) * 2 ** shift;
}

const BUCKETS = bucketOf(HIGHEST_NS) + 1;

/** What {@link BucketCounts.take} finds, before it is copied. */
const found = { valuesNs: new Float64Array(BUCKETS), counts: new Float64Array(BUCKETS) };

/** Counts values by the buckets of a histogram: all that recording needs of one. */
export class BucketCounts {
  readonly #counts = new Uint32Array(BUCKETS);
  /** The lowest and the highest bucket that may have counts, the one of 0 left out. */
  #first = BUCKETS;
  #last = 0;

  /** Counts a whole number of nanoseconds, 0 or more; values over one hour count as one hour. */
  add(valueNs: number, count: number): void {
    const bucket = bucketOf(valueNs < HIGHEST_NS ? valueNs : HIGHEST_NS);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
    if (bucket > this.#last) this.#last = bucket;
    if (bucket < this.#first && bucket > 0) this.#first = bucket;
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
