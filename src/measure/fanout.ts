/** A broadcast of which nothing more is awaited. */
export interface ClosedBroadcast {
  readonly stream: number;
  readonly seq: number;
  /** How many receivers it was owed to. */
  readonly expected: number;
  /** Intended -> received in nanoseconds, one entry per receiver that it reached, ascending. */
  readonly latenciesNs: Float64Array;
}

interface OpenBroadcast {
  readonly stream: number;
  readonly seq: number;
  readonly latenciesNs: Float64Array;
  reached: number;
  lastArrivalNs: number;
}

export interface FanoutOptions {
  /** How many receivers a message of the stream is owed to here. */
  readonly expected: (stream: number) => number;
  readonly onClosed: (broadcast: ClosedBroadcast) => void;
  /** A broadcast that reached nobody new for this long is closed incomplete. */
  readonly quietNs: number;
}

const LEAST_QUIET_NS = 60e9;

/**
 * When a broadcast is given up: well after any of its messages could still be delivered, so that a slow last
 * receiver is never left out of `fanout_last`.
 */
export function quietNs(drainMs: number): number {
  return Math.max(LEAST_QUIET_NS, 2 * drainMs * 1e6);
}

const STREAMS_APART = 2 ** 32;

/**
 * Gathers the latencies of each broadcast until its last receiver has it. Holds only open broadcasts, so
 * memory follows the number under way (and the number that never completed), not the length of the run.
 */
export class FanoutTracker {
  readonly #options: FanoutOptions;
  readonly #open = new Map<number, OpenBroadcast>();
  readonly #closedIncomplete = new Set<number>();

  constructor(options: FanoutOptions) {
    this.#options = options;
  }

  /** Adds the first copy of a message that one receiver got at `receivedNs`. */
  add(stream: number, seq: number, latencyNs: number, receivedNs: number): void {
    const key = stream * STREAMS_APART + seq;
    const broadcast = this.#open.get(key) ?? this.#openBroadcast(key, stream, seq);
    if (broadcast === null) return;
    broadcast.latenciesNs[broadcast.reached] = latencyNs;
    broadcast.reached += 1;
    broadcast.lastArrivalNs = receivedNs;
    if (broadcast.reached === broadcast.latenciesNs.length) this.#close(key, broadcast);
  }

  /** Closes what has been quiet for long; call it about once a second. */
  closeQuiet(nowNs: number): void {
    for (const [key, broadcast] of this.#open) {
      if (nowNs - broadcast.lastArrivalNs > this.#options.quietNs) this.#close(key, broadcast);
    }
  }

  /** Closes all that is open, at the end of a run. */
  closeAll(): void {
    for (const [key, broadcast] of this.#open) this.#close(key, broadcast);
  }

  #openBroadcast(key: number, stream: number, seq: number): OpenBroadcast | null {
    if (this.#closedIncomplete.has(key)) return null;
    const broadcast = {
      stream,
      seq,
      latenciesNs: new Float64Array(this.#options.expected(stream)),
      reached: 0,
      lastArrivalNs: 0,
    };
    this.#open.set(key, broadcast);
    return broadcast;
  }

  #close(key: number, broadcast: OpenBroadcast): void {
    const { stream, seq, reached, latenciesNs } = broadcast;
    this.#open.delete(key);
    if (reached < latenciesNs.length) this.#closedIncomplete.add(key);
    this.#options.onClosed({
      stream,
      seq,
      expected: latenciesNs.length,
      latenciesNs: latenciesNs.subarray(0, reached).sort(),
    });
  }
}
