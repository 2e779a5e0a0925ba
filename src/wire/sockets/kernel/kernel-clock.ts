import type { Clock } from '../../../measure/clock.ts';
import type { Arena, Memory } from './arena.ts';
import { CLOCK_REALTIME, TIME } from './layout.ts';
import type { Libc } from './libc.ts';

/** Two clocks that were read further apart than this are read again: something took the CPU in between. */
const CLOSE_NS = 10_000;
const MAX_READINGS = 3;

/**
 * Turns the kernel's receive times, which are of CLOCK_REALTIME, into times of the run's clock. Both clocks are read at
 * each wake-up, so that a step of the wall clock falsifies nothing that arrives after it.
 */
export class KernelClock {
  readonly #libc: Pick<Libc, 'clock_gettime'>;
  readonly #clock: Clock;
  readonly #time: Memory;
  /** A second of CLOCK_REALTIME, and the run's time at its beginning. */
  #second = 0;
  #secondNs = 0;
  /** When the clocks were last read, on the clock of the run: what is received after it was handled later. */
  lookedNs = 0;

  constructor(libc: Pick<Libc, 'clock_gettime'>, arena: Arena, clock: Clock) {
    this.#libc = libc;
    this.#clock = clock;
    this.#time = arena.allocate(TIME.bytes);
    this.read();
  }

  /** Reads both clocks, closely together. */
  read(): void {
    let closestNs = Number.POSITIVE_INFINITY;
    for (let reading = 0; reading < MAX_READINGS && closestNs > CLOSE_NS; reading++) {
      const beforeNs = this.#clock.nowNs();
      this.#libc.clock_gettime(CLOCK_REALTIME, this.#time.address);
      const apartNs = this.#clock.nowNs() - beforeNs;
      if (reading === 0) this.lookedNs = beforeNs;
      if (apartNs >= closestNs) continue;
      closestNs = apartNs;
      const { words } = this.#time;
      this.#second = words[TIME.seconds / 4] ?? 0;
      this.#secondNs = beforeNs + Math.round(apartNs / 2) - (words[TIME.nanoseconds / 4] ?? 0);
    }
  }

  /** The run's time of a receive time; now if that lies ahead. Seconds are the lower 32 bits. */
  timeOf(seconds: number, nanoseconds: number): number {
    const timeNs = this.#secondNs + (seconds - this.#second) * 1e9 + nanoseconds;
    return timeNs <= this.lookedNs ? timeNs : Math.min(timeNs, this.#clock.nowNs());
  }
}
