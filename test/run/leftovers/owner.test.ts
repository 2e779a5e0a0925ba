import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { isGone, OWNER } from '../../../src/run/leftovers/owner.ts';
import { readStat } from '../../../src/run/server/process-tree.ts';
import { skipWhenMissing } from '../../support/need.ts';
import { NO_PROC } from '../../support/proc.ts';

skipWhenMissing(NO_PROC);

const [scope, pid, started] = OWNER.split('-');

/** The name that a process of this machine would have. */
const nameOf = (of: number | undefined) => `${scope}-${of}-${readStat(of ?? 0)?.startedTicks}`;

it('an owner that runs is not gone', () => {
  expect(isGone(OWNER)).toBe(false);
});

it('an owner whose pid another process has now is gone', () => {
  expect(isGone(`${scope}-${pid}-${Number(started) - 1}`)).toBe(true);
});

it('an owner that has ended is gone', async () => {
  const child = spawn('sleep', ['60']);
  const owner = nameOf(child.pid);
  expect(isGone(owner)).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isGone(owner)).toBe(true);
});

it('an owner that has ended and was not waited for is gone', async () => {
  // The child ends when its input does, after the shell, which would wait for it, has become a sleep.
  const parent = spawn('sh', ['-c', 'cat <&3 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  const [line] = await once(parent.stdio[1] ?? parent, 'data');
  await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n');
  parent.stdio[3]?.destroy();
  await expect.poll(() => readStat(Number(line))?.state).toBe('Z');
  expect(isGone(nameOf(Number(line)))).toBe(true);
  parent.kill('SIGKILL');
});

it('an owner of another machine or container is not gone, since it cannot be seen', () => {
  expect(isGone(`00000000-${pid}-${started}`)).toBe(false);
});
