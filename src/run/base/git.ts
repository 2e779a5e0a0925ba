import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, isAbsolute, join, relative, sep } from 'node:path';
import { formatDurationMs } from '../../units.ts';

/** Variables that point git to another repository than that of the working directory. Git hooks set some of them. */
const MISLEADING =
  /^GIT_((COMMON_)?DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|NAMESPACE|PREFIX|GRAFT_FILE|SHALLOW_FILE|REPLACE_REF_BASE)$/;

/** An environment in which git uses the repository of the working directory and never asks for a password. */
export function gitEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !MISLEADING.test(name));
  return { ...Object.fromEntries(kept), GIT_TERMINAL_PROMPT: '0' };
}

/** Questions to git are answered in milliseconds, unless a hook or the file system hangs. */
const GIT_WITHIN_MS = 10_000;

/** Runs git in a folder. Returns its trimmed output, or its error message. */
export function git(
  folder: string,
  ...args: string[]
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string } {
  const { status, stdout, stderr, error } = spawnSync('git', args, {
    cwd: folder,
    encoding: 'utf8',
    // Otherwise `git status` would lock the user's index to refresh it.
    env: { ...gitEnvironment(), GIT_OPTIONAL_LOCKS: '0' },
    maxBuffer: 256 * 1024 ** 2,
    timeout: GIT_WITHIN_MS,
    killSignal: 'SIGKILL',
  });
  if (error !== undefined && 'code' in error && error.code === 'ETIMEDOUT') {
    return { ok: false, reason: `git did not answer within ${formatDurationMs(GIT_WITHIN_MS)}` };
  }
  if (error !== undefined) return { ok: false, reason: `git could not be started: ${error.message}` };
  if (status === 0) return { ok: true, text: stdout.trim() };
  const [first = ''] = stderr.split('\n');
  return { ok: false, reason: first.replace(/^fatal: /, '') };
}

/**
 * The environment for a command in another checkout of the project; `folder` is the counterpart of the working
 * directory there. npx and `npm run` put node_modules/.bin of the project and of the folders above first on PATH. Those
 * of the other checkout replace them, so that its command does not run the programs of this one.
 */
export function environmentIn(folder: string): NodeJS.ProcessEnv {
  const env = gitEnvironment();
  return { ...env, PATH: relocatedPath(env['PATH'] ?? '', process.cwd(), folder) };
}

/** `path` with every program folder of the project `from` replaced by its counterpart in `to`. */
export function relocatedPath(path: string, from: string, to: string): string {
  return path
    .split(delimiter)
    .map((folder) => (isAbsolute(folder) ? counterpartOf(folder, from, to) : folder))
    .join(delimiter);
}

function counterpartOf(folder: string, from: string, to: string): string {
  const inProject = relative(from, folder);
  // On another drive.
  if (isAbsolute(inProject)) return folder;
  const isBin = /(^|[/\\])node_modules[/\\]\.bin$/.test(inProject);
  const isBelow = inProject.split(sep)[0] !== '..';
  const counterpart = join(to, inProject);
  // A program that the other checkout lacks must not come from this one. A folder above may belong to another project.
  if (isBelow && isBin) return counterpart;
  return (isBelow || isBin) && existsSync(counterpart) ? counterpart : folder;
}
