import { spawnSync } from 'node:child_process';

/** What would have git look at another repository than that of the folder it runs in; hooks of git set some. */
const MISLEADING = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_COMMON_DIR',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
  'GIT_GRAFT_FILE',
  'GIT_SHALLOW_FILE',
  'GIT_REPLACE_REF_BASE',
];

/** An environment in which git looks at the folder that it runs in, and asks nobody for a password. */
export function gitEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !MISLEADING.includes(name));
  return { ...Object.fromEntries(kept), GIT_TERMINAL_PROMPT: '0' };
}

/** What git printed, trimmed; or why it failed, in its own words. */
export type GitAnswer =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: string };

/** Asks git about the repository that a folder belongs to. */
export function git(folder: string, ...args: string[]): GitAnswer {
  const { status, stdout, stderr, error } = spawnSync('git', args, {
    cwd: folder,
    encoding: 'utf8',
    // Or `git status` would lock the user's index, to refresh it.
    env: { ...gitEnvironment(), GIT_OPTIONAL_LOCKS: '0' },
    maxBuffer: 256 * 1024 ** 2,
  });
  if (error !== undefined) return { ok: false, reason: `git cannot be started: ${error.message}` };
  if (status === 0) return { ok: true, text: stdout.trim() };
  const [first = ''] = stderr.split('\n');
  return { ok: false, reason: first.replace(/^fatal: /, '') };
}
