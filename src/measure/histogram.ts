import { BUCKETS, bucketOf, HALF_BUCKETS, HIGHEST_NS, lowestOf, widthOf } from './buckets.ts';
import { type EncodedSize, type Geometry, readEncoded, writeEncoded } from './encoded-histogram.ts';

const GEOMETRY: Geometry = { digits: 3, lowestNs: 1, highestNs: HIGHEST_NS, buckets: BUCKETS };

/** Non-empty buckets only: `counts[i]` values fell into the bucket whose lowest value is `valuesNs[i]`. */
export interface SparseCounts {
  readonly valuesNs: Float64Array;
  readonly counts: Float64Array;
}

/** One recorded bucket, in ascending order of value. */
export interface Bucket {
  readonly lowestNs: number;
  readonly highestNs: number;
  readonly count: number;
}

/**
 * A High Dynamic Range histogram: 1 ns to one hour at three significant digits, with the buckets and the quantiles of
 * HdrHistogram. It takes 8 KB for each power of two that has values.
 */
export class NsHistogram {
  /** The counts of so many buckets each; nothing where all are 0. */
  readonly #blocks: Array<Float64Array | undefined> = [];
  #count = 0;

  /** The number of values. */
  get count(): number {
    return this.#count;
  }

  /** Records a whole number of nanoseconds, 0 or more; values over one hour are recorded as one hour. */
  record(valueNs: number, count = 1): void {
    this.#add(bucketOf(valueNs < HIGHEST_NS ? valueNs : HIGHEST_NS), count);
  }

  #add(bucket: number, count: number): void {
    const place = Math.floor(bucket / HALF_BUCKETS);
    let block = this.#blocks[place];
    if (block === undefined) {
      block = new Float64Array(HALF_BUCKETS);
      this.#blocks[place] = block;
    }
    const index = bucket % HALF_BUCKETS;
    block[index] = (block[index] ?? 0) + count;
    this.#count += count;
  }

  /** Calls back for each bucket with values, in ascending order, until it is answered with true. */
  #someCount(isEnough: (bucket: number, count: number) => boolean): void {
    for (const [place, block] of this.#blocks.entries()) {
      if (block === undefined) continue;
      for (let index = 0; index < HALF_BUCKETS; index++) {
        const count = block[index] ?? 0;
        if (count > 0 && isEnough(place * HALF_BUCKETS + index, count)) return;
      }
    }
  }

  #eachCount(onCount: (bucket: number, count: number) => void): void {
    this.#someCount((bucket, count) => {
      onCount(bucket, count);
      return false;
    });
  }

  /**
   * The smallest recorded value that a share of at least `quantile` (0 to 1) of all values does not exceed, rounded up
   * to the end of its bucket (0.1 %); NaN when nothing was recorded.
   */
  quantileNs(quantile: number): number {
    const rank = rankOfQuantile(quantile, this.#count);
    let passed = 0;
    // No callback: tables read hundreds of quantiles.
    for (const [place, block] of this.#blocks.entries()) {
      for (let index = 0; block !== undefined && index < HALF_BUCKETS; index++) {
        passed += block[index] ?? 0;
        if (!(passed >= rank)) continue;
        const bucket = place * HALF_BUCKETS + index;
        return quantile === 0 ? lowestOf(bucket) : lowestOf(bucket) + widthOf(bucket) - 1;
      }
    }
    return Number.NaN;
  }

  /** The end of the highest non-empty bucket, so that it is the same before and after storing. */
  get maxNs(): number {
    return this.quantileNs(1);
  }

  /** Each value counts as the middle of its bucket. */
  get meanNs(): number {
    let sumNs = 0;
    this.#eachCount((bucket, count) => {
      sumNs += middleOf(bucket) * count;
    });
    return sumNs / this.#count;
  }

  get stdDeviationNs(): number {
    const { meanNs } = this;
    let sumOfSquares = 0;
    this.#eachCount((bucket, count) => {
      sumOfSquares += (middleOf(bucket) - meanNs) ** 2 * count;
    });
    return Math.sqrt(sumOfSquares / this.#count);
  }

  add(other: NsHistogram): void {
    other.#eachCount((bucket, count) => this.#add(bucket, count));
  }

  /** Adds what {@link encode} wrote, here or in another implementation; throws an Error for anything else. */
  addEncoded(base64: string): void {
    readEncoded(base64, GEOMETRY, (bucket, count) => this.#add(bucket, count));
  }

  addSparse({ valuesNs, counts }: SparseCounts): void {
    valuesNs.forEach((valueNs, i) => {
      this.record(valueNs, counts[i] ?? 0);
    });
  }

  /** The non-empty buckets, cheap to take and to send to another process. */
  toSparse(): SparseCounts {
    const valuesNs: number[] = [];
    const counts: number[] = [];
    this.#eachCount((bucket, count) => {
      valuesNs.push(lowestOf(bucket));
      counts.push(count);
    });
    return { valuesNs: Float64Array.from(valuesNs), counts: Float64Array.from(counts) };
  }

  buckets(): Bucket[] {
    const buckets: Bucket[] = [];
    this.#eachCount((bucket, count) => {
      const lowestNs = lowestOf(bucket);
      buckets.push({ lowestNs, highestNs: lowestNs + widthOf(bucket) - 1, count });
    });
    return buckets;
  }

  reset(): void {
    for (const block of this.#blocks) block?.fill(0);
    this.#count = 0;
  }

  /** HdrHistogram V2, compressed, base64, as every HdrHistogram implementation reads it. */
  encode(): string {
    return writeEncoded(GEOMETRY, (onCount) => this.#eachCount(onCount));
  }

  /** Decodes what {@link encode} wrote, here or in another implementation; throws an Error for anything else. */
  static decode(base64: string): NsHistogram {
    const decoded = new NsHistogram();
    decoded.addEncoded(base64);
    return decoded;
  }

  /** Measures an encoded histogram without making one; throws as {@link decode} does. */
  static sizeOf(base64: string): EncodedSize {
    return readEncoded(base64, GEOMETRY, () => {});
  }
}

function middleOf(bucket: number): number {
  return lowestOf(bucket) + Math.floor(widthOf(bucket) / 2);
}

/**
 * Which of `count` ascending values is the quantile, from 1. An error of rounding in the product would choose the next
 * value. Source: HdrHistogram's getValueAtPercentile.
 */
function rankOfQuantile(quantile: number, count: number): number {
  const product = (Math.min(quantile * 100, 100) / 100) * count;
  return Math.max(Math.ceil(product - 2 ** (Math.floor(Math.log2(product)) - 52)), 1);
}
