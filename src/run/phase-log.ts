import type { OutsideSample } from '../measure/telemetry.ts';
import { joinSpans, type TrafficSpan } from '../measure/traffic.ts';
import { mergeSamples } from '../result/bound.ts';
import { MAX_INTERVALS } from '../result/run-result.ts';
import { CoarseningList } from './coarsening.ts';

interface LogOptions<Item> {
  /** The middle of an item, on the clock of the run. */
  readonly middleNs: (item: Item) => number;
  readonly merge: (earlier: Item, later: Item) => Item;
}

/**
 * What one process reported, about once a second. Of a long phase, neighbours are merged, so that at most
 * {@link MAX_INTERVALS} items are kept of each. None reaches from one phase into the next.
 */
export class PhaseLog<Item> {
  readonly #options: LogOptions<Item>;
  /** The phases so far: the times at which they begin, ascending, and their items. */
  readonly #phases: Array<{ readonly fromNs: number; readonly list: CoarseningList<Item> }> = [];

  constructor(options: LogOptions<Item>) {
    this.#options = options;
    this.cutAt(Number.NEGATIVE_INFINITY);
  }

  /** Begins another phase. An item is of the phase in which its middle lies. */
  cutAt(timeNs: number): void {
    const list = new CoarseningList<Item>(MAX_INTERVALS, this.#options.merge);
    this.#phases.push({ fromNs: timeNs, list });
  }

  push(...items: readonly Item[]): void {
    for (const item of items) {
      const middleNs = this.#options.middleNs(item);
      this.#phases.findLast(({ fromNs }) => fromNs <= middleNs)?.list.push(item);
    }
  }

  /** In the order of time. */
  get items(): readonly Item[] {
    return this.#phases.flatMap(({ list }) => list.values);
  }
}

/** The samples of a process. */
export function sampleLog<Sample extends OutsideSample>(): PhaseLog<Sample> {
  return new PhaseLog({
    middleNs: ({ atNs, lengthMs }) => atNs - (lengthMs / 2) * 1e6,
    merge: (earlier, later) => mergeSamples(withMean(earlier), withMean(later)),
  });
}

/** The mean of a single reading is the reading. */
function withMean<Sample extends OutsideSample>(sample: Sample): Sample {
  return { rssMeanBytes: sample.rssBytes, ...sample };
}

/** The traffic of a generator process. */
export function trafficLog(): PhaseLog<TrafficSpan> {
  return new PhaseLog({ middleNs: ({ startNs, endNs }) => (startNs + endNs) / 2, merge: joinSpans });
}
