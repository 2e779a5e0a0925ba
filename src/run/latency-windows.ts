import type { Snapshot } from '../generator/messages.ts';
import { NsHistogram, type SparseCounts } from '../measure/histogram.ts';
import { getOrAdd } from './timeline.ts';

/** The quantiles of one window, in nanoseconds. */
export interface WindowFigures {
  readonly p50Ns: number;
  readonly p95Ns: number;
}

interface Window {
  /** Null once only its quantiles are kept. */
  histogram: NsHistogram | null;
  figures: WindowFigures | null;
  /** How many times a worker has reported it. */
  reports: number;
}

/** Workers report so often, also where windows are longer. */
const REPORT_MS = 1000;

/** A window so much older than the newest is complete: only its quantiles are kept, to save memory. */
const COMPLETE_AFTER_MS = 5000;

/** Latencies in windows of one length, numbered from 0. Values from before the first one are ignored. */
export class LatencyWindows {
  readonly windowMs: number;
  readonly #windows = new Map<number, Window>();
  #completeBefore = 0;

  constructor(windowMs: number) {
    this.windowMs = windowMs;
  }

  /** Adds what one worker recorded in a window; undefined when it recorded nothing. */
  add(number: number, latencies: SparseCounts | undefined): void {
    if (number < 0) return;
    const window = getOrAdd(this.#windows, number, () => ({
      histogram: number < this.#completeBefore ? null : new NsHistogram(),
      figures: null,
      reports: 0,
    }));
    window.reports += 1;
    if (latencies !== undefined) window.histogram?.addSparse(latencies);
    const before = number - Math.ceil(COMPLETE_AFTER_MS / this.windowMs);
    for (; this.#completeBefore <= before; this.#completeBefore++) this.#complete(this.#completeBefore);
  }

  #complete(number: number): void {
    const window = this.#windows.get(number);
    if (window === undefined) return;
    window.figures = figuresOf(window);
    window.histogram = null;
  }

  /** The quantiles of the first `count` windows; null for one without values. */
  first(count: number): Array<WindowFigures | null> {
    return Array.from({ length: count }, (_, number) => {
      const window = this.#windows.get(number);
      return window === undefined ? null : figuresOf(window);
    });
  }

  /** Medians in nanoseconds of the windows that at least `workers` workers have reported; null for an empty one. */
  mediansNs(workers: number): Array<number | null> {
    return [...this.#windows]
      .filter(([, { reports }]) => reports >= workers)
      .sort(([a], [b]) => a - b)
      .map(([, window]) => figuresOf(window)?.p50Ns ?? null);
  }
}

function figuresOf({ histogram, figures }: Window): WindowFigures | null {
  if (histogram === null) return figures;
  if (histogram.count === 0) return null;
  return { p50Ns: histogram.quantileNs(0.5), p95Ns: histogram.quantileNs(0.95) };
}

export interface RunWindowsOptions {
  /** The series whose windows are tested in the measured time. */
  readonly headline: string;
  /** The lengths of windows. Without them, as inside Artillery, the warm-up has windows of a second, and the headline none. */
  readonly windows?: { readonly measuredMs: number; readonly warmupMs: number };
}

/** The windows of the warm-up, and of the headline in the measured time. */
export class RunWindows {
  readonly warmup: LatencyWindows;
  readonly measured: LatencyWindows;
  readonly #headline: string | null;

  constructor({ headline, windows }: RunWindowsOptions) {
    this.#headline = windows === undefined ? null : headline;
    this.warmup = new LatencyWindows(windows?.warmupMs ?? REPORT_MS);
    this.measured = new LatencyWindows(windows?.measuredMs ?? REPORT_MS);
  }

  /** Adds a snapshot. Returns the series that it adds to the measured time, each as a whole. */
  add(
    { recorded, headlineWindows, startNs, endNs }: Snapshot,
    { warmupStartNs, measureStartNs }: { readonly warmupStartNs: number; readonly measureStartNs: number },
  ): Record<string, SparseCounts> {
    const { warmup, ...measured } = recorded.series;
    const isMeasured = Math.round((startNs - measureStartNs) / 1e6 / REPORT_MS) >= 0;
    if (!isMeasured) this.warmup.add(windowThatEnded(endNs - warmupStartNs, this.warmup), warmup);
    if (this.#headline === null) return measured;
    const rest = measured[this.#headline];
    for (const { window, counts } of headlineWindows) this.measured.add(window, counts);
    this.measured.add(windowThatEnded(endNs - measureStartNs, this.measured), rest);
    const parts = [...headlineWindows.map(({ counts }) => counts), ...(rest === undefined ? [] : [rest])];
    return parts.length === 0 ? measured : { ...measured, [this.#headline]: joinedCounts(parts) };
  }
}

/** The window that a report belongs to which came so long after the start of the first. Reports come at most once a second. */
function windowThatEnded(elapsedNs: number, { windowMs }: LatencyWindows): number {
  const reportMs = Math.min(windowMs, REPORT_MS);
  const report = Math.round(elapsedNs / 1e6 / reportMs) - 1;
  return Math.floor((report * reportMs) / windowMs);
}

function joinedCounts(parts: readonly SparseCounts[]): SparseCounts {
  const join = (of: 'valuesNs' | 'counts') => Float64Array.from(parts.flatMap((part) => [...part[of]]));
  return { valuesNs: join('valuesNs'), counts: join('counts') };
}
