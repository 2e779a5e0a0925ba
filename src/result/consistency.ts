import { messageOf } from '../errors.ts';
import { NsHistogram } from '../measure/histogram.ts';
import { formatBytes } from '../units.ts';
import type { RunResult } from './run-result.ts';
import { type Contradiction, contradictionOfShard, MAX_COUNT_OF_SHARD } from './shard-consistency.ts';
import { placeText } from './stored-json.ts';

/** The result of one run in a document, and where it is; null where nothing was measured. */
export interface PlacedResult {
  readonly place: readonly PropertyKey[];
  readonly result: RunResult | null;
}

/**
 * How much the histograms of a document may take when they are inflated. `bound.ts` keeps those that sockbench writes
 * below it.
 */
const MAX_INFLATED_BYTES = 50 * 1024 ** 2;

/** An encoded histogram and where it is. `count` is how many values it has to hold; null for any number. */
interface PlacedHistogram {
  readonly place: readonly PropertyKey[];
  readonly encoded: string;
  readonly count: number | null;
}

/** How a document contradicts itself, as after an edit: the place, and what is wrong there. Null when it does not. */
export function inconsistency(results: readonly PlacedResult[]): string | null {
  let inflatedBytes = 0;
  for (const { place, result } of results) {
    if (result === null) continue;
    const fault = contradiction(result);
    if (fault !== null) return `${placeText([...place, ...fault.place])}: ${fault.problem}`;
    for (const { place: within, encoded, count } of histogramsOf(result)) {
      const at = () => placeText([...place, ...within]);
      try {
        const size = NsHistogram.sizeOf(encoded);
        inflatedBytes += size.bytes;
        if (result.shard !== null && size.count > MAX_COUNT_OF_SHARD)
          return `${at()}: it holds too many values`;
        if (count !== null && size.count !== count)
          return `${at()}: the histogram does not hold ${count} values`;
      } catch (error) {
        return `${at()}: the histogram cannot be read: ${messageOf(error)}`;
      }
      if (inflatedBytes > MAX_INFLATED_BYTES) {
        return `${at()}: the histograms so far inflate to more than ${formatBytes(MAX_INFLATED_BYTES)}`;
      }
    }
  }
  return null;
}

function contradiction(result: RunResult): Contradiction | null {
  const { ledger, series, headline, samples, shard } = result;
  const { expected, delivered, lost, unknown, dropped, missed } = ledger;
  if (expected !== delivered + lost + unknown + dropped + missed) {
    const sum = `${delivered} delivered + ${lost} lost + ${unknown} unknown${dropped > 0 ? ` + ${dropped} dropped` : ''}${missed > 0 ? ` + ${missed} missed` : ''}`;
    return { place: ['ledger'], problem: `${expected} expected deliveries are not ${sum}` };
  }
  if (headline !== result.plan.headline) {
    return { place: ['headline'], problem: 'it is not the headline of the plan' };
  }
  // A shard may have timed no delivery by its own clock.
  if (delivered > 0 && samples.count > 0 && series[headline] === undefined && shard === null) {
    return { place: ['series', headline], problem: 'the headline series is missing' };
  }
  return contradictionOfShard(result);
}

function* histogramsOf({ series, intervals }: RunResult): Generator<PlacedHistogram> {
  for (const [name, { histogram, count }] of Object.entries(series)) {
    yield { place: ['series', name, 'histogram'], encoded: histogram, count };
  }
  for (const [index, interval] of intervals.entries()) {
    for (const [name, encoded] of Object.entries(interval.series)) {
      yield { place: ['intervals', index, 'series', name], encoded, count: null };
    }
  }
}
