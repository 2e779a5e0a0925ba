import { mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { environmentIn, relocatedPath } from '../../../src/run/base/git.ts';
import { temporaryFolder } from '../../support/sockbench.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Where two checkouts of a workspace are stood in, each with the folders given. */
function checkouts(inBase: readonly string[]): { head: string; base: string } {
  const [head, base] = [temporaryFolder(), temporaryFolder()];
  for (const folder of ['packages/server', ...inBase]) mkdirSync(join(base, folder), { recursive: true });
  return { head: join(head, 'packages/server'), base: join(base, 'packages/server') };
}

test.each<[string, given: string, inBase: string[], expected: 'base' | 'head']>([
  ['the programs of the packages', 'node_modules/.bin', ['packages/server/node_modules/.bin'], 'base'],
  ['those that the base has none of', 'node_modules/.bin', [], 'base'],
  ['the programs of the workspace', '../../node_modules/.bin', ['node_modules/.bin'], 'base'],
  ['those of a workspace that the base has not', '../../node_modules/.bin', [], 'head'],
  ['scripts of the project', 'bin', ['packages/server/bin'], 'base'],
  ['scripts that the base has not', 'bin', [], 'head'],
  ['what lies beside the project', '../other/bin', ['packages/other/bin'], 'head'],
])('on PATH, %s are those of the right checkout', (_, given, inBase, expected) => {
  const places = checkouts(inBase);
  const path = ['/usr/bin', join(places.head, given), 'relative', ''].join(delimiter);
  const relocated = ['/usr/bin', join(places[expected], given), 'relative', ''].join(delimiter);
  expect(relocatedPath(path, places.head, places.base)).toBe(relocated);
});

test('the environment of the other checkout has its programs first, and names no repository', () => {
  const folder = temporaryFolder();
  vi.stubEnv('PATH', [join(process.cwd(), 'node_modules/.bin'), '/usr/bin'].join(delimiter));
  vi.stubEnv('GIT_DIR', '/somewhere/.git');
  vi.stubEnv('GIT_CONFIG_COUNT', '0');
  const env = environmentIn(folder);
  expect(env['PATH']).toBe([join(folder, 'node_modules/.bin'), '/usr/bin'].join(delimiter));
  expect(env).not.toHaveProperty('GIT_DIR');
  // In CI it says which folders are safe.
  expect(env).toHaveProperty('GIT_CONFIG_COUNT', '0');
});
