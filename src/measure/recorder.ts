import type { Clock } from './clock.ts';
import { NsHistogram, type SparseCounts } from './histogram.ts';
import { SERIES } from './series.ts';
import type { Timers } from './timers.ts';

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

/**
 * Times each event-loop iteration in which messages were handled. A message may have waited in the kernel while
 * earlier ones of its iteration were handled. Its true arrival lies inside the iteration, so the length of the
 * iteration is the uncertainty of its receive time.
 */
export class ReceiveWindow {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #onClosed: (lengthNs: number, messages: number) => void;
  /** Messages handled so far. */
  total = 0;
  #openedNs = 0;
  #messages = 0;

  /** `onClosed` gets the time from the first message handled to the end of the poll phase, and the message count. */
  constructor(clock: Clock, timers: Timers, onClosed: (lengthNs: number, messages: number) => void) {
    this.#clock = clock;
    this.#timers = timers;
    this.#onClosed = onClosed;
  }

  /** Notes a message handled at `receivedNs`. */
  note(receivedNs: number): void {
    this.total += 1;
    this.#messages += 1;
    if (this.#messages > 1) return;
    this.#openedNs = receivedNs;
    this.#timers.soon(() => {
      this.#onClosed(this.#clock.nowNs() - this.#openedNs, this.#messages);
      this.#messages = 0;
    });
  }
}
