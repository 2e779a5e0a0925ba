import type { Snapshot } from '../../generator/messages.ts';
import { isAwayAt } from '../../measure/absence.ts';
import { IN_FLIGHT_NS } from './balance.ts';

/**
 * The seconds of a snapshot in which a client was away, as far as its messages may be missed rather than lost: those of
 * the second before its cut may have been in flight.
 */
export function secondsAway(
  { startNs, endNs, away }: Pick<Snapshot, 'startNs' | 'endNs' | 'away'>,
  secondOf: (timeNs: number) => number,
): ReadonlySet<number> {
  const seconds = new Set<number>();
  for (const { fromNs, backNs } of awaySpans(away)) {
    const last = secondOf(Math.min(backNs, endNs));
    for (let second = secondOf(Math.max(fromNs, startNs) - IN_FLIGHT_NS); second <= last; second++)
      seconds.add(second);
  }
  return seconds;
}

/** Reads `away` of a snapshot, which has three numbers of each absence. */
function* awaySpans(
  away: Snapshot['away'],
): Generator<{ readonly client: number; readonly fromNs: number; readonly backNs: number }> {
  for (let at = 0; away !== null && at + 2 < away.length; at += 3) {
    const [client = 0, fromNs = 0, backNs = Number.POSITIVE_INFINITY] = away.subarray(at, at + 3);
    yield { client, fromNs, backNs };
  }
}

/** When clients were away, as their workers have reported it so far, as long as a broadcast may ask for it. */
export class AwayTimes {
  readonly #keptNs: number;
  readonly #byClient = new Map<number, ReadonlyArray<{ readonly fromNs: number; readonly backNs: number }>>();

  /** @param keptNs how long an absence is kept after its end. */
  constructor(keptNs: number) {
    this.#keptNs = keptNs;
  }

  /** Takes `away` of a snapshot. An absence that goes on is known up to its end, and is reported again. */
  add({ away, endNs }: Pick<Snapshot, 'away' | 'endNs'>): void {
    for (const { client, fromNs, backNs } of awaySpans(away)) {
      const known = this.#byClient.get(client) ?? [];
      const spans = known.filter((span) => span.backNs > fromNs - this.#keptNs && span.fromNs !== fromNs);
      this.#byClient.set(client, [...spans, { fromNs, backNs: Math.min(backNs, endNs) }]);
    }
  }

  /** Whether a client was away at a time, as far as is known. */
  wasAwayAt(client: number, timeNs: number): boolean {
    return this.#byClient.get(client)?.some((span) => isAwayAt(span, timeNs)) === true;
  }
}
