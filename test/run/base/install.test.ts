import { join } from 'node:path';
import { expect, test } from 'vitest';
import { installByLock, runToEnd } from '../../../src/run/base/check-out.ts';
import { temporaryFolder } from '../../support/sockbench.ts';
import { writeFiles } from '../../support/user-files.ts';

const CLASSIC = '# yarn lockfile v1\n\nws@8:\n  version "8.0.0"\n';
const BERRY = '# generated\n\n__metadata:\n  version: 8\n';

test.each<[string, string, command: string]>([
  ['package-lock.json', '{}', 'npm ci'],
  ['npm-shrinkwrap.json', '{}', 'npm ci'],
  ['pnpm-lock.yaml', '', 'pnpm install --frozen-lockfile'],
  ['yarn.lock', CLASSIC, 'yarn install --frozen-lockfile'],
  ['yarn.lock', BERRY, 'yarn install --immutable'],
  ['bun.lock', '', 'bun install --frozen-lockfile'],
  ['bun.lockb', '', 'bun install --frozen-lockfile'],
])('%s (%j) asks for %s', (file, text, command) => {
  const folder = writeFiles({ [file]: text });
  expect(installByLock(folder, folder)).toEqual({ command, folder });
});

test('the nearest lock file counts, up to the top of the checkout', () => {
  const above = writeFiles({
    'yarn.lock': CLASSIC,
    'top/pnpm-lock.yaml': '',
    'top/packages/a/index.js': '',
    'top/packages/b/package-lock.json': '{}',
  });
  const top = join(above, 'top');
  const commandIn = (folder: string) => installByLock(join(top, folder), top);
  expect(commandIn('packages/a')).toEqual({ command: 'pnpm install --frozen-lockfile', folder: top });
  expect(commandIn('packages/b')).toEqual({ command: 'npm ci', folder: join(top, 'packages/b') });
});

test('without a lock file there is nothing to install, even if one lies above the checkout', () => {
  const above = writeFiles({ 'package-lock.json': '{}', 'top/package.json': '{}' });
  expect(installByLock(join(above, 'top'), join(above, 'top'))).toBeNull();
});

test('a command that does not end is stopped at its limit', async () => {
  const signal = new AbortController().signal;
  const place = { cwd: temporaryFolder(), env: process.env };
  const ended = await runToEnd(['sh', ['-c', 'echo waiting; exec sleep 60']], place, signal, 500);
  expect(ended).toEqual({ how: 'signal SIGTERM after the limit of 500ms', lastText: '  waiting' });
});

test('a command is stopped when the user stops the gate', async () => {
  const stop = new AbortController();
  const place = { cwd: temporaryFolder(), env: process.env };
  const running = runToEnd(['sleep', ['60']], place, stop.signal);
  stop.abort();
  await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED', exitCode: 3 });
});
