import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fail } from '../../errors.ts';
import type { Finding } from '../../result/findings.ts';
import { environmentIn, git } from './git.ts';
import { runToEnd, Worktree } from './worktree.ts';

export interface BaseOptions {
  /** Branch, tag or commit, as git reads it. */
  readonly ref: string;
  /** Shell command that installs what the base needs; null for the command of its lock file. */
  readonly install: string | null;
  /** The working directory, in a checkout. */
  readonly repository: string;
  /** Aborting ends the current step and removes the checkout. */
  readonly signal: AbortSignal;
  /** Called with one line per step. */
  readonly onLine: (line: string) => void;
}

export interface BaseCheckout {
  /** The counterpart of the working directory in the base. */
  readonly folder: string;
  /** Full hash. */
  readonly commit: string;
  readonly notes: readonly Finding[];
  /** Removes the checkout. May be called again. */
  remove(): Promise<void>;
}

/** The working directory, in its checkout. */
interface WorkingPlace {
  /** Top folder of the checkout. */
  readonly top: string;
  /** Position below it, with a slash at its end; empty at the top. */
  readonly below: string;
}

/**
 * Checks another commit of the user's repository out into a folder of its own, and installs what it needs there. It is a
 * detached worktree in the folder for temporary files (TMPDIR). The user's checkout, index, branches and uncommitted
 * changes stay unchanged, and hooks do not run. Submodules are empty. Git LFS files follow the user's configuration.
 *
 * The folder is removed by `remove`, after an error, and when this process exits early.
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

function locate(repository: string): WorkingPlace {
  const top = git(repository, 'rev-parse', '--show-toplevel');
  const below = git(repository, 'rev-parse', '--show-prefix');
  if (top.ok && below.ok) return { top: top.text, below: below.text };
  return fail(
    'NO_REPOSITORY',
    `--base-ref needs a working directory in a git checkout: ${top.ok ? '' : top.reason}`,
    'Change to your project first, or name both arms with --arm.',
  );
}

function commitOf(ref: string, top: string): string {
  const found = git(top, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`);
  if (found.ok) return found.text;
  return fail(
    'NO_SUCH_REF',
    `--base-ref ${ref}: this clone has no such branch, tag or commit`,
    refHint(ref, top),
  );
}

function refHint(ref: string, top: string): string {
  const remote = git(top, 'for-each-ref', '--format=%(refname:short)', `refs/remotes/*/${ref}`);
  const [known = ''] = remote.ok ? remote.text.split('\n') : [];
  if (known !== '') return `Did you mean ${known}?`;
  const shallow = git(top, 'rev-parse', '--is-shallow-repository');
  if (shallow.ok && shallow.text === 'true') {
    return 'The clone is shallow: set fetch-depth: 0 of actions/checkout, or run git fetch --unshallow.';
  }
  return `Fetch it first: git fetch origin ${ref}`;
}

function requirePosition(position: string, { below }: WorkingPlace, ref: string): void {
  if (existsSync(position)) return;
  fail(
    'BASE_WITHOUT_FOLDER',
    `${ref} has no folder ${below}, the working directory`,
    'Run from a folder that both commits have, with an --exec command that works there.',
  );
}

function sameCodeNote(ref: string, commit: string, { top }: WorkingPlace): Finding | null {
  const head = git(top, 'rev-parse', '--verify', '--quiet', 'HEAD');
  const changes = git(top, 'status', '--porcelain');
  const isSame = head.ok && head.text === commit && changes.ok && changes.text === '';
  if (!isSame) return null;
  const message = `${ref} is the commit of the working directory (${shortOf(commit)}), which has no changes: both arms run the same code`;
  return { code: 'base_is_head', message };
}

function submoduleNote(folder: string): Finding | null {
  if (!existsSync(join(folder, '.gitmodules'))) return null;
  return { code: 'base_submodules', message: 'submodules are empty in the base' };
}

function lockNote(position: string): Finding | null {
  if (!existsSync(join(position, 'package.json'))) return null;
  const message =
    'the base has no lock file, so that nothing was installed there; --base-install CMD installs it';
  return { code: 'base_not_installed', message };
}

async function runInstall(
  { command, folder }: Install,
  env: NodeJS.ProcessEnv,
  { ref, signal }: { readonly ref: string; readonly signal: AbortSignal },
): Promise<void> {
  const { how, lastLines } = await runToEnd(['sh', ['-c', command]], { cwd: folder, env }, signal);
  if (how === 'exit code 0') return;
  return fail(
    'BASE_INSTALL',
    `"${command}" in a checkout of ${ref} ended with ${how}${lastLines === '' ? '' : `; its last lines:\n${lastLines}`}`,
    'Check out the base and run the command there, or give another one with --base-install CMD.',
  );
}

/** A shell command, and where it runs. */
interface Install {
  readonly command: string;
  readonly folder: string;
}

/** Lock files, and the command that installs exactly what each lists. */
const BY_LOCK: ReadonlyArray<readonly [file: string, command: (path: string) => string]> = [
  ['package-lock.json', () => 'npm ci'],
  ['npm-shrinkwrap.json', () => 'npm ci'],
  ['pnpm-lock.yaml', () => 'pnpm install --frozen-lockfile'],
  ['yarn.lock', yarnCommand],
  ['bun.lock', () => 'bun install --frozen-lockfile'],
  ['bun.lockb', () => 'bun install --frozen-lockfile'],
];

/** The lock file of Yarn 2 and later has an entry `__metadata`. */
function yarnCommand(path: string): string {
  const isBerry = /^__metadata:/m.test(readFileSync(path, 'utf8'));
  return `yarn install ${isBerry ? '--immutable' : '--frozen-lockfile'}`;
}

/**
 * The install command for the nearest lock file from `folder` up to `top`, where a workspace has it; null when there is
 * none.
 */
export function installByLock(folder: string, top: string): Install | null {
  for (const [file, command] of BY_LOCK) {
    const path = join(folder, file);
    if (existsSync(path)) return { command: command(path), folder };
  }
  return folder === top ? null : installByLock(dirname(folder), top);
}
