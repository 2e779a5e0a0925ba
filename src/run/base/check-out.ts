import { existsSync, mkdtempSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { EXIT, fail, messageOf } from '../../errors.ts';
import type { Finding } from '../../result/findings.ts';
import { shellWord } from '../../text.ts';
import { formatDurationMs } from '../../units.ts';
import { guard } from '../leftovers/guardian.ts';
import { removeCheckout, temporaryName } from '../leftovers/remove.ts';
import { ProcessGroup } from '../server/process-group.ts';
import { temporaryFolder } from '../temporary.ts';
import { environmentIn, git, gitEnvironment } from './git.ts';

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
  remove(): void;
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
  const [top, below] = locate(repository);
  const commit = commitOf(ref, top);
  const worktree = realpathSync(mkdtempSync(join(temporaryFolder(), temporaryName('base'))));
  const remove = () => {
    try {
      removeCheckout(worktree);
    } catch (error) {
      onLine(`base: ${worktree} could not be removed: ${messageOf(error)}`);
    }
    release();
  };
  const release = guard({ pid: null, end: remove });
  try {
    onLine(`base: checking out ${ref} (${shortOf(commit)}) in ${worktree}`);
    await addWorktree(top, worktree, commit, signal);
    const folder = resolve(worktree, below);
    if (!existsSync(folder)) {
      const hint = 'Run from a folder that both commits have, with an --exec command that works there.';
      fail('BASE_WITHOUT_FOLDER', `${ref} has no folder ${below}, the working directory`, hint);
    }
    const how = install === null ? installByLock(folder, worktree) : { command: install, folder };
    if (how !== null) {
      onLine(`base: ${how.command}`);
      await runInstall(how.command, { cwd: how.folder, env: environmentIn(folder) }, options);
    }
    const notes: Finding[] = [];
    if (isUnchanged(top, commit)) {
      const message = `${ref} is the commit of the working directory (${shortOf(commit)}), which has no changes: both arms run the same code`;
      notes.push({ code: 'base_is_head', message });
    }
    if (existsSync(join(worktree, '.gitmodules'))) {
      notes.push({ code: 'base_submodules', message: 'submodules are empty in the base' });
    }
    if (how === null && existsSync(join(folder, 'package.json'))) {
      const message =
        'the base has no lock file, so that nothing was installed there; --base-install CMD installs it';
      notes.push({ code: 'base_not_installed', message });
    }
    return { folder, commit, notes, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Whether the working directory is at this commit, without changes. */
function isUnchanged(top: string, commit: string): boolean {
  const head = git(top, 'rev-parse', '--verify', '--quiet', 'HEAD');
  const changes = git(top, 'status', '--porcelain');
  return head.ok && head.text === commit && changes.ok && changes.text === '';
}

function shortOf(commit: string): string {
  return commit.slice(0, 8);
}

/** The top folder of the checkout, and the position of the working directory below it: empty, or with a slash at its end. */
function locate(repository: string): [top: string, below: string] {
  const top = git(repository, 'rev-parse', '--show-toplevel');
  const below = git(repository, 'rev-parse', '--show-prefix');
  if (top.ok && below.ok) return [top.text, below.text];
  return fail(
    'NO_REPOSITORY',
    `--base-ref needs a working directory in a git checkout: ${top.ok ? '' : top.reason}`,
    'Change to your project first, or name both arms with --arm.',
  );
}

function commitOf(ref: string, top: string): string {
  if (ref.startsWith('-')) {
    const hint = 'Give a branch, a tag or a commit.';
    fail('NO_SUCH_REF', `--base-ref ${ref}: the name of a commit does not begin with "-"`, hint);
  }
  const found = git(top, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`);
  if (found.ok) return found.text;
  const message = `--base-ref ${ref}: this clone has no such branch, tag or commit`;
  return fail('NO_SUCH_REF', message, refHint(ref, top));
}

function refHint(ref: string, top: string): string {
  const remote = git(top, 'for-each-ref', '--format=%(refname:short)', `refs/remotes/*/${ref}`);
  const [known = ''] = remote.ok ? remote.text.split('\n') : [];
  if (known !== '') return `Did you mean ${known}?`;
  const shallow = git(top, 'rev-parse', '--is-shallow-repository');
  if (shallow.ok && shallow.text === 'true') {
    return 'The clone is shallow: set fetch-depth: 0 of actions/checkout, or run git fetch --unshallow.';
  }
  return `Fetch it first: git fetch origin ${shellWord(ref)}`;
}

/** Adds a detached worktree in an empty folder. */
async function addWorktree(top: string, folder: string, commit: string, signal: AbortSignal): Promise<void> {
  const quiet = ['-c', 'core.hooksPath=/dev/null', '-c', 'submodule.recurse=false'];
  const args = [...quiet, 'worktree', 'add', '--quiet', '--detach', folder, commit];
  const { how, lastText } = await runToEnd(['git', args], { cwd: top, env: gitEnvironment() }, signal);
  if (how === 'exit code 0') return;
  fail(
    'BASE_CHECKOUT',
    `git could not check the base out in ${folder} (${how}):\n${lastText}`,
    'Set TMPDIR to use another folder for temporary files.',
  );
}

async function runInstall(
  command: string,
  place: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  { ref, signal }: BaseOptions,
): Promise<void> {
  const { how, lastText } = await runToEnd(['sh', ['-c', command]], place, signal);
  if (how === 'exit code 0') return;
  fail(
    'BASE_INSTALL',
    `"${command}" in a checkout of ${ref} ended with ${how}${lastText === '' ? '' : `; its last lines:\n${lastText}`}`,
    'Check out the base and run the command there, or give another one with --base-install CMD.',
  );
}

function failInterrupted(): never {
  return fail('INTERRUPTED', 'nothing was measured: stopped by the user', '', EXIT.invalid);
}

/** How long checking out the base, or installing what it needs, may take. */
const STEP_WITHIN_MS = 15 * 60_000;

/**
 * Runs a command to its end, or for `limitMs`; resolves to how it ended and its last lines. Throws INTERRUPTED when
 * aborted.
 */
export async function runToEnd(
  command: [file: string, args: string[]],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  signal: AbortSignal,
  limitMs = STEP_WITHIN_MS,
): Promise<{ how: string; lastText: string }> {
  if (signal.aborted) failInterrupted();
  const group = new ProcessGroup(command, { ...options, ipc: false });
  const stopped = Promise.withResolvers<string>();
  const late = `signal SIGTERM after the limit of ${formatDurationMs(limitMs)}`;
  const timer = setTimeout(() => stopped.resolve(late), limitMs);
  const onAbort = () => stopped.resolve('an interruption');
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const how = await Promise.race([group.gone, stopped.promise]);
    if (signal.aborted) failInterrupted();
    return { how, lastText: group.lastText };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    // A process that it left in the background would disturb the measurement.
    await group.stop();
  }
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
export function installByLock(
  folder: string,
  top: string,
): { readonly command: string; readonly folder: string } | null {
  for (const [file, command] of BY_LOCK) {
    const path = join(folder, file);
    if (existsSync(path)) return { command: command(path), folder };
  }
  return folder === top ? null : installByLock(dirname(folder), top);
}
