import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as elapsed } from 'node:timers/promises';
import { parseArgsStringToArgv } from 'string-argv';
import { fail, messageOf } from '../errors.ts';
import type { Format } from '../report/index.ts';
import type { Cli } from './cli.ts';

/** A program that fails does so within this time. A browser that it started may run for hours. */
const FAILS_WITHIN_MS = 1000;

type BrowserEnvironment = Cli['env'];

/** Checks that there will be a page to open. Throws NO_PAGE. */
export function requirePage(isAsked: boolean, formats: ReadonlyArray<Format<never>>): void {
  if (!isAsked || formats.some(({ name }) => name === 'html')) return;
  fail('NO_PAGE', '--open shows the page, which --format does not name', 'Add html to --format.');
}

/**
 * The command that shows a page in the browser of the system: the program in BROWSER, otherwise that of the platform; or
 * the reason why there is none. In CI, only a program in BROWSER is used.
 */
export function browserCommand(
  path: string,
  platform: NodeJS.Platform,
  env: BrowserEnvironment,
): readonly string[] | string {
  const { BROWSER: named = '', CI: ci = '', DISPLAY: x11 = '', WAYLAND_DISPLAY: wayland = '' } = env;
  if (named !== '') {
    const words = parseArgsStringToArgv(platform === 'win32' ? named : (named.split(':')[0] ?? ''));
    return words.includes('%s') ? words.map((word) => (word === '%s' ? path : word)) : [...words, path];
  }
  if (ci !== '' && ci !== 'false') return 'CI opens no browser unless BROWSER names one';
  if (platform === 'darwin') return ['open', path];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', path];
  if (env['WSL_DISTRO_NAME'] !== undefined) return ['wslview', path];
  if (x11 === '' && wayland === '') return 'there is no display (DISPLAY, WAYLAND_DISPLAY) and no BROWSER';
  return ['xdg-open', path];
}

/** Opens a page in the browser of the system. Where that is not possible, says why on stderr. Never throws. */
export async function showPage(cli: Cli, path: string): Promise<void> {
  const problem = await openInBrowser(resolve(path), cli.env);
  if (problem !== null) cli.err(`warning: the page was not opened: ${problem}; open ${path} yourself\n`);
}

/** Returns why the page was not opened; null where it was. */
async function openInBrowser(path: string, env: BrowserEnvironment): Promise<string | null> {
  const command = browserCommand(path, process.platform, env);
  if (typeof command === 'string') return command;
  const [program = '', ...args] = command;
  const child = spawn(program, args, { detached: true, stdio: 'ignore' });
  try {
    const exit = once(child, 'exit');
    const ended = await Promise.race([exit, elapsed(FAILS_WITHIN_MS, null)]);
    const [code, signal] = ended ?? [0, null];
    child.unref();
    return code === 0 ? null : `${program} ended with ${signal ?? `exit code ${code}`}`;
  } catch (error) {
    return isMissing(error) ? `${program} is not installed` : messageOf(error);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
