import { NsHistogram, type SparseCounts } from './histogram.ts';
import { SERIES } from './series.ts';

const NEVER_ZERO: ReadonlySet<string> = new Set(
  SERIES.filter((series) => !series.mayBeZero).map((series) => series.name),
);

/** The series of one process since the last {@link Recorder.take}. */
export interface Recorded {
  readonly series: Readonly<Record<string, SparseCounts>>;
  /** Values that no sound clock gives (0 or less, no number), by series; recorded as 0 so that they are not lost. */
  readonly impossible: Readonly<Record<string, number>>;
}

/** Records values into named histograms that are handed over and emptied about once a second. */
export class Recorder {
  readonly #histograms = new Map<string, NsHistogram>();
  #impossible: Record<string, number> = {};

  /** Into a series, or into `warmup`: latencies of the warm-up are kept apart from every series that is reported. */
  record(name: string, valueNs: number): void {
    this.recordMany(name, valueNs, 1);
  }

  recordMany(name: string, valueNs: number, count: number): void {
    let histogram = this.#histograms.get(name);
    if (histogram === undefined) {
      histogram = new NsHistogram();
      this.#histograms.set(name, histogram);
    }
    const possible = valueNs > 0 || (valueNs === 0 && !NEVER_ZERO.has(name));
    if (!possible) this.#impossible[name] = (this.#impossible[name] ?? 0) + count;
    histogram.recordMany(possible ? valueNs : 0, count);
  }

  /** Hands over what was recorded and starts afresh; series with nothing in them are left out. */
  take(): Recorded {
    const series: Record<string, SparseCounts> = {};
    for (const [name, histogram] of this.#histograms) {
      if (histogram.count === 0) continue;
      series[name] = histogram.toSparse();
      histogram.reset();
    }
    const impossible = this.#impossible;
    this.#impossible = {};
    return { series, impossible };
  }
}
