import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { skipWhenMissing } from '../support/need.ts';
import { SHORT, startSockbench } from '../support/sockbench.ts';

skipWhenMissing(process.platform === 'linux' ? null : 'processes are read from /proc');

/** The running processes of runs that a process has started. */
function runProcesses(pid: number): number[] {
  return threadsOf(pid)
    .flatMap((thread) => readSafely(`/proc/${pid}/task/${thread}/children`).trim().split(' '))
    .filter((child) => readSafely(`/proc/${child}/cmdline`).includes('cli/run-child'))
    .map(Number);
}

/** None of a process that has ended. */
function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function readSafely(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

test('the process of the next run starts before a run ends, and a killed one is replaced', async () => {
  const load = ['--clients', '4', '--rate', '20/s', '--rounds', '2'];
  const arms = ['--arm', 'a: ws', '--arm', 'b: ws'];
  const compare = startSockbench(['compare', 'broadcast-latency', ...arms, ...load, ...SHORT]);
  const seen: number[] = [];
  const beside: number[] = [];
  let hasEnded = false;
  void compare.ended.then(() => {
    hasEnded = true;
  });
  while (!hasEnded) {
    const pids = runProcesses(compare.pid);
    for (const pid of pids) if (!seen.includes(pid)) seen.push(pid);
    const [, next] = pids;
    if (next !== undefined && !beside.includes(next)) {
      beside.push(next);
      if (beside.length === 1) process.kill(next, 'SIGKILL');
    }
    await delay(5);
  }
  const { code, stdout, stderr } = await compare.ended;

  expect(stderr).not.toMatch(/crashed|ended by/);
  expect(code).not.toBe(1);
  // One for each of four runs, one that was killed and one for a fifth run.
  expect(seen.length, `${stdout}\n${stderr}`).toBeGreaterThanOrEqual(5);
  expect(beside.length).toBeGreaterThanOrEqual(3);
  for (const pid of seen) expect(readSafely(`/proc/${pid}/cmdline`)).not.toContain('cli/run-child');
});
