import { NsHistogram, type SparseCounts } from '../measure/histogram.ts';
import type { LiveLatency } from '../result/progress.ts';
import { getOrAdd } from './timeline.ts';

/** The quantiles of a histogram; null when it is empty. */
export function quantilesOf(histogram: NsHistogram | undefined): LiveLatency | null {
  if (histogram === undefined || histogram.count === 0) return null;
  return {
    count: histogram.count,
    p50Ns: histogram.quantileNs(0.5),
    p95Ns: histogram.quantileNs(0.95),
    p99Ns: histogram.quantileNs(0.99),
    maxNs: histogram.maxNs,
  };
}

interface OpenSecond {
  /** How many workers have reported it. */
  reports: number;
  /** What was recorded, by series. It is merged once, when the second is taken. */
  readonly parts: Map<string, SparseCounts[]>;
}

/** One second of a run, and the quantiles of the watched series in it. */
export interface LiveSecond {
  readonly second: number;
  latency(series: string): LiveLatency | null;
}

/** What some series recorded in the last seconds of a run. The intervals of the result may be longer, and are encoded. */
export class LiveSeconds {
  readonly #watched: readonly string[];
  readonly #open = new Map<number, OpenSecond>();
  readonly #merged = new NsHistogram();
  /** All seconds before it were taken. Values of these that come later count in the whole run only. */
  #next = 0;

  constructor(watched: readonly string[]) {
    this.#watched = watched;
  }

  add(second: number, series: Readonly<Record<string, SparseCounts>>): void {
    if (second < this.#next) return;
    for (const name of this.#watched) {
      const part = series[name];
      if (part === undefined) continue;
      const { parts } = this.#openSecond(second);
      parts.set(name, [...(parts.get(name) ?? []), part]);
    }
  }

  /**
   * A worker has reported everything until so many seconds after the start of measuring. A snapshot of the warm-up may be
   * shorter than a second: its values count in the first one, which it does not complete.
   */
  reportUntil(endS: number): void {
    const second = Math.round(endS) - 1;
    if (this.#watched.length > 0 && second >= this.#next) this.#openSecond(second).reports += 1;
  }

  /**
   * Takes the next second, once so many workers have reported it, or it ended before `overdue`; null until then. Seconds
   * are counted from the start of measuring.
   */
  takeNext(workers: number, overdue: number): LiveSecond | null {
    const second = this.#next;
    const taken = this.#open.get(second);
    const isComplete = taken !== undefined && taken.reports >= workers;
    if (!isComplete && second >= overdue) return null;
    this.#next = second + 1;
    this.#open.delete(second);
    return { second, latency: (series) => this.#latency(taken?.parts.get(series)) };
  }

  /** Whether a second that was not taken has figures. */
  get hasMore(): boolean {
    return this.#open.size > 0;
  }

  #latency(parts: readonly SparseCounts[] | undefined): LiveLatency | null {
    if (parts === undefined) return null;
    this.#merged.reset();
    for (const part of parts) this.#merged.addSparse(part);
    return quantilesOf(this.#merged);
  }

  #openSecond(second: number): OpenSecond {
    return getOrAdd(this.#open, second, () => ({ reports: 0, parts: new Map() }));
  }
}
