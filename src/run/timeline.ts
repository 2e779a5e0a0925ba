import type { SecondCounts } from '../generator/messages.ts';
import { NsHistogram, type SparseCounts } from '../measure/histogram.ts';
import { SERIES } from '../measure/series.ts';
import type { StoredInterval } from '../result/run-result.ts';

/** One second of the run while it is still being filled. */
interface Second {
  intended: number;
  sent: number;
  expected: number;
  delivered: number;
  readonly open: Map<string, NsHistogram>;
  /** Series of a second that is over, encoded to save memory. */
  readonly encoded: Map<string, string>;
}

type CountName = 'intended' | 'sent' | 'expected' | 'delivered';
export type Counts = Readonly<Record<CountName, number>>;

/** Series and counts of a run, second by second and in all. */
export class Timeline {
  /** Each series over the whole run. */
  readonly series = new Map<string, NsHistogram>();
  readonly #seconds: Second[] = [];

  /** Adds to a series as a whole, and to its second. */
  addSeries(second: number, series: Readonly<Record<string, SparseCounts>>): void {
    for (const [name, sparse] of Object.entries(series)) {
      this.addTotal(name, sparse);
      this.#openSeries(second, name).addSparse(sparse);
    }
  }

  /** Adds to a series as a whole only: for what happens before the first second. */
  addTotal(name: string, sparse: SparseCounts): void {
    getOrAdd(this.series, name, () => new NsHistogram(64)).addSparse(sparse);
  }

  addCounts(bySecond: readonly SecondCounts[]): void {
    for (const counts of bySecond) {
      const second = this.#second(Math.max(0, counts.second));
      second.intended += counts.intended;
      second.sent += counts.sent;
      second.expected += counts.expected;
      second.delivered += counts.delivered;
    }
  }

  get length(): number {
    return this.#seconds.length;
  }

  /** Sums over the seconds so far. */
  counts(): Counts {
    const sum = (name: CountName) => this.#seconds.reduce((total, second) => total + second[name], 0);
    return {
      intended: sum('intended'),
      sent: sum('sent'),
      expected: sum('expected'),
      delivered: sum('delivered'),
    };
  }

  /** Messages that were due before this second and have not arrived: lost, for all that is known. */
  missingBefore(before: number): number {
    return this.#seconds
      .slice(0, Math.max(0, before))
      .reduce((total, { expected, delivered }) => total + Math.max(0, expected - delivered), 0);
  }

  /** Encodes the series of all seconds before this one. */
  encodeBefore(before: number): void {
    for (const { open, encoded } of this.#seconds.slice(0, before)) {
      for (const [name, histogram] of open) encoded.set(name, histogram.encode());
      open.clear();
    }
  }

  stored(): StoredInterval[] {
    this.encodeBefore(this.length);
    return this.#seconds.map(({ open: _open, encoded, ...counts }, second) => ({
      startMs: second * 1000,
      lengthMs: 1000,
      ...counts,
      lost: Math.max(0, counts.expected - counts.delivered),
      series: Object.fromEntries(encoded),
    }));
  }

  #second(index: number): Second {
    while (this.#seconds.length <= index) {
      this.#seconds.push({
        intended: 0,
        sent: 0,
        expected: 0,
        delivered: 0,
        open: new Map(),
        encoded: new Map(),
      });
    }
    const second = this.#seconds[index];
    if (second === undefined) throw new Error(`second ${index} lies before the run`);
    return second;
  }

  /** A straggler reopens a series that was encoded. */
  #openSeries(index: number, name: string): NsHistogram {
    const { open, encoded } = this.#second(index);
    return getOrAdd(open, name, () => {
      const stored = encoded.get(name);
      return stored === undefined ? new NsHistogram(64) : NsHistogram.decode(stored);
    });
  }
}

/**
 * Merging and encoding for the first time takes tens of milliseconds of compiling; done here with made-up
 * values before a run, it does not compete for a CPU in the first seconds of measuring.
 */
export function rehearseTimeline(): void {
  const values = Float64Array.from({ length: 500 }, (_, i) => (i + 1) * 20_011);
  const sparse = { valuesNs: values, counts: values.map(() => 3) };
  for (let rehearsal = 0; rehearsal < 3; rehearsal++) {
    const timeline = new Timeline();
    for (const { name } of SERIES) timeline.addSeries(0, { [name]: sparse });
    timeline.stored();
  }
}

/** The value of a key, created when there is none. */
export function getOrAdd<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = create();
    map.set(key, value);
  }
  return value;
}
