import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { ProbeListener } from '../../src/run/server/probe-listener.ts';
import { MAX_SOCKET_PATH_BYTES, temporaryFolder } from '../../src/run/temporary.ts';
import { temporaryFolder as testFolder } from '../support/sockbench.ts';

afterEach(() => vi.unstubAllEnvs());

it('the folder for temporary files is TMPDIR, which is left empty', () => {
  const folder = testFolder();
  vi.stubEnv('TMPDIR', folder);
  expect(temporaryFolder()).toBe(folder);
  expect(readdirSync(folder)).toEqual([]);
});

it('a relative TMPDIR is one of the working directory', () => {
  vi.stubEnv('TMPDIR', 'test');
  expect(temporaryFolder()).toBe(join(process.cwd(), 'test'));
});

it.each(['missing', 'file', '/proc'])(
  'a TMPDIR that cannot be used gives way to one of the system: %s',
  (name) => {
    const folder = testFolder();
    writeFileSync(join(folder, 'file'), '');
    vi.stubEnv('TMPDIR', join(name === '/proc' ? '/' : folder, name));
    expect(temporaryFolder()).toBe('/tmp');
  },
);

it('the socket of the probe lies elsewhere where its path would be too long', async () => {
  const folder = join(testFolder(), 'x'.repeat(MAX_SOCKET_PATH_BYTES));
  mkdirSync(folder);
  vi.stubEnv('TMPDIR', folder);
  expect(temporaryFolder()).toBe(folder);
  const listener = await ProbeListener.open();
  expect(listener.path).toMatch(/^\/tmp\/sockbench-probe-/);
  expect(Buffer.byteLength(listener.path)).toBeLessThanOrEqual(MAX_SOCKET_PATH_BYTES);
  listener.close();
});
