import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A command line for the shell, and where it runs. */
export interface Install {
  readonly command: string;
  readonly folder: string;
}

/** Lock files, and what installs exactly what they say. */
const BY_LOCK: ReadonlyArray<readonly [file: string, command: (path: string) => string]> = [
  ['package-lock.json', () => 'npm ci'],
  ['npm-shrinkwrap.json', () => 'npm ci'],
  ['pnpm-lock.yaml', () => 'pnpm install --frozen-lockfile'],
  ['yarn.lock', yarnCommand],
  ['bun.lock', () => 'bun install --frozen-lockfile'],
  ['bun.lockb', () => 'bun install --frozen-lockfile'],
];

/** Yarn 2 and later begin their lock file with an entry of its own. */
function yarnCommand(path: string): string {
  const isBerry = /^__metadata:/m.test(readFileSync(path, 'utf8'));
  return `yarn install ${isBerry ? '--immutable' : '--frozen-lockfile'}`;
}

/**
 * What the nearest lock file asks for, from `folder` up to `top`: of a workspace it lies at the top. Null where there
 * is none.
 */
export function installByLock(folder: string, top: string): Install | null {
  for (const [file, command] of BY_LOCK) {
    const path = join(folder, file);
    if (existsSync(path)) return { command: command(path), folder };
  }
  return folder === top ? null : installByLock(dirname(folder), top);
}
