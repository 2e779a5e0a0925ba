import { type BroadcastPart, keyOfBroadcast } from './fanout.ts';

/** A part that is being gathered, and its largest latency. */
interface OpenPart extends Omit<BroadcastPart, 'latenciesNs' | 'lastReceiver'> {
  readonly latenciesNs: number[];
  lastNs: number;
  lastReceiver: number;
}

/** Gathers the latencies of broadcasts whose receivers are spread over processes, until they are handed over. */
export class FanoutParts {
  readonly #parts = new Map<number, OpenPart>();

  add(stream: number, seq: number, latencyNs: number, receivedNs: number, receiver: number): void {
    const key = keyOfBroadcast(stream, seq);
    let part = this.#parts.get(key);
    if (part === undefined) {
      const intendedNs = receivedNs - latencyNs;
      part = {
        stream,
        seq,
        intendedNs,
        latenciesNs: [],
        lastNs: Number.NEGATIVE_INFINITY,
        lastReceiver: receiver,
      };
      this.#parts.set(key, part);
    }
    part.latenciesNs.push(latencyNs);
    if (latencyNs > part.lastNs) {
      part.lastNs = latencyNs;
      part.lastReceiver = receiver;
    }
  }

  take(): BroadcastPart[] {
    const parts = Array.from(this.#parts.values(), ({ lastNs: _, latenciesNs, ...part }) => ({
      ...part,
      latenciesNs: Float64Array.from(latenciesNs),
    }));
    this.#parts.clear();
    return parts;
  }
}
