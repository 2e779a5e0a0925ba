import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../src/errors.ts';
import { ARTILLERY_PACKAGE } from './catalog.ts';
import type { Foreground } from './foreground.ts';

/** The program to run with Node.js. */
export const ARTILLERY = join(ARTILLERY_PACKAGE, 'node_modules/artillery/bin/run');

interface PackageJson {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const readPackage = (folder: string): PackageJson =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/**
 * Whether npm has installed the package completely, with the versions of its package.json. npm writes
 * `.package-lock.json` last, so that an interrupted installation lacks it.
 */
export function isArtilleryInstalled(folder = ARTILLERY_PACKAGE): boolean {
  const modules = join(folder, 'node_modules');
  if (!existsSync(join(modules, '.package-lock.json'))) return false;
  return Object.entries(readPackage(folder).dependencies ?? {}).every(([name, version]) => {
    const installed = join(modules, name);
    if (!existsSync(join(installed, 'package.json'))) return false;
    return version.startsWith('file:') || readPackage(installed).version === version;
  });
}

/** Installs the package with `npm ci`, whose output is shown. Throws ARTILLERY_INSTALL, INTERRUPTED. */
export async function installArtillery(foreground: Foreground): Promise<void> {
  process.stderr.write('installing Artillery in scenarios/artillery: about 480 MiB, a minute or more\n');
  const code = await foreground.run('npm', ['ci'], {
    cwd: ARTILLERY_PACKAGE,
    // stdout is for the output of the scenario.
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (foreground.signal.aborted) fail('INTERRUPTED', 'the installation of Artillery was interrupted');
  if (code === 0) return;
  fail(
    'ARTILLERY_INSTALL',
    `npm ci in scenarios/artillery ended with exit code ${code}`,
    'Read its output above, check the connection to the npm registry, and run the command again.',
  );
}
