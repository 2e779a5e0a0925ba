import type { Clock } from '../../measure/clock.ts';
import type { ClockComparison } from './host-clock.ts';

/** What another host answers to a question for its time, on its own clock. */
export interface TimeAnswer {
  readonly receivedNs: number;
  readonly sentNs: number;
  /** When the answer arrived, on the clock of the asker. */
  readonly arrivedNs: number;
}

/** More exchanges make it more likely that one of them met no queue. */
const MAX_EXCHANGES = 200;
const MAX_EXCHANGES_MS = 2000;
/** So many exchanges are made, however long they take. */
const MIN_EXCHANGES = 8;

/**
 * Compares the clock of another host with the own one by four timestamps of each exchange. The one with the shortest
 * round trip counts: its way there and back together took `roundTrip`, so that half of that is the maximum error, however
 * unequal the two ways are. Returns the reading of the other clock minus the own one. Source: RFC 5905, section 8.
 */
export async function compareClocks(ask: () => Promise<TimeAnswer>, clock: Clock): Promise<ClockComparison> {
  let best = { aheadNs: 0, roundTripNs: Number.POSITIVE_INFINITY };
  const untilNs = clock.nowNs() + MAX_EXCHANGES_MS * 1e6;
  for (let exchange = 0; exchange < MAX_EXCHANGES; exchange++) {
    if (exchange >= MIN_EXCHANGES && clock.nowNs() >= untilNs) break;
    const askedNs = clock.nowNs();
    const { receivedNs, sentNs, arrivedNs } = await ask();
    const roundTripNs = arrivedNs - askedNs - (sentNs - receivedNs);
    if (roundTripNs >= best.roundTripNs) continue;
    best = { aheadNs: (receivedNs - askedNs + sentNs - arrivedNs) / 2, roundTripNs };
  }
  // Rounding adds a nanosecond.
  return { aheadNs: Math.round(best.aheadNs), boundNs: Math.ceil(Math.max(0, best.roundTripNs) / 2) + 1 };
}

/** How two clocks compare that were both compared with a third: `other` minus `own`. Their bounds add up. */
export function throughThird(own: ClockComparison, other: ClockComparison): ClockComparison {
  return { aheadNs: other.aheadNs - own.aheadNs, boundNs: own.boundNs + other.boundNs };
}

/**
 * The comparison that holds from the first to the second, for latencies that were corrected by the first: the drift in
 * between is an error too.
 */
export function overRun(before: ClockComparison, after: ClockComparison): ClockComparison {
  const driftNs = Math.abs(after.aheadNs - before.aheadNs);
  return { aheadNs: before.aheadNs, boundNs: Math.max(before.boundNs, after.boundNs) + driftNs };
}
