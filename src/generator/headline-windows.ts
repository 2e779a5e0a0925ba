import type { SparseCounts } from '../measure/histogram.ts';
import type { RecordedSeries } from '../measure/recorder.ts';
import { callAt } from '../measure/timers.ts';
import { testedWindowMs } from '../plan/tested-windows.ts';
import type { WorkerContext } from './context.ts';

/** What the headline recorded in one window of the measured time, numbered from 0. */
export interface WindowCounts {
  readonly window: number;
  readonly counts: SparseCounts;
}

/**
 * Takes the headline at the end of each window of the measured time, so that it can be tested whether it drifts. The last
 * window of a second stays in the recorder: its snapshot has it. So does a window of a second or more.
 */
export class HeadlineWindows {
  readonly #context: WorkerContext;
  readonly #headline: RecordedSeries;
  readonly #windowNs: number;
  #taken: WindowCounts[] = [];
  #cancel = () => {};

  constructor(context: WorkerContext) {
    this.#context = context;
    this.#headline = context.recorder.series(context.plan.headline);
    this.#windowNs = testedWindowMs(context.plan) * 1e6;
  }

  /** Begins with the measured time. */
  start(): void {
    if (this.#windowNs < 1e9) this.#waitFor(1);
  }

  /** Takes windows until {@link stop}. `end` counts windows from the start of measuring. */
  #waitFor(end: number): void {
    const { clock, measuring } = this.#context;
    const endNs = measuring.startNs + end * this.#windowNs;
    if (endNs >= measuring.endNs) return;
    this.#cancel = callAt(this.#context, endNs, () => {
      const isEndOfSecond = (end * this.#windowNs) % 1e9 === 0;
      const counts = isEndOfSecond ? null : this.#headline.cut();
      if (counts !== null) this.#taken.push({ window: end - 1, counts });
      const over = Math.floor((clock.nowNs() - measuring.startNs) / this.#windowNs);
      this.#waitFor(Math.max(end, over) + 1);
    });
  }

  stop(): void {
    this.#cancel();
  }

  /** The windows since the last call. */
  take(): WindowCounts[] {
    const taken = this.#taken;
    this.#taken = [];
    return taken;
  }
}
