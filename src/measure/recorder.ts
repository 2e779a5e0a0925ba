import { BucketCounts } from './bucket-counts.ts';
import type { SparseCounts } from './histogram.ts';
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

/** One series of a recorder. Whoever records many values keeps it, rather than naming the series with each. */
export class RecordedSeries {
  readonly #counts = new BucketCounts();
  readonly #mayBeZero: boolean;
  #impossible = 0;
  /** Called with each value that is recorded. */
  onValue: ((valueNs: number) => void) | null = null;

  constructor(name: string) {
    this.#mayBeZero = !NEVER_ZERO.has(name);
  }

  /** Records a value `count` times. */
  record(valueNs: number, count = 1): void {
    const isPossible = valueNs > 0 || (valueNs === 0 && this.#mayBeZero);
    if (!isPossible) this.#impossible += count;
    this.#counts.add(isPossible ? valueNs : 0, count);
    this.onValue?.(valueNs);
  }

  /** Returns what was recorded since the last call of this or of {@link take}; null for nothing. */
  cut(): SparseCounts | null {
    return this.#counts.take();
  }

  /** Returns what was recorded since the last call, and how many values were impossible. */
  take(): { readonly counts: SparseCounts | null; readonly impossible: number } {
    const impossible = this.#impossible;
    this.#impossible = 0;
    return { counts: this.#counts.take(), impossible };
  }
}

/** Records values into named series, which are handed over and emptied about once a second. */
export class Recorder {
  readonly #series = new Map<string, RecordedSeries>();

  /** A series of this name, or `warmup`, which no report shows. */
  series(name: string): RecordedSeries {
    let series = this.#series.get(name);
    if (series === undefined) {
      series = new RecordedSeries(name);
      this.#series.set(name, series);
    }
    return series;
  }

  /** Records a value `count` times into the series of this name. */
  record(name: string, valueNs: number, count = 1): void {
    this.series(name).record(valueNs, count);
  }

  /** Returns what was recorded since the last call; empty series are left out. */
  take(): Recorded {
    const taken = Array.from(this.#series, ([name, series]) => ({ name, ...series.take() }));
    return {
      series: Object.fromEntries(
        taken.flatMap(({ name, counts }) => (counts === null ? [] : [[name, counts]])),
      ),
      impossible: Object.fromEntries(
        taken.flatMap(({ name, impossible }) => (impossible === 0 ? [] : [[name, impossible]])),
      ),
    };
  }
}
