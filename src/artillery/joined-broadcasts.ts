import type { BroadcastPart, ClosedBroadcast } from '../measure/fanout.ts';

interface OpenParts {
  readonly stream: number;
  readonly seq: number;
  readonly parts: Float64Array[];
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
    for (const { stream, seq, latenciesNs } of parts) {
      const key = `${stream} ${seq}`;
      const open = this.#open.get(key) ?? { stream, seq, parts: [], lastNs: atNs };
      open.parts.push(latenciesNs);
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

function close({ stream, seq, parts, lastNs: lastArrivalNs }: OpenParts): ClosedBroadcast {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  all.sort();
  const reached = all.length;
  const valueAt = (place: number) => all[place] ?? Number.NaN;
  return {
    stream,
    seq,
    expected: reached,
    reached,
    firstNs: valueAt(0),
    medianNs: valueAt(Math.floor((reached - 1) / 2)),
    lastNs: valueAt(reached - 1),
    lastArrivalNs,
  };
}
