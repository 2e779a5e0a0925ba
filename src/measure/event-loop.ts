import { openSync, readSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { Clock } from './clock.ts';
import { NsHistogram } from './histogram.ts';

/** What a thread has had of its CPU so far, in nanoseconds. */
export interface ThreadTimes {
  /** On a CPU. Counts in steps of a scheduler tick, up to 4 ms, while the thread runs. */
  readonly ranNs: number;
  /** Ready to run, but waiting because something else had the CPU. */
  readonly queuedNs: number;
}

/** Opens the figures of this thread; null where the system does not report them. Only Linux does. */
function openThreadTimes(): number | null {
  try {
    return openSync('/proc/thread-self/schedstat', 'r');
  } catch {
    return null;
  }
}

/** Reads the `ranNs queuedNs slices` of a schedstat file: Linux, Documentation/scheduler/sched-stats.rst. */
export function parseThreadTimes(text: string): ThreadTimes | null {
  const [ranNs = Number.NaN, queuedNs = Number.NaN] = text.trim().split(' ').map(Number);
  return Number.isNaN(ranNs + queuedNs) ? null : { ranNs, queuedNs };
}

/** A reading is used again for this time: in 0.1 ms a thread handles ten messages or more. */
const FRESH_MS = 0.1;

/** The longest line of a schedstat file: three numbers of 64 bits. */
const SCHEDSTAT_BYTES = 64;

/** Reads how long the thread that creates it ran and waited for a CPU. One reading takes about 2 us. */
export class ThreadTimesReader {
  #file = openThreadTimes();
  readonly #buffer = Buffer.alloc(SCHEDSTAT_BYTES);
  #last: ThreadTimes | null = null;
  #freshUntilMs = 0;

  /** The last reading, up to 0.1 ms old; a longer wait for a CPU shows in the next one. */
  readRecent(): ThreadTimes | null {
    const nowMs = performance.now();
    if (nowMs < this.#freshUntilMs) return this.#last;
    this.#freshUntilMs = nowMs + FRESH_MS;
    this.#last = this.read();
    return this.#last;
  }

  /** Null where the system does not report it. */
  read(): ThreadTimes | null {
    if (this.#file === null) return null;
    try {
      const bytes = readSync(this.#file, this.#buffer, 0, SCHEDSTAT_BYTES, 0);
      return parseThreadTimes(this.#buffer.toString('latin1', 0, bytes));
    } catch {
      // A server under test may have closed the file.
      this.#file = null;
      return null;
    }
  }
}

export const BEAT_MS = 10;

/**
 * Measures how late a timer of 10 ms fires: the heartbeat of the event loop. Unlike Node's monitorEventLoopDelay, whose
 * reset drops the current interval, it misses no stall: one that lasts while it is read counts with its length so far,
 * and again with its whole length at its end.
 */
export class LoopDelay {
  readonly #clock: Clock;
  readonly #lateness = new NsHistogram();
  #expectedNs = 0;
  /** Called at each beat, before the loop looks for new events. */
  onBeat: (lateNs: number, nowNs: number) => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wait();
  }

  #wait(): void {
    this.#expectedNs = this.#clock.nowNs() + BEAT_MS * 1e6;
    setTimeout(() => {
      const nowNs = this.#clock.nowNs();
      const lateNs = this.overdueNs(nowNs);
      this.#lateness.record(lateNs);
      this.onBeat(lateNs, nowNs);
      this.#wait();
    }, BEAT_MS).unref();
  }

  /** How late the next beat already is; 0 while it is not due. */
  overdueNs(nowNs: number): number {
    return Math.max(0, nowNs - this.#expectedNs);
  }

  take(): { loopDelayP50Ns: number; loopDelayP99Ns: number; loopDelayMaxNs: number } {
    const soFarNs = this.overdueNs(this.#clock.nowNs());
    if (soFarNs > 0) this.#lateness.record(soFarNs);
    const at = (quantile: number) => (this.#lateness.count === 0 ? 0 : this.#lateness.quantileNs(quantile));
    const delays = { loopDelayP50Ns: at(0.5), loopDelayP99Ns: at(0.99), loopDelayMaxNs: at(1) };
    this.#lateness.reset();
    return delays;
  }
}

/** What an event loop shows of its own waiting. A test gives one in virtual time. */
export interface EventLoop {
  /** Time in which it waited for events so far. A process that is stopped while it waits goes on waiting. */
  idleNs(): number;
  threadTimes(): ThreadTimes | null;
  overdueNs(nowNs: number): number;
  /** Sets what each heartbeat calls before the loop looks for new events. */
  setOnBeat(onBeat: (lateNs: number, nowNs: number) => void): void;
}

/** What waits in this process beside Node's own loop. */
export interface OtherWait {
  /** How long it has slept so far. */
  readonly waitedNs: number;
}

/** The event loop of this process. `other` sleeps in its place, which Node.js takes for work. */
export function ownEventLoop(delay: LoopDelay, other: OtherWait | null = null): EventLoop {
  const times = new ThreadTimesReader();
  return {
    idleNs: () => performance.nodeTiming.idleTime * 1e6 + (other?.waitedNs ?? 0),
    threadTimes: () => times.readRecent(),
    overdueNs: (nowNs) => delay.overdueNs(nowNs),
    setOnBeat(onBeat) {
      delay.onBeat = onBeat;
    },
  };
}
