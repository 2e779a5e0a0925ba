import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { LastLines } from './last-lines.ts';
import { ProcessTree } from './process-tree.ts';

const STOP_TIMEOUT_MS = 2000;
/** Time for killed processes to be gone, and their ports with them. */
const GONE_WITHIN_MS = 1000;
/** Time for the last output of a process to arrive after its end; a child of it may hold the pipe open. */
const LAST_OUTPUT_WITHIN_MS = 200;
const LOOK_EVERY_MS = 20;

export interface GroupOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whether it gets a channel to this process. */
  readonly ipc: boolean;
}

/** A process that this one started (on POSIX in a group of its own), and all that came of it. */
export class ProcessGroup {
  readonly tree: ProcessTree;
  readonly lastLines = new LastLines();
  /** Resolves to how the first process ended, when what it printed has been read: `exit code 1`. */
  readonly gone: Promise<string>;
  readonly #child: ChildProcess;
  #stopping = false;
  #ended: string | null = null;
  /** A process that is made to exit at once (a second Ctrl-C, a bug) takes what it started with it. */
  readonly #onExit = () => this.#signal('SIGKILL');

  constructor([file, args]: [file: string, args: string[]], { cwd, env, ipc }: GroupOptions) {
    const id = randomUUID();
    this.#child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? ['ipc' as const] : [])],
      cwd,
      env: { ...env, SOCKBENCH_SERVER: id },
      detached: process.platform !== 'win32',
    });
    this.tree = new ProcessTree(this.pid, `SOCKBENCH_SERVER=${id}`);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) this.lastLines.read(stream);
    }
    // Before any other: the folder that it runs in may be removed by the next.
    process.prependOnceListener('exit', this.#onExit);
    this.gone = this.#untilEnd();
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get stdout(): Readable | null {
    return this.#child.stdout;
  }

  /** How the first process ended; null while it runs. */
  get ended(): string | null {
    return this.#ended;
  }

  get isStopping(): boolean {
    return this.#stopping;
  }

  /** Ends it all: SIGTERM, after 2 s SIGKILL. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#lives()) {
      this.#signal('SIGTERM');
      await this.#untilGone(STOP_TIMEOUT_MS);
      this.#signal('SIGKILL');
      await this.#untilGone(GONE_WITHIN_MS);
    }
    // What the command left running in the background may hold the pipes open for ever.
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  #untilEnd(): Promise<string> {
    return new Promise((resolve) => {
      const end = (how: string) => {
        this.#ended ??= how;
        process.off('exit', this.#onExit);
        resolve(this.#ended);
      };
      this.#child.on('error', (error) => end(error.message));
      this.#child.on('exit', async (code, signal) => {
        // What came of it may have outlived it.
        if (!this.#stopping) this.#signal('SIGKILL');
        await this.#lastOutput();
        end(signal === null ? `exit code ${code}` : `signal ${signal}`);
      });
    });
  }

  async #untilGone(withinMs: number): Promise<void> {
    const deadlineMs = performance.now() + withinMs;
    while (this.#lives() && performance.now() < deadlineMs) await delay(LOOK_EVERY_MS);
  }

  /** Whether anything of it is left, as far as the system tells. */
  #lives(): boolean {
    if (this.#ended === null) return true;
    if (process.platform === 'linux') return this.tree.living().length > 0;
    return process.platform !== 'win32' && kill(-this.pid, 0);
  }

  /** Waits until all that it printed has been read. */
  async #lastOutput(): Promise<void> {
    const closed = once(this.#child, 'close');
    await Promise.race([closed, delay(LAST_OUTPUT_WITHIN_MS, null, { ref: false })]);
  }

  /** Signals the whole group, so that a shell's children end with it, and what has left the group. */
  #signal(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return;
    if (process.platform === 'win32') {
      this.#child.kill(signal);
      return;
    }
    kill(-this.pid, signal);
    for (const { pid, groupId } of this.tree.living()) if (groupId !== this.pid) kill(pid, signal);
  }
}

/** Whether a signal could be sent to a process; to a whole group when the number is negative. */
function kill(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
