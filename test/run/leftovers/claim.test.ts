import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { claimFolder } from '../../../src/run/leftovers/claim.ts';
import { OWNER } from '../../../src/run/leftovers/owner.ts';
import { temporaryFolder } from '../../support/sockbench.ts';

const CLAIM = pathToFileURL(join(import.meta.dirname, '../../../src/run/leftovers/claim.ts')).href;

/** Claims a folder in another process, which then ends by SIGKILL if asked. Returns what it printed. */
function claimElsewhere(folder: string, end = ''): string {
  const code = `
    import { claimFolder } from ${JSON.stringify(CLAIM)};
    try { claimFolder(${JSON.stringify(folder)}); ${end} console.log('claimed'); }
    catch ({ code, message }) { console.log(code, message); }`;
  const args = ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', code];
  return spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout.trim();
}

describe('a folder', () => {
  it('that another comparison writes to is refused', () => {
    const folder = temporaryFolder();
    claimFolder(folder);
    expect(() => claimFolder(folder)).not.toThrow();
    expect(claimElsewhere(folder)).toBe(
      `OUT_IN_USE another comparison (process ${process.pid}) writes to ${folder}`,
    );
  });

  it('whose comparison has ended is free', () => {
    const folder = temporaryFolder();
    for (const _ of ['first', 'second']) {
      expect(claimElsewhere(folder)).toBe('claimed');
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  it('whose comparison was killed is free', () => {
    const folder = temporaryFolder();
    expect(claimElsewhere(folder, "process.kill(process.pid, 'SIGKILL');")).toBe('');
    expect(claimElsewhere(folder)).toBe('claimed');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('whose comparison was killed loses its claim before the next one comes', async () => {
    const folder = join(temporaryFolder(), "a folder's (*) name");
    mkdirSync(folder);
    expect(claimElsewhere(folder, "process.kill(process.pid, 'SIGKILL');")).toBe('');
    await expect.poll(() => readdirSync(folder), { timeout: 10_000 }).toEqual([]);
  });

  it.each([
    ['whose process has another start', OWNER.replace(/\d+$/, '1')],
    ['of another machine', OWNER.replace(/^\w+/, '00000000')],
    ['that names no process', 'somewhere'],
  ])('with a claim %s is free', (_, owner) => {
    const folder = temporaryFolder();
    symlinkSync(owner, join(folder, '.sockbench.lock'));
    claimFolder(folder);
    expect(readlinkSync(join(folder, '.sockbench.lock'))).toBe(OWNER);
    expect(readdirSync(folder)).toEqual(['.sockbench.lock']);
  });

  it.each(['a file', 'a folder'])('with %s of the name of a claim is free, and keeps it', (what) => {
    const folder = temporaryFolder();
    const path = join(folder, '.sockbench.lock');
    if (what === 'a file') writeFileSync(path, '');
    else mkdirSync(path);
    claimFolder(folder);
    expect(() => readlinkSync(path)).toThrow('EINVAL');
    expect(readdirSync(folder)).toEqual(['.sockbench.lock']);
  });
});
