import type { BroadcastPart, ClosedBroadcast } from '../measure/fanout.ts';

interface OpenParts {
  readonly stream: number;
  readonly seq: number;
  readonly intendedNs: number;
  readonly parts: BroadcastPart[];
  lastNs: number;
}

/**
 * Joins the latencies of each broadcast from all threads, until none has arrived for a while. How many users expected it
 * is known at the end only; until then every broadcast counts as complete.
 */
export class JoinedBroadcasts {
  readonly #quietNs: number;
  readonly #open = new Map<string, OpenParts>();

  constructor(quietNs: number) {
    this.#quietNs = quietNs;
  }

  /** Takes parts that arrived up to `atNs`. */
  add(parts: readonly BroadcastPart[], atNs: number): void {
    for (const part of parts) {
      const { stream, seq, intendedNs } = part;
      const key = `${stream} ${seq}`;
      const open = this.#open.get(key) ?? { stream, seq, intendedNs, parts: [], lastNs: atNs };
      open.parts.push(part);
      open.lastNs = Math.max(open.lastNs, atNs);
      this.#open.set(key, open);
    }
  }

  /** The broadcasts that have been quiet; all of them where `nowNs` is infinite. */
  takeQuiet(nowNs: number): ClosedBroadcast[] {
    const closed: ClosedBroadcast[] = [];
    for (const [key, open] of this.#open) {
      if (nowNs - open.lastNs < this.#quietNs) continue;
      this.#open.delete(key);
      closed.push(close(open));
    }
    return closed;
  }
}

function close({ stream, seq, intendedNs, parts, lastNs: lastArrivalNs }: OpenParts): ClosedBroadcast {
  const all = Float64Array.from(parts.flatMap(({ latenciesNs }) => [...latenciesNs])).sort();
  const reached = all.length;
  const valueAt = (place: number) => all[place] ?? Number.NaN;
  const lastNs = valueAt(reached - 1);
  return {
    stream,
    seq,
    intendedNs,
    expected: reached,
    reached,
    firstNs: valueAt(0),
    medianNs: valueAt(Math.floor((reached - 1) / 2)),
    lastNs,
    lastReceiver: parts.find(({ latenciesNs }) => latenciesNs.includes(lastNs))?.lastReceiver ?? 0,
    lastArrivalNs,
  };
}
