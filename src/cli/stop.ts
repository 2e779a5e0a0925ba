import { constants } from 'node:os';

/** The signals by which a terminal, a shell, a supervisor or a CI system ends a program. */
export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

type StopSignal = (typeof STOP_SIGNALS)[number];

/** Terminal, shell, npm and `timeout` each send the same signal for one event, such as one Ctrl-C. */
const SAME_EVENT_MS = 500;

/** What a stop does to the process. */
interface StopHost {
  readonly nowMs: () => number;
  readonly write: (text: string) => void;
  /** Ends the process at once. */
  readonly quit: (exitCode: number) => void;
}

/**
 * Turns signals into a request to stop and report. The first signal of any kind stops the command, which reports what
 * was measured. A second one of the same kind, 500 ms or more after the first, ends the process at once. SIGHUP never
 * does: a closed terminal sends several, and no user is left to press a key.
 */
export class StopRequests {
  readonly #host: StopHost;
  readonly #stop = new AbortController();
  readonly #firstAtMs = new Map<StopSignal, number>();

  constructor(host: StopHost) {
    this.#host = host;
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  receive(kind: StopSignal): void {
    const { nowMs, write, quit } = this.#host;
    const firstAtMs = this.#firstAtMs.get(kind);
    if (firstAtMs === undefined) {
      this.#firstAtMs.set(kind, nowMs());
      if (this.#stop.signal.aborted) return;
      const again = kind === 'SIGINT' ? '; press Ctrl-C again to quit' : '';
      write(`\nstopping: draining and reporting what was measured${again}\n`);
      this.#stop.abort();
      return;
    }
    if (kind === 'SIGHUP' || nowMs() - firstAtMs < SAME_EVENT_MS) return;
    write('\nquit: the measurements were discarded\n');
    quit(128 + constants.signals[kind]);
  }
}
