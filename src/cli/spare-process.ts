import { type ChildProcess, fork } from 'node:child_process';
import { withCompileCache } from '../compile-cache.ts';
import { entryPath } from '../package.ts';
import { guard } from '../run/leftovers/guardian.ts';
import { ownedEnvironment } from '../run/leftovers/owner.ts';

/** Starts a process that loads what a run needs and waits for its run. `command`: how Node.js is started. */
export function forkRun([execPath = process.execPath, ...execArgv]: readonly string[]): ChildProcess {
  const child = fork(entryPath('cli/run-child'), {
    ...{ execPath, execArgv },
    serialization: 'advanced',
    env: withCompileCache(ownedEnvironment()),
  });
  // One that is stopped does not notice the end of this process. Its own processes end with it.
  child.once('exit', guard({ pid: child.pid ?? null, end: () => child.kill('SIGKILL') }));
  return child;
}

/** Holds at most one process for the next of several runs, which loads while the run before it ends. */
export class SpareProcess {
  readonly #fork: typeof forkRun;
  #held: { readonly child: ChildProcess; readonly command: string } | null = null;

  constructor(fork = forkRun) {
    this.#fork = fork;
  }

  /** Starts the process, unless one is held. */
  prepare(command: readonly string[]): void {
    if (this.#held !== null) return;
    const child = this.#fork(command);
    const held = { child, command: command.join('\0') };
    const drop = () => {
      if (this.#held === held) this.#held = null;
    };
    for (const end of ['disconnect', 'exit', 'error']) child.on(end, drop);
    this.#held = held;
  }

  /** Returns the held process if it runs and was started by the same command; a new one otherwise. */
  take(command: readonly string[]): ChildProcess {
    const held = this.#held;
    if (held?.command !== command.join('\0')) {
      this.close();
      return this.#fork(command);
    }
    this.#held = null;
    return held.child;
  }

  /** Ends the held process. */
  close(): void {
    this.#held?.child.kill('SIGKILL');
    this.#held = null;
  }
}
