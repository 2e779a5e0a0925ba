import { NsHistogram, type SparseCounts } from '../measure/histogram.ts';
import { getOrAdd } from './timeline.ts';

const WINDOWS = 3;
const AGREEMENT = 0.05;

/**
 * Whether latency is stable: the medians of the last three one-second windows lie within 5 % of the smallest of them.
 * A window without values (null) never agrees.
 */
export function isStable(windowMedians: ReadonlyArray<number | null>): boolean {
  const last = windowMedians.slice(-WINDOWS).filter((median) => median !== null);
  if (last.length < WINDOWS) return false;
  const smallest = Math.min(...last);
  return Math.max(...last) - smallest <= smallest * AGREEMENT;
}

interface Window {
  /** Null once only the median is kept. */
  histogram: NsHistogram | null;
  medianNs: number | null;
  /** How many workers have reported it. */
  reports: number;
}

/** A window so many seconds older than the newest is complete: only its median is kept, to save memory. */
const COMPLETE_AFTER_S = 5;

/** Latencies of the warm-up in windows of one second, numbered from its start. */
export class WarmupWindows {
  readonly #windows = new Map<number, Window>();

  /** Adds what one worker recorded in a window; undefined when it recorded nothing. */
  add(second: number, latencies: SparseCounts | undefined): void {
    const window = getOrAdd(this.#windows, second, () => ({
      histogram: new NsHistogram(),
      medianNs: null,
      reports: 0,
    }));
    window.reports += 1;
    if (latencies !== undefined) window.histogram?.addSparse(latencies);
    const complete = this.#windows.get(second - COMPLETE_AFTER_S);
    if (complete === undefined) return;
    complete.medianNs = medianOf(complete);
    complete.histogram = null;
  }

  /** Medians in nanoseconds of the windows that at least `workers` workers have reported; null for an empty one. */
  mediansNs(workers: number): Array<number | null> {
    return [...this.#windows]
      .filter(([second, { reports }]) => second >= 0 && reports >= workers)
      .sort(([a], [b]) => a - b)
      .map(([, window]) => medianOf(window));
  }
}

function medianOf({ histogram, medianNs }: Window): number | null {
  if (histogram === null) return medianNs;
  return histogram.count === 0 ? null : histogram.quantileNs(0.5);
}
