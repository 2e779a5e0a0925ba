import { type BitSet, recentNumbers } from './bit-set.ts';

/** Some of the latencies of one broadcast, for another process that completes it. */
export interface BroadcastPart {
  readonly stream: number;
  readonly seq: number;
  /** Intended send to receipt in nanoseconds, one entry per receiver, in no order. */
  readonly latenciesNs: Float64Array;
  /** When it was due, on the run's clock. */
  readonly intendedNs: number;
  /** The client with the largest of these latencies. */
  readonly lastReceiver: number;
}

/** A broadcast that is complete, or that was given up. Latencies run from its intended send to a receipt. */
export interface ClosedBroadcast {
  readonly stream: number;
  readonly seq: number;
  /** When it was due, on the run's clock. */
  readonly intendedNs: number;
  /** How many receivers it was for, and how many it reached. */
  readonly expected: number;
  readonly reached: number;
  readonly firstNs: number;
  /** The lower of two middle receivers. */
  readonly medianNs: number;
  readonly lastNs: number;
  /** The client that got it last. */
  readonly lastReceiver: number;
  /** When its last receiver got it, on the run's clock. */
  readonly lastArrivalNs: number;
}

export interface FanoutOptions {
  /**
   * How many receivers here a message of the stream has that was due then; more while it is not known who was away. It is
   * asked again for a broadcast that has been quiet for a second, and for one that is given up.
   */
  readonly expected: (stream: number, intendedNs: number) => number;
  readonly onClosed: (broadcast: ClosedBroadcast) => void;
  /** A broadcast that reached no new receiver for this long is closed incomplete. */
  readonly quietNs: number;
  /** Beyond this the oldest open broadcasts are closed incomplete. */
  readonly maxOpenBytes?: number;
}

const MIN_QUIET_NS = 60e9;
const MAX_OPEN_BYTES = 256 * 1024 ** 2;
/** An open broadcast without a new receiver for this long keeps only what its figures may still need. */
const COMPACT_AFTER_NS = 1e9;

/** Returns when a broadcast is given up: well after its last delivery could come, so that `fanout_last` has it. */
export function quietNs(drainMs: number): number {
  return Math.max(MIN_QUIET_NS, 2 * drainMs * 1e6);
}

/** The key of a broadcast in a map. */
export function keyOfBroadcast(stream: number, seq: number): number {
  return stream * 2 ** 32 + seq;
}

/** Gathers the latencies of each broadcast until its last receiver has it. Memory does not follow the run's length. */
export class FanoutTracker {
  readonly #options: FanoutOptions;
  readonly #open = new Map<number, OpenBroadcast>();
  readonly #closedIncomplete = new Map<number, BitSet>();
  /** The broadcast whose latency was added last, while it is open. */
  #last: OpenBroadcast | null = null;
  /** Memory of all latencies that are kept. */
  openBytes = 0;

  constructor(options: FanoutOptions) {
    this.#options = options;
  }

  /** Takes the latency of each first copy that a receiver gets of a broadcast. `receiver` matters for the slowest only. */
  add(
    stream: number,
    seq: number,
    latencyNs: number,
    receivedNs: number,
    receiver: number,
    intendedNs = receivedNs - latencyNs,
  ): void {
    let broadcast = this.#last;
    if (broadcast === null || broadcast.seq !== seq || broadcast.stream !== stream) {
      const key = keyOfBroadcast(stream, seq);
      broadcast = this.#open.get(key) ?? this.#openBroadcast(key, stream, seq, intendedNs);
      if (broadcast === null) return;
      this.#last = broadcast;
    }
    const { latencies } = broadcast;
    if (latencyNs > latencies.lastNs) broadcast.lastReceiver = receiver;
    latencies.add(latencyNs);
    broadcast.lastArrivalNs = receivedNs;
    if (latencies.reached >= latencies.expected) this.#close(keyOfBroadcast(stream, seq), broadcast);
  }

  /** Closes what has been quiet for long, and closes or compacts what has been quiet for a second. Call it once a second. */
  closeQuiet(nowNs: number): void {
    for (const [key, broadcast] of this.#open) {
      const silentNs = nowNs - broadcast.lastArrivalNs;
      if (silentNs > this.#options.quietNs) this.#close(key, broadcast);
      else if (silentNs > COMPACT_AFTER_NS && !this.#closeComplete(key, broadcast))
        this.openBytes += broadcast.latencies.compact();
    }
  }

  /** Closes a broadcast that has no further receiver, as is known by now. Once: most of these have lost a message. */
  #closeComplete(key: number, broadcast: OpenBroadcast): boolean {
    const { stream, intendedNs, latencies, isAskedAgain } = broadcast;
    if (isAskedAgain) return false;
    broadcast.isAskedAgain = true;
    const isComplete = latencies.reached >= this.#options.expected(stream, intendedNs);
    if (isComplete) this.#close(key, broadcast);
    return isComplete;
  }

  closeAll(): void {
    for (const [key, broadcast] of this.#open) this.#close(key, broadcast);
  }

  #openBroadcast(key: number, stream: number, seq: number, intendedNs: number): OpenBroadcast | null {
    if (this.#closedIncomplete.get(stream)?.has(seq) === true) return null;
    const { expected, maxOpenBytes = MAX_OPEN_BYTES } = this.#options;
    const latencies = new Latencies(expected(stream, intendedNs));
    const nothing = { lastReceiver: 0, lastArrivalNs: 0, isAskedAgain: false };
    const broadcast = { stream, seq, intendedNs, latencies, ...nothing };
    this.openBytes += latencies.bytes;
    for (const [oldestKey, oldest] of this.#open) {
      if (this.openBytes <= maxOpenBytes) break;
      this.#close(oldestKey, oldest);
    }
    this.#open.set(key, broadcast);
    return broadcast;
  }

  #close(key: number, broadcast: OpenBroadcast): void {
    const { stream, seq, intendedNs, latencies, lastReceiver, lastArrivalNs } = broadcast;
    this.#open.delete(key);
    if (this.#last === broadcast) this.#last = null;
    this.openBytes -= latencies.bytes;
    const { reached, firstNs, lastNs } = latencies;
    const expected =
      reached < latencies.expected
        ? Math.max(reached, this.#options.expected(stream, intendedNs))
        : latencies.expected;
    if (reached < expected) {
      // A straggler must not open the broadcast again.
      const closed = this.#closedIncomplete.get(stream) ?? recentNumbers();
      this.#closedIncomplete.set(stream, closed);
      closed.add(seq);
    }
    const medianNs = latencies.medianNs();
    const figures = { expected, reached, firstNs, medianNs, lastNs };
    this.#options.onClosed({ stream, seq, intendedNs, ...figures, lastReceiver, lastArrivalNs });
  }
}

interface OpenBroadcast {
  readonly stream: number;
  readonly seq: number;
  readonly intendedNs: number;
  readonly latencies: Latencies;
  lastReceiver: number;
  lastArrivalNs: number;
  /** Whether {@link FanoutOptions.expected} was asked again. */
  isAskedAgain: boolean;
}

/** The latencies of one broadcast: all of them, or after {@link compact} those that can still be the median. */
class Latencies {
  readonly expected: number;
  reached = 0;
  firstNs = Number.POSITIVE_INFINITY;
  lastNs = Number.NEGATIVE_INFINITY;
  #kept: Float64Array;
  #count = 0;
  /** How many values were dropped that are below, and above, all that are kept. */
  #below = 0;
  #above = 0;

  constructor(expected: number) {
    this.expected = expected;
    this.#kept = new Float64Array(expected);
  }

  get bytes(): number {
    return this.#kept.byteLength;
  }

  add(latencyNs: number): void {
    this.reached += 1;
    this.firstNs = Math.min(this.firstNs, latencyNs);
    this.lastNs = Math.max(this.lastNs, latencyNs);
    if (this.#below > 0 && latencyNs < (this.#kept[0] ?? 0)) this.#below += 1;
    else if (this.#above > 0 && latencyNs > (this.#kept[this.#count - 1] ?? 0)) this.#above += 1;
    else this.#keep(latencyNs);
  }

  /** What was compacted is sorted and stays so. */
  #keep(latencyNs: number): void {
    let place = this.#count;
    if (this.#below > 0 || this.#above > 0) {
      while (place > 0 && (this.#kept[place - 1] ?? 0) > latencyNs) place -= 1;
      this.#kept.copyWithin(place + 1, place, this.#count);
    }
    this.#kept[place] = latencyNs;
    this.#count += 1;
  }

  /**
   * Drops what cannot become the median any more; returns by how many bytes the memory changed. With `missing` values
   * to come, each of which may be below or above, the median stays within `missing` places of where it is now.
   */
  compact(): number {
    const missing = this.expected - this.reached;
    const from = Math.max(this.#below, medianPlace(this.reached) - missing);
    const to = Math.min(this.reached - this.#above, medianPlace(this.expected) + 1);
    const capacity = to - from + missing;
    if (2 * capacity > this.#kept.length) return 0;
    const before = this.bytes;
    const kept = new Float64Array(capacity);
    kept.set(this.#sorted().subarray(from - this.#below, to - this.#below));
    this.#above = this.reached - to;
    this.#below = from;
    this.#count = to - from;
    this.#kept = kept;
    return this.bytes - before;
  }

  medianNs(): number {
    return this.#sorted()[medianPlace(this.reached) - this.#below] ?? Number.NaN;
  }

  #sorted(): Float64Array {
    return this.#kept.subarray(0, this.#count).sort();
  }
}

/** The place of the lower median in `count` sorted values. */
function medianPlace(count: number): number {
  return Math.max(0, Math.floor((count - 1) / 2));
}
