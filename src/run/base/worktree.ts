import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { EXIT, fail, messageOf } from '../../errors.ts';
import { ProcessGroup } from '../server/process-group.ts';
import { git, gitEnvironment } from './git.ts';

function failInterrupted(): never {
  return fail('INTERRUPTED', 'nothing was measured: stopped by the user', '', EXIT.invalid);
}

/** Runs a command to its end; resolves to how it ended and its last lines. Throws INTERRUPTED when aborted. */
export async function runToEnd(
  command: [file: string, args: string[]],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  signal: AbortSignal,
): Promise<{ how: string; lastLines: string }> {
  if (signal.aborted) failInterrupted();
  const group = new ProcessGroup(command, { ...options, ipc: false });
  const aborted = Promise.withResolvers<'aborted'>();
  const onAbort = () => aborted.resolve('aborted');
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const how = await Promise.race([group.gone, aborted.promise]);
    if (signal.aborted) failInterrupted();
    return { how, lastLines: group.lastLines.text };
  } finally {
    signal.removeEventListener('abort', onAbort);
    // A process that it left in the background would disturb the measurement.
    await group.stop();
  }
}

/** A detached worktree in a folder of its own. It is removed at the latest when this process exits. */
export class Worktree {
  readonly #top: string;
  readonly #folder: string;
  readonly #onLine: (line: string) => void;
  #removal: Promise<void> | null = null;
  readonly #onExit = () => this.#removeNow();

  /** @param folder exists and is empty. */
  constructor(top: string, folder: string, onLine: (line: string) => void) {
    this.#top = top;
    this.#folder = folder;
    this.#onLine = onLine;
    process.once('exit', this.#onExit);
  }

  async add(commit: string, signal: AbortSignal): Promise<void> {
    const quiet = ['-c', 'core.hooksPath=/dev/null', '-c', 'submodule.recurse=false'];
    const args = [...quiet, 'worktree', 'add', '--quiet', '--detach', this.#folder, commit];
    const { how, lastLines } = await runToEnd(
      ['git', args],
      { cwd: this.#top, env: gitEnvironment() },
      signal,
    );
    if (how === 'exit code 0') return;
    fail(
      'BASE_CHECKOUT',
      `git could not check the base out in ${this.#folder} (${how}):\n${lastLines}`,
      'Set TMPDIR to use another folder for temporary files.',
    );
  }

  remove(): Promise<void> {
    this.#removal ??= this.#remove();
    return this.#removal;
  }

  async #remove(): Promise<void> {
    try {
      await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
    } catch (error) {
      this.#onLine(`base: ${this.#folder} could not be removed: ${messageOf(error)}`);
    }
    this.#forget();
    process.off('exit', this.#onExit);
  }

  #removeNow(): void {
    try {
      rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // The process exits. git gc removes what is left.
    }
    this.#forget();
  }

  /** `git worktree prune` would also forget the user's own worktrees on a drive that is not mounted. */
  #forget(): void {
    git(this.#top, 'worktree', 'remove', '--force', '--force', this.#folder);
  }
}
