// The index of the package also loads WebAssembly, log files and a deflate of its own: 60 ms in every process of a run.
import type { JsHistogram } from 'hdr-histogram-js';
import { constructorFromBucketSize } from 'hdr-histogram-js/dist/JsHistogramFactory.js';
import { type EncodedSize, type Geometry, readEncoded, writeEncoded } from './encoded-histogram.ts';

/** One hour. Nothing that a run measures lasts longer, so no histogram resizes while it records. */
export const HIGHEST_NS = 3_600e9;
const LOWEST_NS = 1;
const SIGNIFICANT_DIGITS = 3;

function build(bits: 32 | 64): JsHistogram {
  const Histogram = constructorFromBucketSize(bits);
  return new Histogram(LOWEST_NS, HIGHEST_NS, SIGNIFICANT_DIGITS);
}

const GEOMETRY: Geometry = {
  digits: SIGNIFICANT_DIGITS,
  lowestNs: LOWEST_NS,
  highestNs: HIGHEST_NS,
  buckets: build(32).countsArrayIndex(HIGHEST_NS) + 1,
};

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

/** A High Dynamic Range histogram: 1 ns to one hour at three significant digits. About 130 KB. */
export class NsHistogram {
  readonly #histogram: JsHistogram;

  /** `bits` per bucket: 32 where at most 2^31 values are recorded, 64 for sums of such histograms. */
  constructor(bits: 32 | 64 = 32) {
    this.#histogram = build(bits);
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  /** Records a whole number of nanoseconds, 0 or more; values over one hour are recorded as one hour. */
  record(valueNs: number, count = 1): void {
    this.#histogram.recordValueWithCount(valueNs < HIGHEST_NS ? valueNs : HIGHEST_NS, count);
  }

  /**
   * The smallest recorded value that a share of at least `quantile` (0 to 1) of all values does not exceed, rounded up
   * to the end of its bucket (0.1 %); NaN when nothing was recorded.
   */
  quantileNs(quantile: number): number {
    if (this.count === 0) return Number.NaN;
    return this.#histogram.getValueAtPercentile(quantile * 100);
  }

  /** The end of the highest non-empty bucket, so that it is the same before and after storing. */
  get maxNs(): number {
    return this.quantileNs(1);
  }

  /** Each value counts as the middle of its bucket. */
  get meanNs(): number {
    let sumNs = 0;
    this.#eachCount((index, count) => {
      sumNs += this.#middleNs(index) * count;
    });
    return sumNs / this.count;
  }

  get stdDeviationNs(): number {
    const { meanNs } = this;
    let sumOfSquares = 0;
    this.#eachCount((index, count) => {
      sumOfSquares += (this.#middleNs(index) - meanNs) ** 2 * count;
    });
    return Math.sqrt(sumOfSquares / this.count);
  }

  #middleNs(index: number): number {
    return this.#histogram.medianEquivalentValue(this.#histogram.valueFromIndex(index));
  }

  add(other: NsHistogram): void {
    this.#histogram.add(other.#histogram);
  }

  /** Adds what {@link encode} wrote, here or in another implementation; throws an Error for anything else. */
  addEncoded(base64: string): void {
    readEncoded(base64, GEOMETRY, (index, count) => {
      this.#histogram.recordValueWithCount(this.#histogram.valueFromIndex(index), count);
    });
  }

  addSparse(sparse: SparseCounts): void {
    sparse.valuesNs.forEach((valueNs, i) => {
      this.#histogram.recordValueWithCount(valueNs, sparse.counts[i] ?? 0);
    });
  }

  /** The non-empty buckets, cheap to take and to send to another process. */
  toSparse(): SparseCounts {
    const valuesNs: number[] = [];
    const counts: number[] = [];
    this.#eachCount((index, count) => {
      valuesNs.push(this.#histogram.valueFromIndex(index));
      counts.push(count);
    });
    return { valuesNs: Float64Array.from(valuesNs), counts: Float64Array.from(counts) };
  }

  /** Calls back for each bucket with values, by ascending index. */
  #eachCount(onCount: (index: number, count: number) => void): void {
    const histogram = this.#histogram;
    if (this.count === 0) return;
    // Between zero and the smallest other value lie thousands of empty buckets.
    const zeros = histogram.getCountAtIndex(0);
    if (zeros > 0) onCount(0, zeros);
    const last = histogram.countsArrayIndex(histogram.maxValue);
    const first = histogram.countsArrayIndex(Math.min(histogram.minNonZeroValue, histogram.maxValue));
    for (let index = Math.max(1, first); index <= last; index++) {
      const count = histogram.getCountAtIndex(index);
      if (count > 0) onCount(index, count);
    }
  }

  buckets(): Bucket[] {
    const { valuesNs, counts } = this.toSparse();
    return Array.from(valuesNs, (valueNs, i) => ({
      lowestNs: this.#histogram.lowestEquivalentValue(valueNs),
      highestNs: this.#histogram.highestEquivalentValue(valueNs),
      count: counts[i] ?? 0,
    }));
  }

  reset(): void {
    this.#histogram.reset();
  }

  /** HdrHistogram V2, compressed, base64, as every HdrHistogram implementation reads it. */
  encode(): string {
    return writeEncoded(GEOMETRY, (onCount) => this.#eachCount(onCount));
  }

  /** Decodes what {@link encode} wrote, here or in another implementation; throws an Error for anything else. */
  static decode(base64: string): NsHistogram {
    const decoded = new NsHistogram(64);
    let length = 0;
    readEncoded(base64, GEOMETRY, (index, count) => {
      decoded.#histogram.setCountAtIndex(index, count);
      length = index + 1;
    });
    decoded.#histogram.establishInternalTackingValues(length);
    return decoded;
  }

  /** Measures an encoded histogram without making one; throws as {@link decode} does. */
  static sizeOf(base64: string): EncodedSize {
    return readEncoded(base64, GEOMETRY, () => {});
  }
}
