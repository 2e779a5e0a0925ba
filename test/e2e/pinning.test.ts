import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { allowedCpus, parseCpuList, pinningProblem } from '../../src/run/affinity.ts';
import { skipWhenMissing } from '../support/need.ts';
import { SHORT, startSockbench } from '../support/sockbench.ts';

skipWhenMissing(pinningProblem(allowedCpus()));

const read = (path: string) => readFileSync(path, 'utf8');

/** The CPUs that each thread of a process may use, the main thread first. */
function cpusOfThreads(pid: number): number[][] {
  const threads = readdirSync(`/proc/${pid}/task`).map(Number);
  return threads
    .sort((a, b) => Number(b === pid) - Number(a === pid))
    .map((thread) => /^Cpus_allowed_list:\s*(\S+)/m.exec(read(`/proc/${pid}/task/${thread}/status`))?.[1])
    .map((list) => parseCpuList(list ?? ''));
}

/** All descendants of a process by their command line. */
function descendants(pid: number): Array<{ pid: number; command: string }> {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).trim().split(' '))
    .filter((child) => child !== '')
    .map(Number)
    .flatMap((child) => [{ pid: child, command: read(`/proc/${child}/cmdline`) }, ...descendants(child)]);
}

test('only the main thread of a generator process uses its CPU, and the coordinator stays away', async () => {
  const load = ['--target', 'ws', '--clients', '4', '--rate', '20/s', '--workers', '2', '--duration', '3s'];
  const run = startSockbench(['run', 'broadcast-latency', ...load, ...SHORT]);
  await run.said('measuring');
  const coordinator = run.child.pid ?? 0;
  const workers = descendants(coordinator).filter(({ command }) => command.includes('generator/process'));
  const threads = workers.map(({ pid }) => cpusOfThreads(pid));
  const ofCoordinator = cpusOfThreads(coordinator);
  expect((await run.ended).code).not.toBe(1);

  expect(workers).toHaveLength(2);
  const generatorCpus = threads.map(([main]) => main ?? []);
  for (const cpus of generatorCpus) expect(cpus).toHaveLength(1);
  const taken = new Set(generatorCpus.flat());
  for (const [, ...helpers] of threads) {
    // V8's threads and the four of the thread pool.
    expect(helpers.length).toBeGreaterThan(4);
    expect(helpers.flat().filter((cpu) => taken.has(cpu))).toEqual([]);
  }
  expect(ofCoordinator.flat().filter((cpu) => taken.has(cpu))).toEqual([]);
});
