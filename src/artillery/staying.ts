import type { Clock } from '../measure/clock.ts';
import type { Timers } from '../measure/timers.ts';
import type { ControlMessage } from './channel.ts';

const POLL_MS = 100;
/** Duplicates may follow the last expected delivery. */
const DUPLICATES_MS = 200;
/** After the last phase: a thread that began later than others may still start users. */
const PHASES_MS = 1000;

export interface StayingOptions {
  readonly post: (message: ControlMessage) => void;
  readonly clock: Clock;
  readonly timers: Timers;
  /** How many phases the script has. */
  readonly phases: number;
  readonly progress: () => { readonly expected: number; readonly delivered: number };
  readonly drainMs: () => number;
}

/**
 * Decides when the users that stay may leave: all phases are over, every flow stays or is over, and what is expected has
 * arrived or the drain is over.
 */
export class Staying {
  readonly #options: StayingOptions;
  readonly #threads = new Map<number, { readonly running: number; readonly staying: number }>();
  #completed = 0;
  #isWaiting = false;

  constructor(options: StayingOptions) {
    this.#options = options;
  }

  notePhaseCompleted(): void {
    this.#completed += 1;
    if (this.#completed >= this.#options.phases) void this.#start();
  }

  noteStatus({ thread, running, staying }: Extract<ControlMessage, { type: 'status' }>): void {
    this.#threads.set(thread, { running, staying });
    if (this.#completed >= this.#options.phases) void this.#start();
  }

  get #areAllStaying(): boolean {
    const all = [...this.#threads.values()];
    return all.some(({ staying }) => staying > 0) && all.every(({ running, staying }) => running === staying);
  }

  async #start(): Promise<void> {
    if (this.#isWaiting || !this.#areAllStaying) return;
    this.#isWaiting = true;
    const { timers } = this.#options;
    await timers.sleep(PHASES_MS);
    await this.#report();
    if (this.#areAllStaying) await this.#drain();
    this.#isWaiting = false;
  }

  /** Asks the threads for a report, and waits for it. */
  async #report(): Promise<void> {
    this.#options.post({ type: 'report' });
    await this.#options.timers.sleep(POLL_MS);
  }

  async #drain(): Promise<void> {
    const { clock, post, progress, drainMs, timers } = this.#options;
    const deadlineNs = clock.nowNs() + drainMs() * 1e6;
    const { expected } = progress();
    while (progress().delivered < expected && clock.nowNs() < deadlineNs) await this.#report();
    await timers.sleep(DUPLICATES_MS);
    if (this.#areAllStaying) post({ type: 'leave' });
  }
}
