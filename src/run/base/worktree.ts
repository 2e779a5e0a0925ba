import { existsSync, realpathSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EXIT, messageOf, SockbenchError } from '../../errors.ts';
import type { Finding } from '../../result/run-result.ts';
import { ProcessGroup } from '../server/process-group.ts';
import { git, gitEnvironment } from './git.ts';
import { type Install, installByLock } from './install-command.ts';
import { environmentIn } from './relocate.ts';

export interface BaseOptions {
  /** Branch, tag or commit, as git reads it. */
  readonly ref: string;
  /** Command line for the shell that installs what the base needs; null for what its lock file asks for. */
  readonly install: string | null;
  /** The user's position: the working directory, in a checkout. */
  readonly repository: string;
  /** Aborting ends what is under way and removes what there is. */
  readonly signal: AbortSignal;
  /** Told of each step. */
  readonly onLine: (line: string) => void;
}

export interface BaseCheckout {
  /** The user's position in the base: the same subfolder as in their own checkout. */
  readonly folder: string;
  /** Full hash. */
  readonly commit: string;
  /** What is worth knowing of it. */
  readonly notes: readonly Finding[];
  /** Leaves no trace of it; may be called again. */
  remove(): Promise<void>;
}

/** Where the user stands. */
interface Place {
  /** Top folder of the checkout. */
  readonly top: string;
  /** Position below it, with a slash at its end; empty at the top. */
  readonly below: string;
}

/**
 * Checks another commit of the user's repository out, into a folder of its own, and installs what it needs there. It
 * is a detached worktree in the system's folder for temporary files (TMPDIR): the user's checkout, index, branches
 * and uncommitted changes stay as they are, and hooks do not run. Submodules are left empty; files of Git LFS are
 * what the user's configuration of git makes of them.
 *
 * The folder is gone after `remove`, after an error, and when this process exits early.
 *
 * Throws NO_REPOSITORY, NO_SUCH_REF, BASE_CHECKOUT, BASE_WITHOUT_FOLDER, BASE_INSTALL; INTERRUPTED when aborted.
 */
export async function checkOutBase(options: BaseOptions): Promise<BaseCheckout> {
  const { ref, install, repository, signal, onLine } = options;
  const place = locate(repository);
  const commit = commitOf(ref, place.top);
  const folder = realpathSync(await mkdtemp(join(tmpdir(), 'sockbench-base-')));
  const worktree = new Worktree(place.top, folder, onLine);
  try {
    onLine(`base: checking out ${ref} (${shortOf(commit)}) in ${folder}`);
    await worktree.add(commit, signal);
    const position = resolve(folder, place.below);
    requirePosition(position, place, ref);
    const notes = [sameCodeNote(ref, commit, place), submoduleNote(folder)];
    const how = install === null ? installByLock(position, folder) : { command: install, folder: position };
    if (how === null) notes.push(lockNote(position));
    else {
      onLine(`base: ${how.command}`);
      await runInstall(how, environmentIn(position), { ref, signal });
    }
    return {
      folder: position,
      commit,
      notes: notes.filter((note) => note !== null),
      remove: () => worktree.remove(),
    };
  } catch (error) {
    await worktree.remove();
    throw error;
  }
}

function shortOf(commit: string): string {
  return commit.slice(0, 8);
}

function locate(repository: string): Place {
  const top = git(repository, 'rev-parse', '--show-toplevel');
  const below = git(repository, 'rev-parse', '--show-prefix');
  if (top.ok && below.ok) return { top: top.text, below: below.text };
  throw new SockbenchError({
    code: 'NO_REPOSITORY',
    message: `--base-ref needs the working directory to be in a checkout of git: ${top.ok ? '' : top.reason}`,
    hint: 'Change to your project first, or name both sides with --arm.',
  });
}

function commitOf(ref: string, top: string): string {
  const found = git(top, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`);
  if (found.ok) return found.text;
  throw new SockbenchError({
    code: 'NO_SUCH_REF',
    message: `--base-ref ${ref}: this clone has no such branch, tag or commit`,
    hint: refHint(ref, top),
  });
}

function refHint(ref: string, top: string): string {
  const remote = git(top, 'for-each-ref', '--format=%(refname:short)', `refs/remotes/*/${ref}`);
  const [known = ''] = remote.ok ? remote.text.split('\n') : [];
  if (known !== '') return `Did you mean ${known}?`;
  const shallow = git(top, 'rev-parse', '--is-shallow-repository');
  if (shallow.ok && shallow.text === 'true') {
    return 'The clone is shallow: give actions/checkout fetch-depth: 0, or run git fetch --unshallow.';
  }
  return `Fetch it first: git fetch origin ${ref}`;
}

function requirePosition(position: string, { below }: Place, ref: string): void {
  if (existsSync(position)) return;
  throw new SockbenchError({
    code: 'BASE_WITHOUT_FOLDER',
    message: `${ref} has no folder ${below}, in which you are`,
    hint: 'Start from a folder that both have, with a --exec that finds its way from there.',
  });
}

function sameCodeNote(ref: string, commit: string, { top }: Place): Finding | null {
  const head = git(top, 'rev-parse', '--verify', '--quiet', 'HEAD');
  const changes = git(top, 'status', '--porcelain');
  const isSame = head.ok && head.text === commit && changes.ok && changes.text === '';
  if (!isSame) return null;
  const message = `${ref} is the commit of the working directory (${shortOf(commit)}), which has no changes: both sides run the same code`;
  return { code: 'base_is_head', message };
}

function submoduleNote(folder: string): Finding | null {
  if (!existsSync(join(folder, '.gitmodules'))) return null;
  return { code: 'base_submodules', message: 'submodules are left empty in the base' };
}

function lockNote(position: string): Finding | null {
  if (!existsSync(join(position, 'package.json'))) return null;
  const message = 'the base has no lock file, so nothing was installed there; --base-install CMD does it';
  return { code: 'base_not_installed', message };
}

function interrupted(): SockbenchError {
  return new SockbenchError({
    code: 'INTERRUPTED',
    message: 'nothing was measured: stopped by the user',
    exitCode: EXIT.invalid,
  });
}

/** Runs a command to its end, or until aborted; resolves to how it ended and what it said last. */
async function runToEnd(
  command: [file: string, args: string[]],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  signal: AbortSignal,
): Promise<{ how: string; lastLines: string }> {
  if (signal.aborted) throw interrupted();
  const group = new ProcessGroup(command, { ...options, ipc: false });
  const aborted = Promise.withResolvers<'aborted'>();
  const onAbort = () => aborted.resolve('aborted');
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const how = await Promise.race([group.gone, aborted.promise]);
    if (signal.aborted) throw interrupted();
    return { how, lastLines: group.lastLines.text };
  } finally {
    signal.removeEventListener('abort', onAbort);
    // What it left running in the background would disturb the measuring.
    await group.stop();
  }
}

async function runInstall(
  { command, folder }: Install,
  env: NodeJS.ProcessEnv,
  { ref, signal }: { readonly ref: string; readonly signal: AbortSignal },
): Promise<void> {
  const { how, lastLines } = await runToEnd(['sh', ['-c', command]], { cwd: folder, env }, signal);
  if (how === 'exit code 0') return;
  throw new SockbenchError({
    code: 'BASE_INSTALL',
    message: `"${command}" in a checkout of ${ref} ended with ${how}${lastLines === '' ? '' : `; its last lines:\n${lastLines}`}`,
    hint: 'Check out the base and run it there by yourself, or give another command with --base-install CMD.',
  });
}

/** A worktree of ours, from before it is added until nothing of it is left. */
class Worktree {
  readonly #top: string;
  readonly #folder: string;
  readonly #onLine: (line: string) => void;
  #removal: Promise<void> | null = null;
  readonly #onExit = () => this.#removeNow();

  /** @param folder exists, empty, and is ours. */
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
    throw new SockbenchError({
      code: 'BASE_CHECKOUT',
      message: `git could not check the base out in ${this.#folder} (${how}):\n${lastLines}`,
      hint: 'Another folder for temporary files is given by TMPDIR.',
    });
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
      // The process is leaving; git gc forgets what is left.
    }
    this.#forget();
  }

  /** Not by `git worktree prune`, which would forget the user's own on a drive that is away just now. */
  #forget(): void {
    git(this.#top, 'worktree', 'remove', '--force', '--force', this.#folder);
  }
}
