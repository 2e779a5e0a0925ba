import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { entryPath } from '../../package.ts';
import { unownedEnvironment } from './owner.ts';

/** Something that must not outlive this process. */
export interface Ward {
  /** A process, or a process group when negative; null for a file or folder that has the owner in its name. */
  readonly pid: number | null;
  /** Absolute path of a claim on a folder, which the guardian removes too. */
  readonly claim?: string;
  /** Ends or removes it at once. Called when this process exits early: after a second Ctrl-C, or a bug. */
  readonly end: () => void;
}

/** The beginning of a word that is a claim; the others are pids. */
export const CLAIM_WORD = 'claim:';

/**
 * Waits for the end of its input, which is the end of the process that writes it, also by SIGKILL. Then starts a command
 * with the words of the last line as arguments; an empty line means that nothing has to be done. A shell takes 1 MB
 * where Node.js takes 40.
 */
const SCRIPT = 'while IFS= read -r line; do last=$line; done; [ -z "$last" ] || exec "$@" $last';

/**
 * Keeps what this process has started or made, and ends it with this process, however it ends: in an `exit` handler, and
 * after SIGKILL by a shell in a session of its own. The shell runs only as long as there is something to guard.
 */
class Guardian {
  readonly #wards = new Set<Ward>();
  readonly #onExit = () => this.#endAll();
  #shell: ChildProcess | null = null;

  /** Guards something until the returned function is called. Call it in the tick in which the thing came to be. */
  add(ward: Ward): () => void {
    if (this.#wards.size === 0) process.once('exit', this.#onExit);
    this.#wards.add(ward);
    this.#report();
    return () => {
      if (!this.#wards.delete(ward)) return;
      this.#report();
      if (this.#wards.size === 0) process.off('exit', this.#onExit);
    };
  }

  #report(): void {
    if (process.platform === 'win32') return;
    if (this.#wards.size > 0) this.#shell ??= startShell();
    const words = [...this.#wards].flatMap(
      ({ pid, claim }) => pid ?? (claim === undefined ? [] : claimWord(claim)),
    );
    this.#shell?.stdin?.write(this.#wards.size === 0 ? '\n' : `guarded ${words.join(' ')}\n`);
    if (this.#wards.size > 0) return;
    this.#shell?.stdin?.end();
    this.#shell = null;
  }

  /** The last first: a command runs in a folder that was made before it. */
  #endAll(): void {
    for (const ward of [...this.#wards].reverse()) ward.end();
    this.#wards.clear();
    this.#report();
  }
}

/** A path as a word of a shell, which splits and expands what it reads. */
function claimWord(path: string): string {
  return `${CLAIM_WORD}${Buffer.from(path).toString('hex')}`;
}

function startShell(): ChildProcess {
  const { NODE_OPTIONS: _, ...env } = unownedEnvironment();
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', entryPath('run/leftovers/end')];
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'sh', ...command], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    // The working directory may be removed. A relative TMPDIR is relative to it.
    cwd: '/',
    env: { ...env, TMPDIR: resolve(tmpdir()) },
  });
  // Without a shell, the next start of sockbench removes what is left.
  shell.on('error', () => {});
  shell.stdin?.on('error', () => {});
  shell.unref();
  if (shell.stdin instanceof Socket) shell.stdin.unref();
  return shell;
}

const guardian = new Guardian();

/** Ends or removes something with this process. Returns a function that ends the guarding. */
export function guard(ward: Ward): () => void {
  return guardian.add(ward);
}
