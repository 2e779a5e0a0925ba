import { NsHistogram, type SparseCounts } from './histogram.ts';
import { SERIES } from './series.ts';

const NEVER_ZERO: ReadonlySet<string> = new Set(
  SERIES.filter((series) => !series.mayBeZero).map((series) => series.name),
);

/** The series of one process since the last {@link Recorder.take}. */
export interface Recorded {
  readonly series: Readonly<Record<string, SparseCounts>>;
  /** Values that only a clock fault gives (0 or less, or NaN), by series. They are recorded as 0. */
  readonly impossible: Readonly<Record<string, number>>;
}

/** Records values into named histograms, which are handed over and emptied about once a second. */
export class Recorder {
  readonly #histograms = new Map<string, NsHistogram>();
  #impossible: Record<string, number> = {};
  /** Called with each value that is recorded. */
  onValue: (name: string, valueNs: number) => void = () => {};

  /** Records a value `count` times into a series, or into `warmup`, which no report shows. */
  record(name: string, valueNs: number, count = 1): void {
    let histogram = this.#histograms.get(name);
    if (histogram === undefined) {
      histogram = new NsHistogram();
      this.#histograms.set(name, histogram);
    }
    const possible = valueNs > 0 || (valueNs === 0 && !NEVER_ZERO.has(name));
    if (!possible) this.#impossible[name] = (this.#impossible[name] ?? 0) + count;
    histogram.record(possible ? valueNs : 0, count);
    this.onValue(name, valueNs);
  }

  /** Returns what was recorded since the last call; empty series are left out. */
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
