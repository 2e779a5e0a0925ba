import type { Clock } from '../measure/clock.ts';
import type { Timers } from '../measure/timers.ts';
import type { KernelLoop } from '../wire/sockets/kernel/kernel-loop.ts';
import type { WorkerContext } from './context.ts';
import type { PacerWait } from './pacer.ts';

/** Timers of Node.js fire up to about a millisecond late. A sleep ends this long before the due time. */
const SLEEP_SHORT_BY_NS = 1.2e6;
/** Chores take up to some milliseconds: they begin this long before a due time where there is as much time. */
const CHORES_NS = 4e6;
/** A pacer notices its end only when it wakes. */
const MAX_SLEEP_MS = 100;

/** Work that is done when there is time for it. */
export interface Chores {
  /** From when on there is some. */
  readonly fromNs: number;
  run(): void;
}

/** The waits of the pacers of one worker. */
export interface PacerWaits {
  /** Returns the wait of one pacer. */
  create(): PacerWait;
  /** Waits for the rest of the time until an arrival is due. Returns the time that it is then. */
  reach(dueNs: number): number;
  /** Time spent spinning so far with nothing else to do. A loop that spins intentionally is not busy. */
  readonly spunNs: number;
}

/** How to wait for the next message, which is due in `untilDueNs`: yield once, or sleep for a time. */
export function nextWait(untilDueNs: number): 'yield' | { readonly sleepMs: number } {
  const sleepMs = Math.floor((untilDueNs - SLEEP_SHORT_BY_NS) / 1e6);
  return sleepMs < 1 ? 'yield' : { sleepMs: Math.min(sleepMs, MAX_SLEEP_MS) };
}

export interface NodeWaitsOptions {
  readonly clock: Clock;
  readonly timers: Pick<Timers, 'after' | 'soon'>;
  /** Grows whenever the process does other work; a yield during which it did not grow was pure waiting. */
  readonly workDone: () => number;
  /** Called after each yield, which began at `sinceNs`: the loop has read its sockets meanwhile. */
  readonly onLooked: (sinceNs: number) => void;
  /** Run on waking from a sleep, about a millisecond before the next message is due. */
  readonly chores: Pick<Chores, 'run'>;
}

/** Waits with Node's loop: sleeps with a timer to about 1 ms before the due time, then yields with setImmediate. */
export class NodeWaits implements PacerWaits {
  readonly #options: NodeWaitsOptions;
  spunNs = 0;

  constructor(options: NodeWaitsOptions) {
    this.#options = options;
  }

  reach(): number {
    return this.#options.clock.nowNs();
  }

  create(): PacerWait {
    return {
      earlyNs: 0,
      soon: (onWake) => this.#yield(onWake),
      until: (dueNs, onWake) => {
        const { clock, timers, workDone, chores } = this.#options;
        const sinceNs = clock.nowNs();
        const wait = nextWait(dueNs - sinceNs);
        if (wait === 'yield') {
          const workBefore = workDone();
          this.#yield(() => {
            if (workDone() === workBefore) this.spunNs += clock.nowNs() - sinceNs;
            onWake();
          });
        } else {
          timers.after(wait.sleepMs, () => {
            chores.run();
            onWake();
          });
        }
      },
    };
  }

  #yield(onWake: () => void): void {
    const { clock, timers, onLooked } = this.#options;
    const sinceNs = clock.nowNs();
    timers.soon(() => {
      onLooked(sinceNs);
      onWake();
    });
  }
}

export interface KernelWaitsOptions {
  readonly clock: Clock;
  readonly loop: Pick<KernelLoop, 'before' | 'earlyNs' | 'soon' | 'spin' | 'spunNs'>;
  readonly chores: Chores;
}

/** Waits with the loop of the kernel's sockets, which is exact to some microseconds and spins for the last of them. */
export class KernelWaits implements PacerWaits {
  readonly #options: KernelWaitsOptions;

  constructor(options: KernelWaitsOptions) {
    this.#options = options;
  }

  get spunNs(): number {
    return this.#options.loop.spunNs;
  }

  reach(dueNs: number): number {
    return this.#options.loop.spin(dueNs);
  }

  create(): PacerWait {
    const { clock, loop, chores } = this.#options;
    let wake = () => {};
    const wakeForChores = () => {
      chores.run();
      wake();
    };
    return {
      get earlyNs() {
        return loop.earlyNs;
      },
      soon: (onWake) => loop.soon(onWake),
      until: (dueNs, onWake) => {
        wake = onWake;
        const nowNs = clock.nowNs();
        const choresNs = Math.max((nowNs + dueNs) / 2, dueNs - CHORES_NS);
        const hasTime = dueNs - choresNs > SLEEP_SHORT_BY_NS && choresNs > chores.fromNs;
        if (hasTime) loop.before(Math.min(choresNs, nowNs + MAX_SLEEP_MS * 1e6), wakeForChores);
        else loop.before(Math.min(dueNs, nowNs + MAX_SLEEP_MS * 1e6), onWake);
      },
    };
  }
}

/** How the pacers of a worker wait: with the loop of its kernel sockets where it has one. */
export function waitsOf(
  { clock, timers, window }: Pick<WorkerContext, 'clock' | 'timers' | 'window'>,
  loop: KernelLoop | null,
  chores: Chores,
): PacerWaits {
  if (loop !== null) return new KernelWaits({ clock, loop, chores });
  return new NodeWaits({
    clock,
    timers,
    workDone: () => window.total,
    onLooked: (sinceNs) => window.looked(sinceNs),
    chores,
  });
}
