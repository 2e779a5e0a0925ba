import { deflateSync, inflateSync } from 'node:zlib';
import { messageOf } from '../errors.ts';
import { NumberWriter } from './number-writer.ts';

/** What the receivers of one process or machine got of one broadcast. */
export interface GatheredBroadcast {
  readonly stream: number;
  readonly seq: number;
  /** The second of the run, from the start of measuring, of the last arrival. */
  readonly second: number;
  /** Receipts whose latency is not known, because the clock of the sender does not compare. */
  readonly untimed: number;
  /** Intended send to receipt of all other receipts, ascending. */
  readonly latenciesNs: readonly number[];
}

/** More latencies than this are not kept: they take 8 bytes each in memory and about 3 in a file. */
export const MAX_GATHERED = 8_000_000;
/** Limits what encoded broadcasts of others may inflate to: every number takes at most 8 bytes. */
const MAX_BROADCAST_BYTES = 16 * MAX_GATHERED;

/**
 * Encodes broadcasts: base64 of deflated whole numbers, each in groups of seven bits, the lowest first. For each
 * broadcast: stream, seq, second, untimed receipts, timed receipts, then the latencies, each less the one before it. The
 * first latency of a broadcast is written doubled, and one less where it is negative.
 */
export function encodeBroadcasts(broadcasts: Iterable<GatheredBroadcast>): string {
  const writer = new NumberWriter();
  for (const { stream, seq, second, untimed, latenciesNs } of broadcasts) {
    for (const value of [stream, seq, second, untimed, latenciesNs.length]) writer.write(value);
    let before: number | null = null;
    for (const latencyNs of latenciesNs) {
      if (before !== null) writer.write(latencyNs - before);
      else writer.write(latencyNs < 0 ? -2 * latencyNs - 1 : 2 * latencyNs);
      before = latencyNs;
    }
  }
  return deflateSync(writer.bytes()).toString('base64');
}

/** Reads what {@link encodeBroadcasts} wrote. Throws an Error for anything else. */
export function* decodeBroadcasts(encoded: string): Generator<GatheredBroadcast, void> {
  const reader = new NumberReader(inflateBroadcasts(encoded));
  let total = 0;
  while (!reader.isAtEnd) {
    const [stream, seq, second, untimed] = [reader.read(), reader.read(), reader.read(), reader.read()];
    const latenciesNs: number[] = [];
    const timed = reader.read();
    total += Math.max(1, timed);
    if (total > MAX_GATHERED) throw new Error('the broadcasts cannot be read: there are too many latencies');
    for (let left = timed; left > 0; left--) {
      const value = reader.read();
      const before = latenciesNs.at(-1);
      if (before !== undefined) latenciesNs.push(before + value);
      else latenciesNs.push(value % 2 === 1 ? -(value + 1) / 2 : value / 2);
    }
    yield { stream, seq, second, untimed, latenciesNs };
  }
}

/** Gathers the latencies of all broadcasts of a shard, for a merge with those of the others. */
export class BroadcastLog {
  readonly #gathered = new Map<string, { second: number; untimed: number; readonly latenciesNs: number[] }>();
  readonly #max: number;
  #count = 0;

  constructor(max = MAX_GATHERED) {
    this.#max = max;
  }

  /** Takes latencies of a broadcast, NaN for receipts that are not timed; `second`: that of the last of them. */
  add(stream: number, seq: number, second: number, latenciesNs: Iterable<number>): void {
    if (this.isOverfull) return;
    const key = `${stream},${seq}`;
    const broadcast = this.#gathered.get(key) ?? { second: 0, untimed: 0, latenciesNs: [] };
    this.#gathered.set(key, broadcast);
    broadcast.second = Math.max(broadcast.second, second);
    for (const latencyNs of latenciesNs) {
      this.#count += 1;
      if (Number.isNaN(latencyNs)) broadcast.untimed += 1;
      else broadcast.latenciesNs.push(latencyNs);
    }
    if (this.isOverfull) this.#gathered.clear();
  }

  /** Whether there were too many latencies to keep; then none is kept. */
  get isOverfull(): boolean {
    return this.#count > this.#max;
  }

  *broadcasts(): Generator<GatheredBroadcast, void> {
    for (const [key, { second, untimed, latenciesNs }] of this.#gathered) {
      const [stream = 0, seq = 0] = key.split(',').map(Number);
      yield { stream, seq, second, untimed, latenciesNs: latenciesNs.toSorted((a, b) => a - b) };
    }
  }
}

function inflateBroadcasts(encoded: string): Buffer {
  try {
    return inflateSync(Buffer.from(encoded, 'base64'), { maxOutputLength: MAX_BROADCAST_BYTES });
  } catch (error) {
    throw new Error(`the broadcasts cannot be read: ${messageOf(error)}`);
  }
}

class NumberReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  read(): number {
    let value = 0;
    for (let unit = 1; unit < 2 ** 53; unit *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new Error('the broadcasts cannot be read: they end in the middle');
      value += (byte % 128) * unit;
      if (byte < 128) return value;
    }
    throw new Error('the broadcasts cannot be read: a number is too large');
  }
}
