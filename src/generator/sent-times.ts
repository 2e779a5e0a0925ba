const FIRST_CAPACITY = 1024;

/** When the messages of a stream were due, by number: not a number for one that no receiver expects. */
export interface SentTimesOfStream {
  readonly stream: number;
  readonly dueNs: Float64Array;
}

/** Remembers when each measured message was due, 8 bytes each, so that a missing one belongs to an absence or to none. */
export class SentTimes {
  readonly #byStream: Array<{ dueNs: Float64Array; count: number } | undefined> = [];

  /** Adds the message that comes next in its stream. */
  add(stream: number, seq: number, dueNs: number): void {
    const times = this.#byStream[stream] ?? { dueNs: new Float64Array(FIRST_CAPACITY), count: 0 };
    this.#byStream[stream] = times;
    if (seq >= times.dueNs.length) {
      const larger = new Float64Array(2 * times.dueNs.length);
      larger.set(times.dueNs);
      times.dueNs = larger;
    }
    times.dueNs[seq] = dueNs;
    times.count = Math.max(times.count, seq + 1);
  }

  /** No receiver expects this message: it was rejected, or not sent after all. */
  forget(stream: number, seq: number): void {
    const times = this.#byStream[stream];
    if (times !== undefined && seq < times.count) times.dueNs[seq] = Number.NaN;
  }

  all(): SentTimesOfStream[] {
    return this.#byStream.flatMap((times, stream) =>
      times === undefined ? [] : [{ stream, dueNs: times.dueNs.slice(0, times.count) }],
    );
  }
}
