import type { Clock } from '../measure/clock.ts';

const EVERY_NS = 1e9;
/** So long before a full second a snapshot waits for a moment without anything to send; then it comes anyway. */
const EARLY_NS = 20e6;

/** Calls for a snapshot about every full second, at a moment when nothing is due if there is one. */
export class SnapshotTimer {
  readonly #clock: Clock;
  readonly #take: () => void;
  #timer: NodeJS.Timeout | undefined;
  #boundaryNs = 0;
  #isDue = false;

  constructor(clock: Clock, take: () => void) {
    this.#clock = clock;
    this.#take = take;
  }

  /** From now on at `boundaryNs` and every second after it, no more at what was set before. */
  from(boundaryNs: number): void {
    this.stop();
    this.#boundaryNs = boundaryNs;
    this.#timer = this.#at(boundaryNs - EARLY_NS, () => {
      this.#isDue = true;
      this.#timer = this.#at(boundaryNs, () => this.takeIfDue());
    });
  }

  /** To be called when there is time for it. */
  takeIfDue(): void {
    if (!this.#isDue) return;
    this.#take();
    const behind = Math.floor((this.#clock.nowNs() - this.#boundaryNs) / EVERY_NS);
    this.from(this.#boundaryNs + (Math.max(0, behind) + 1) * EVERY_NS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#isDue = false;
  }

  #at(timeNs: number, then: () => void): NodeJS.Timeout {
    return setTimeout(then, Math.max(0, (timeNs - this.#clock.nowNs()) / 1e6));
  }
}
