import type { ClosedBroadcast } from './fanout.ts';

/** How many broadcasts are kept. */
export const MAX_SLOWEST = 20;

/** One of the broadcasts that took the longest until their last receiver had them. */
export type SlowBroadcast = Omit<ClosedBroadcast, 'medianNs' | 'lastArrivalNs'>;

/** Whether `a` comes first: the slower one, and of equally slow ones the one that was sent first. */
function slowerFirst(a: SlowBroadcast, b: SlowBroadcast): number {
  return b.lastNs - a.lastNs || a.intendedNs - b.intendedNs || a.stream - b.stream || a.seq - b.seq;
}

/**
 * Keeps the slowest broadcasts of all that it is offered, each once, by its slowest offer. What is kept of the parts of a
 * broadcast therefore holds its slowest part, whenever the whole is among the slowest.
 */
export class SlowestBroadcasts {
  #kept: SlowBroadcast[] = [];

  offer(broadcast: SlowBroadcast): void {
    const { stream, seq, intendedNs, expected, reached, firstNs, lastNs, lastReceiver } = broadcast;
    const slowest = this.#kept.at(-1);
    const isFull = this.#kept.length === MAX_SLOWEST;
    if (!Number.isFinite(lastNs) || (isFull && slowest !== undefined && lastNs < slowest.lastNs)) return;
    const others = this.#kept.filter((each) => each.stream !== stream || each.seq !== seq);
    const same = this.#kept.find((each) => each.stream === stream && each.seq === seq);
    if (same !== undefined && same.lastNs >= lastNs) return;
    others.push({ stream, seq, intendedNs, expected, reached, firstNs, lastNs, lastReceiver });
    this.#kept = others.sort(slowerFirst).slice(0, MAX_SLOWEST);
  }

  /** Those that are kept, the slowest first. */
  list(): readonly SlowBroadcast[] {
    return this.#kept;
  }

  /** Returns those that are kept, and forgets them. */
  take(): readonly SlowBroadcast[] {
    const taken = this.#kept;
    this.#kept = [];
    return taken;
  }
}
