import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { browserCommand } from '../../src/cli/open-page.ts';
import { runCli } from '../../src/cli/program.ts';
import { results } from '../report/fixture.ts';
import { temporaryFolder } from '../support/sockbench.ts';
import { FakeCli } from './fake-cli.ts';

describe('the command that opens a page', () => {
  it.each<[NodeJS.Platform, Readonly<Record<string, string>>, readonly string[]]>([
    ['darwin', {}, ['open', '/page.html']],
    ['win32', {}, ['rundll32', 'url.dll,FileProtocolHandler', '/page.html']],
    ['linux', { DISPLAY: ':0' }, ['xdg-open', '/page.html']],
    ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, ['xdg-open', '/page.html']],
    ['linux', { WSL_DISTRO_NAME: 'Debian' }, ['wslview', '/page.html']],
    ['linux', { BROWSER: 'firefox:chromium', DISPLAY: ':0' }, ['firefox', '/page.html']],
    ['linux', { BROWSER: "'my browser' --new %s --quiet" }, ['my browser', '--new', '/page.html', '--quiet']],
    ['darwin', { BROWSER: 'firefox', CI: 'true' }, ['firefox', '/page.html']],
    ['darwin', { CI: 'false' }, ['open', '/page.html']],
  ])('on %s with %j is %j', (platform, env, command) => {
    expect(browserCommand('/page.html', platform, env)).toEqual(command);
  });

  it.each<[NodeJS.Platform, Readonly<Record<string, string>>, RegExp]>([
    ['linux', {}, /^there is no display/],
    ['linux', { CI: 'true', DISPLAY: ':0' }, /^CI opens no browser/],
    ['darwin', { CI: '1' }, /^CI opens no browser/],
    ['win32', { CI: 'true' }, /^CI opens no browser/],
  ])('on %s with %j is none, with the reason', (platform, env, reason) => {
    expect(browserCommand('/page.html', platform, env)).toMatch(reason);
  });
});

/** Renders a stored run with --open and the given environment. */
async function reportWithOpen(env: Readonly<Record<string, string>>, ...more: readonly string[]) {
  const folder = temporaryFolder();
  const stored = join(folder, 'run.json');
  writeFileSync(stored, JSON.stringify(results.valid()));
  const out = join(folder, 'my pages');
  mkdirSync(out);
  const cli = new FakeCli(['report', stored, '--open', '--out', out, ...more], { env });
  const exitCode = await runCli(cli);
  return { exitCode, stderr: cli.stderr, folder, out };
}

/** A program in place of a browser: it writes its arguments, one a line, and ends with an exit code. */
function browserOf(exitCode: number) {
  const folder = temporaryFolder();
  const [program, opened] = [join(folder, 'browser'), join(folder, 'opened')];
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$@" > '${opened}'\nexit ${exitCode}\n`);
  chmodSync(program, 0o755);
  return { program, opened };
}

describe('--open', () => {
  it('writes the page and gives its absolute path to the browser', async () => {
    const { program, opened } = browserOf(0);
    const { exitCode, stderr, out } = await reportWithOpen({ BROWSER: program });
    const [page = ''] = readdirSync(out);
    expect([exitCode, stderr]).toEqual([0, `wrote ${join(out, page)}\n`]);
    expect(page).toMatch(/\.html$/);
    expect(readFileSync(opened, 'utf8')).toBe(`${join(out, page)}\n`);
  });

  it.each<[string, Readonly<Record<string, string>>, RegExp]>([
    [
      'there is no browser',
      { BROWSER: '/nowhere/browser' },
      /the page was not opened: \/nowhere\/browser is not installed; open .*\.html yourself\n$/,
    ],
    ['CI runs the command', { CI: 'true' }, /the page was not opened: CI opens no browser/],
    [
      'the browser fails',
      { BROWSER: browserOf(3).program },
      /the page was not opened: .* ended with exit code 3/,
    ],
  ])('warns and passes where %s', async (_, env, warning) => {
    const { exitCode, stderr, out } = await reportWithOpen(env);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(warning);
    expect(readdirSync(out)).toHaveLength(1);
  });

  it('is refused where no page is written, before anything is', async () => {
    const { program, opened } = browserOf(0);
    const { exitCode, stderr, out } = await reportWithOpen({ BROWSER: program }, '--format', 'md');
    expect([exitCode, stderr]).toEqual([
      2,
      'error: --open shows the page, which --format does not name\nAdd html to --format.\n',
    ]);
    expect([readdirSync(out), existsSync(opened)]).toEqual([[], false]);
  });
});
