import { effectiveNumbers } from '../measure/effective-samples.ts';
import { rankCorrelation } from '../measure/rank-correlation.ts';
import { MAX_ORDERED, Recorder, type Successive } from '../measure/recorder.ts';
import { samplingSeries, seriesNamed } from '../measure/series.ts';
import { slotTimes } from '../measure/slot-counts.ts';
import { SlotSums } from '../measure/slot-sums.ts';
import type { RunResult } from '../result/run-result.ts';
import { getOrAdd } from './timeline.ts';

/** Gathers what shows how successive messages are correlated, of all processes. */
export class Dependence {
  /** Records what the coordinator completes: broadcasts to several processes, and pushes. */
  readonly recorder = new Recorder();
  readonly #sums = new Map<string, SlotSums>();
  /** Due times and values in turn, by process and second. */
  readonly #ordered: Float64Array[] = [];
  #orderedCount = 0;

  measureFrom(
    startNs: number,
    { durationMs, headline }: { readonly durationMs: number; readonly headline: string },
  ): void {
    this.recorder.divide(slotTimes(startNs, durationMs), samplingSeries(headline));
  }

  /** Adds what a process reported, and what was recorded here meanwhile. */
  add(successive: Successive): void {
    this.#add(successive);
    this.#add(this.recorder.takeSuccessive());
  }

  #add({ slots, ordered }: Successive): void {
    for (const [name, packed] of Object.entries(slots))
      getOrAdd(this.#sums, name, () => new SlotSums()).add(packed);
    if (ordered.length === 0 || this.#orderedCount >= MAX_ORDERED) return;
    this.#ordered.push(ordered);
    this.#orderedCount += ordered.length / 2;
  }

  /** The series of a result with their effective numbers of samples. */
  withEffectiveSamples(series: RunResult['series']): RunResult['series'] {
    this.#add(this.recorder.takeSuccessive());
    const countOf = (name: string) => series[name]?.count ?? 0;
    return Object.fromEntries(
      Object.entries(series).map(([name, stored]) => {
        const sums = this.#sums.get(name);
        if (sums === undefined) return [name, stored];
        const sampledBy = seriesNamed(name)?.sampledBy ?? null;
        const samples = sampledBy === null ? stored.count : countOf(sampledBy) || stored.count;
        return [name, { ...stored, effectiveSamples: effectiveNumbers(sums, samples) }];
      }),
    );
  }

  /** The rank correlation of successive samples of a headline, by when they were due; null where it is unknown. */
  correlation(headline: string): RunResult['correlation'] {
    const samples = this.#ordered.flatMap((ordered) =>
      Array.from({ length: ordered.length / 2 }, (_, index) => ({
        dueNs: ordered[2 * index] ?? 0,
        valueNs: ordered[2 * index + 1] ?? 0,
      })),
    );
    samples.sort((a, b) => a.dueNs - b.dueNs);
    const found = rankCorrelation(Float64Array.from(samples, ({ valueNs }) => valueNs));
    return found && { series: samplingSeries(headline), ...found, lags: [...found.lags] };
  }
}
