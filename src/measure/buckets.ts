/** One hour. Nothing that a run measures lasts longer. */
export const HIGHEST_NS = 3_600e9;

/** Buckets of one power of two. With 2 * 1024 of them for the smallest values, a bucket is at most 0.1 % wide. */
export const HALF_BUCKETS = 1024;
const HALF_BUCKETS_LOG2 = 10;
/** Values from here on are divided before they fit into 31 bits. */
const WIDE_NS = 2 ** 31;
const WIDE_SHIFT = 11;

/**
 * The bucket of a whole number of nanoseconds in a histogram, from 0 to {@link HIGHEST_NS}. It is the place that
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

/** The number of whole nanoseconds that share a bucket. */
export function widthOf(bucket: number): number {
  return bucket < 2 * HALF_BUCKETS ? 1 : 2 ** (Math.floor(bucket / HALF_BUCKETS) - 1);
}

/** The buckets of all values up to {@link HIGHEST_NS}. */
export const BUCKETS = bucketOf(HIGHEST_NS) + 1;
