import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gitEnvironment } from '../../src/run/base/git.ts';
import { temporaryFolder } from './sockbench.ts';

/** Nothing of the user's own configuration, and a name for commits. */
const ENV = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
};

/** Runs git in a folder; resolves to what it printed, trimmed. */
export function gitIn(folder: string, ...args: string[]): string {
  const env = { ...gitEnvironment(), ...ENV };
  return execFileSync('git', args, { cwd: folder, env, encoding: 'utf8', stdio: 'pipe' }).trim();
}

type Files = Readonly<Record<string, string>>;

/** Writes files and commits them with all else that changed; returns the hash. */
export function commitFiles(folder: string, files: Files): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  gitIn(folder, 'add', '--all');
  gitIn(folder, 'commit', '--quiet', '--message', 'a commit');
  return gitIn(folder, 'rev-parse', 'HEAD');
}

/** A new repository with a branch main and a commit for each set of files. */
export function makeRepository(...commits: readonly Files[]): string {
  const folder = temporaryFolder();
  gitIn(folder, 'init', '--quiet', '--initial-branch=main');
  for (const files of commits) commitFiles(folder, files);
  return folder;
}
