import hdr from 'hdr-histogram-js';
import { type EncodedSize, type Geometry, readEncoded, repairEncoded } from './encoded-histogram.ts';

/** One hour. Nothing that a run measures lasts longer, so no histogram resizes while it records. */
export const HIGHEST_NS = 3_600e9;
const LOWEST_NS = 1;
const SIGNIFICANT_DIGITS = 3;

function build(bits: 32 | 64): hdr.JsHistogram {
  return hdr.build({
    bitBucketSize: bits,
    autoResize: false,
    lowestDiscernibleValue: LOWEST_NS,
    highestTrackableValue: HIGHEST_NS,
    numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
  }) as hdr.JsHistogram;
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
  readonly #histogram: hdr.JsHistogram;

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

  get meanNs(): number {
    return this.count === 0 ? Number.NaN : this.#histogram.mean;
  }

  get stdDeviationNs(): number {
    return this.count === 0 ? Number.NaN : this.#histogram.stdDeviation;
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
    const histogram = this.#histogram;
    const valuesNs: number[] = [];
    const counts: number[] = [];
    const take = (index: number) => {
      const count = histogram.getCountAtIndex(index);
      if (count === 0) return;
      valuesNs.push(histogram.valueFromIndex(index));
      counts.push(count);
    };
    if (this.count > 0) {
      // Between zero and the smallest other value lie thousands of empty buckets.
      take(0);
      const last = histogram.countsArrayIndex(histogram.maxValue);
      const first = Math.max(
        1,
        histogram.countsArrayIndex(Math.min(histogram.minNonZeroValue, histogram.maxValue)),
      );
      for (let index = first; index <= last; index++) take(index);
    }
    return { valuesNs: Float64Array.from(valuesNs), counts: Float64Array.from(counts) };
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
    return repairEncoded(hdr.encodeIntoCompressedBase64(this.#histogram));
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
