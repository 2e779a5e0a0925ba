import { existsSync } from 'node:fs';
import { delimiter, isAbsolute, join, relative, sep } from 'node:path';
import { gitEnvironment } from './git.ts';

/**
 * The environment for a command that runs in another checkout of the project in the working directory; `folder` is the
 * same place of it. npx and
 * `npm run` put the project's own node_modules/.bin first on PATH, and those of the folders above: there stand the
 * other checkout's, so that its command does not run this one's programs.
 */
export function environmentIn(folder: string): NodeJS.ProcessEnv {
  const env = gitEnvironment();
  return { ...env, PATH: relocatedPath(env['PATH'] ?? '', process.cwd(), folder) };
}

/** `path` with the folders of programs that belong to `from` replaced by those that belong to `to`. */
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
  // What is missing in the other checkout must not come from this one; above it, the folder may be another project's.
  if (isBelow && isBin) return counterpart;
  return (isBelow || isBin) && existsSync(counterpart) ? counterpart : folder;
}
