import { NsHistogram } from '../measure/histogram.ts';
import type { RunResult } from './run-result.ts';

type StoredSeries = RunResult['series'][string];

/** Encodes a series. Its figures are those of the stored histogram, so that every reader computes the same. */
export function storeSeries(
  histogram: NsHistogram,
  effectiveSamples: StoredSeries['effectiveSamples'] = {},
): StoredSeries {
  const encoded = histogram.encode();
  const { count, meanNs, stdDeviationNs } = NsHistogram.decode(encoded);
  return { count, meanNs, stdDeviationNs, histogram: encoded, effectiveSamples };
}

/** So many encoded histograms are kept before they become one, which takes as long as for two. */
const MAX_PARTS = 16;

/** In which sums are made: a new one for each would leave about 150 KB of garbage, every second of a long run. */
const scratch = new NsHistogram();

/** Adds encoded histograms up, bin by bin. It keeps them encoded: hundreds of them fit into memory only so. */
export class HistogramSum {
  #parts: string[] = [];

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  add(encoded: string): void {
    this.#parts.push(encoded);
    if (this.#parts.length === MAX_PARTS) this.#parts = [this.encode()];
  }

  /** Adds all values of another sum. */
  addSum(other: HistogramSum): void {
    for (const encoded of other.#parts) this.add(encoded);
  }

  encode(): string {
    const [only] = this.#parts;
    return only !== undefined && this.#parts.length === 1 ? only : this.#addTo(scratch).encode();
  }

  histogram(): NsHistogram {
    return this.#addTo(new NsHistogram());
  }

  #addTo(sum: NsHistogram): NsHistogram {
    sum.reset();
    for (const encoded of this.#parts) sum.addEncoded(encoded);
    return sum;
  }
}

/** Several sums, by the name of their series. */
export class SeriesSums {
  readonly #sums = new Map<string, HistogramSum>();

  get names(): string[] {
    return [...this.#sums.keys()];
  }

  add(series: string, encoded: string): void {
    this.of(series).add(encoded);
  }

  addAll(others: SeriesSums): void {
    for (const [series, sum] of others.#sums) this.of(series).addSum(sum);
  }

  /** The sum of a series, which is empty when nothing was added. */
  of(series: string): HistogramSum {
    const sum = this.#sums.get(series) ?? new HistogramSum();
    this.#sums.set(series, sum);
    return sum;
  }

  delete(series: string): void {
    this.#sums.delete(series);
  }

  entries(): Array<readonly [series: string, sum: HistogramSum]> {
    return [...this.#sums].filter(([, sum]) => !sum.isEmpty);
  }
}
