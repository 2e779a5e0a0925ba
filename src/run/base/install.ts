import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

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
