import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OWNER } from '../../../src/run/leftovers/owner.ts';
import { removeLeftovers, temporaryName } from '../../../src/run/leftovers/remove.ts';
import { gitIn, makeRepository } from '../../support/git.ts';
import { skipWhenMissing } from '../../support/need.ts';
import { isRunning, NO_PROC } from '../../support/proc.ts';
import { temporaryFolder } from '../../support/sockbench.ts';

skipWhenMissing(NO_PROC);

const [scope, pid, started] = OWNER.split('-');
/** An earlier process with the pid of this one. */
const GONE = `${scope}-${pid}-${Number(started) - 1}`;

const children: ChildProcess[] = [];
let temporary: string;

beforeEach(() => {
  temporary = temporaryFolder();
});

afterEach(() => {
  vi.unstubAllEnvs();
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** What is left in the folder for temporary files after a start. */
async function afterStart(): Promise<string[]> {
  vi.stubEnv('TMPDIR', temporary);
  await removeLeftovers();
  return readdirSync(temporary).sort();
}

describe('a start removes', () => {
  it('sockets and folders of an owner that has ended, and nothing else', async () => {
    const kept = [
      `${temporaryName('base')}kept`,
      `sockbench-base-00000000-${pid}-1-of-another-machine`,
      `sockbench-probe-${GONE}`,
      'sockbench-a1b2c3',
      `mine-sockbench-base-${GONE}-a`,
    ].sort();
    for (const name of kept) writeFileSync(join(temporary, name), '');
    writeFileSync(join(temporary, `sockbench-probe-${GONE}-a1b2c3.sock`), '');
    mkdirSync(join(temporary, `sockbench-base-${GONE}-a1b2c3`, 'node_modules/a'), { recursive: true });
    expect(await afterStart()).toEqual(kept);
  });

  it('the worktree of a base with its entry in the repository, and keeps worktrees of the user', async () => {
    const repository = makeRepository({ 'app.txt': 'one' });
    const worktree = join(temporary, `sockbench-base-${GONE}-a1b2c3`);
    const own = join(temporaryFolder(), 'own');
    for (const path of [worktree, own]) gitIn(repository, 'worktree', 'add', '--quiet', '--detach', path);
    gitIn(repository, 'worktree', 'lock', worktree);
    expect(await afterStart()).toEqual([]);
    expect(readdirSync(join(repository, '.git/worktrees'))).toEqual(['own']);
    gitIn(repository, 'worktree', 'remove', own);
  });
});

/** A process that ignores SIGTERM. Resolves when it does. */
async function startStubborn(owner: string, program = ''): Promise<{ child: ChildProcess; said: string }> {
  const stay = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); ${program || 'console.log(0)'}`;
  const env = { ...process.env, SOCKBENCH_OWNER: owner };
  const child = spawn(process.execPath, ['-e', stay], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
    env,
  });
  children.push(child);
  const [said] = await once(child.stdout, 'data');
  return { child, said: String(said).trim() };
}

const CLEARED = `const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, ['-e', "console.log(0); setInterval(() => {}, 1000)"],
    { detached: true, env: {}, stdio: ['ignore', 'pipe', 'ignore'] });
  child.stdout.once('data', () => console.log(child.pid));`;

describe('a start ends', () => {
  it('processes of an owner that has ended, by SIGKILL at last, with children that cleared their environment', async () => {
    const { child, said } = await startStubborn(GONE, CLEARED);
    const other = await startStubborn(OWNER);
    vi.stubEnv('TMPDIR', temporary);
    await removeLeftovers();
    expect([child.pid, Number(said)].filter((each) => isRunning(each ?? 0))).toEqual([]);
    expect(isRunning(other.child.pid ?? 0)).toBe(true);
  });
});
