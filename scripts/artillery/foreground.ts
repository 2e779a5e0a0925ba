import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { STOP_SIGNALS } from '../../src/cli/stop.ts';

/** Terminal, shell and npm each send the same signal for one Ctrl-C. */
const SAME_CTRL_C_MS = 500;

/**
 * Runs programs one after another and passes the stop signals of this process on: the first asks the program to end,
 * another one 500 ms or more later kills it.
 */
export class Foreground {
  readonly #stop = new AbortController();
  #program: ChildProcess | null = null;
  #stoppedAtMs = 0;

  constructor() {
    for (const signal of STOP_SIGNALS) process.on(signal, () => this.#receive(signal));
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Runs a program to its end. Resolves to its exit code, 128 + N for signal N. Rejects when it cannot be started. */
  async run(command: string, args: readonly string[], options: SpawnOptions): Promise<number> {
    const program = spawn(command, args, options);
    this.#program = program;
    if (this.signal.aborted) this.end();
    try {
      const [code, signal] = (await once(program, 'exit')) as [number | null, NodeJS.Signals | null];
      return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
    } finally {
      this.#program = null;
    }
  }

  /** Asks the running program to end. */
  end(): void {
    this.#program?.kill('SIGTERM');
  }

  #receive(signal: NodeJS.Signals): void {
    const nowMs = performance.now();
    if (!this.signal.aborted) {
      this.#stoppedAtMs = nowMs;
      this.#stop.abort();
      this.#program?.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
    } else if (nowMs - this.#stoppedAtMs >= SAME_CTRL_C_MS) {
      this.#program?.kill('SIGKILL');
    }
  }
}
