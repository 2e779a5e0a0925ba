import { accessSync, constants, statSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import type { ReferenceServer, ServerSettings } from '../src/contract/server.ts';

/** The path of a program on PATH; null when there is none. */
export function findProgram(name: string): string | null {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd'] : [''];
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const ending of endings) {
      const path = join(folder, name + ending);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not in this folder.
      }
    }
  }
  return null;
}

/** The path of a package's package.json; null when it is not installed. */
function packageFile(name: string): string | null {
  try {
    // Not by importing it, which takes time, nor by its exports, which may hide its package.json.
    return findPackageJSON(name, import.meta.url) ?? null;
  } catch {
    return null;
  }
}

/** Until its install script has run, the package bun holds some lines of text in the place of its program. */
const LEAST_PROGRAM_BYTES = 1e6;

/** Bun's own names of what Node.js calls otherwise. */
const BUN_ARCH: Readonly<Record<string, string>> = { x64: 'x64', arm64: 'aarch64' };

/** Bun as npm installed it, else on PATH; null when there is none. Needs no install script to have run. */
function findBun(): string | null {
  const platform = `@oven/bun-${process.platform}-${BUN_ARCH[process.arch] ?? process.arch}`;
  const programs = [
    ['bun', 'bin/bun.exe'],
    [platform, 'bin/bun'],
    [`${platform}-baseline`, 'bin/bun'],
  ] as const;
  for (const [name, program] of programs) {
    const file = packageFile(name);
    if (file === null) continue;
    const path = join(dirname(file), program);
    const { size } = statSync(path, { throwIfNoEntry: false }) ?? { size: 0 };
    if (size >= LEAST_PROGRAM_BYTES) return path;
  }
  return findProgram('bun');
}

/**
 * Why a server cannot run here, and what to do about it; null when it can. `runtimeProgram` runs it instead of the
 * usual one.
 */
export function whyUnavailable(
  { runtime = 'node', packages = [], program }: ReferenceServer,
  settings: Partial<ServerSettings> = {},
  runtimeProgram: string | null = null,
): string | null {
  if (runtime === 'bun' && runtimeProgram === null && findBun() === null) {
    return 'Bun is neither installed nor on PATH: npm install bun';
  }
  const missing = packages.filter((name) => packageFile(name) === null);
  if (missing.length > 0) {
    return `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not installed: npm install ${missing.join(' ')}`;
  }
  if (program !== undefined && settings[program.unless] == null && findProgram(program.name) === null) {
    return `${program.name} is not on PATH: ${program.hint}`;
  }
  return null;
}

/**
 * The command that runs a server's process, without what is given to it: `[program, ...flags]`. Without a program of
 * its own it is the Node.js that runs this, or the installed Bun.
 */
export function runtimeCommand(runtime: 'node' | 'bun', program: string | null = null): readonly string[] {
  if (runtime === 'node') return [program ?? process.execPath, '--disable-warning=ExperimentalWarning'];
  // Bun would load the .env of the folder it is in, and fetch packages that it does not find.
  return [program ?? findBun() ?? 'bun', '--no-env-file', '--no-install'];
}
