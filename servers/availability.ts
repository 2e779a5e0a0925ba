import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import type { ReferenceServer, ServerSettings } from '../src/contract/server.ts';

/** Returns the path of a program on PATH; null when there is none. */
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

/**
 * Returns the path of a package's package.json; null when it is not installed. Importing the package takes time, and its
 * exports may hide its package.json.
 */
function packageFile(name: string): string | null {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  return folders.map((folder) => join(folder, name, 'package.json')).find(existsSync) ?? null;
}

/** Returns `name@version` with the version that sockbench is tested with. */
function testedVersion(name: string): string {
  // servers/ is in the root of the repository, and in dist/ of the published package.
  for (const manifest of ['../package.json', '../../package.json']) {
    const url = new URL(manifest, import.meta.url);
    const { devDependencies = {} } = existsSync(url) ? JSON.parse(readFileSync(url, 'utf8')) : {};
    if (name in devDependencies) return `${name}@${devDependencies[name]}`;
  }
  return name;
}

/** Until its install script has run, the package bun has a short text file in place of its program. */
const MIN_PROGRAM_BYTES = 1e6;

/** Bun's names of architectures, by Node.js's names. */
const BUN_ARCH: Readonly<Record<string, string>> = { x64: 'x64', arm64: 'aarch64' };

/** Returns Bun as npm installed it, or on PATH; null when there is none. Works before any install script has run. */
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
    if (size >= MIN_PROGRAM_BYTES) return path;
  }
  return findProgram('bun');
}

/**
 * Returns why a server is not available here and what to install; null when it is available. `runtimeProgram` replaces
 * the default runtime.
 */
export function whyUnavailable(
  { runtime = 'node', packages = [], program }: ReferenceServer,
  settings: Partial<ServerSettings> = {},
  runtimeProgram: string | null = null,
): string | null {
  const lacksBun = runtime === 'bun' && runtimeProgram === null && findBun() === null;
  const missing = [...packages.filter((name) => packageFile(name) === null), ...(lacksBun ? ['bun'] : [])];
  if (missing.length > 0) {
    const count = missing.length === 1 ? 'a package is' : 'packages are';
    return `${count} not installed: npm install ${missing.map(testedVersion).join(' ')}`;
  }
  if (program !== undefined && settings[program.unless] == null && findProgram(program.name) === null) {
    return `${program.name} is not on PATH: ${program.hint}`;
  }
  return null;
}

/**
 * Returns the command that runs a server's process, without its arguments: `[program, ...flags]`. The default program
 * is the current Node.js, or the installed Bun.
 */
export function runtimeCommand(runtime: 'node' | 'bun', program: string | null = null): readonly string[] {
  if (runtime === 'node') return [program ?? process.execPath, '--disable-warning=ExperimentalWarning'];
  // By default Bun loads .env of the working directory and downloads missing packages.
  return [program ?? findBun() ?? 'bun', '--no-env-file', '--no-install'];
}
