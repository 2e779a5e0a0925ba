import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import type { ReferenceServer, ServerSettings } from './server.ts';

const require = createRequire(import.meta.url);

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

function isInstalled(name: string): boolean {
  try {
    require.resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}

/** Why a server cannot run here, and what to do about it; null when it can. */
export function whyUnavailable(
  { packages = [], program }: ReferenceServer,
  settings: Partial<ServerSettings> = {},
): string | null {
  const missing = packages.filter((name) => !isInstalled(name));
  if (missing.length > 0) {
    return `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not installed: npm install ${missing.join(' ')}`;
  }
  if (program !== undefined && settings[program.unless] == null && findProgram(program.name) === null) {
    return `${program.name} is not on PATH: ${program.hint}`;
  }
  return null;
}

/** The command that runs a server's process, without what is given to it: `[program, ...flags]`. */
export function runtimeCommand(runtime: 'node' | 'bun'): readonly string[] {
  if (runtime === 'node') return [process.execPath, '--disable-warning=ExperimentalWarning'];
  throw new Error(`no runtime ${runtime}`);
}
