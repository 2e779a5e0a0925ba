import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allowedCpus,
  cpuGroups,
  noAffinity,
  parseCpuList,
  pinned,
  pinningProblem,
  planAffinity,
} from '../../src/run/affinity.ts';

describe("a kernel's list of CPUs", () => {
  it.each([
    ['0', [0]],
    ['0-3', [0, 1, 2, 3]],
    ['0-1,8', [0, 1, 8]],
    ['3,5-7,12-12', [3, 5, 6, 7, 12]],
    ['0-1\n', [0, 1]],
  ])('is read from "%s"', (list, cpus) => {
    expect(parseCpuList(list)).toEqual(cpus);
  });

  it('gives the CPUs back from which it was written', () => {
    // Ranges of 1 to 9 CPUs with at least one missing between them, as the kernel writes them.
    const ranges = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 5 }), more: fc.nat({ max: 8 }) }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(ranges, (given) => {
        const cpus: number[] = [];
        const written: string[] = [];
        let next = 0;
        for (const { gap, more } of given) {
          const first = next + gap;
          const last = first + more;
          for (let cpu = first; cpu <= last; cpu++) cpus.push(cpu);
          written.push(more === 0 ? `${first}` : `${first}-${last}`);
          next = last + 1;
        }
        expect(parseCpuList(written.join(','))).toEqual(cpus);
      }),
    );
  });
});

describe('the CPUs of a run', () => {
  it.each([
    [1, [0, 1], '0', ['1']],
    [3, [0, 1], '0', ['1', '1', '1']],
    [1, [0, 1, 2, 3], '0,1,2', ['3']],
    [2, [0, 1, 2, 3], '0,1', ['2', '3']],
    [4, [0, 1, 2, 3], '0', ['1', '2', '3', '1']],
    [3, [0, 1, 2, 3, 4, 5, 6, 7], '0,1,2,3,4', ['5', '6', '7']],
    [9, [0, 1, 2, 3, 4, 5, 6, 7], '0', ['1', '2', '3', '4', '5', '6', '7', '1', '2']],
    [1, [4, 9], '4', ['9']],
  ])('for %d workers on %j', (workers, cpus, server, forWorkers) => {
    expect(planAffinity(workers, cpus)).toEqual({ server, workers: forWorkers });
  });

  const cases = [2, 4, 8].flatMap((cpus) => Array.from({ length: 9 }, (_, i) => [cpus, i + 1] as const));

  it.each(cases)('%d of them are never shared by the server and any of %d workers', (count, workers) => {
    const cpus = Array.from({ length: count }, (_, cpu) => cpu);
    const plan = planAffinity(workers, cpus);
    const ofServer = parseCpuList(plan.server ?? '');
    const ofWorkers = plan.workers.map(Number);
    expect(ofWorkers).toHaveLength(workers);
    expect(ofServer.length).toBeGreaterThanOrEqual(1);
    // Together all of them, none twice: disjoint, and nothing lies idle.
    expect([...ofServer, ...new Set(ofWorkers)].sort((a, b) => a - b)).toEqual(cpus);
    const loads = [...new Set(ofWorkers)].map((cpu) => ofWorkers.filter((other) => other === cpu).length);
    expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
  });

  it('are left to the kernel when nothing is pinned', () => {
    expect(noAffinity(3)).toEqual({ server: null, workers: [null, null, null] });
    expect(noAffinity(0)).toEqual({ server: null, workers: [] });
  });

  it('cannot be bound when there is only one', () => {
    expect(pinningProblem([0])).toBe(
      process.platform === 'linux' ? 'only one CPU' : `not available on ${process.platform}`,
    );
  });
});

describe('a command', () => {
  it('is run by taskset on its CPUs', () => {
    expect(pinned('0,2', ['node', 'start.ts', '--port'])).toEqual([
      'taskset',
      ['-c', '0,2', 'node', 'start.ts', '--port'],
    ]);
  });

  it('is unchanged without any', () => {
    expect(pinned(null, ['node', 'start.ts'])).toEqual(['node', ['start.ts']]);
  });
});

describe('the CPUs whose steal counts', () => {
  it('are those of each pinned process, each set once', () => {
    expect(cpuGroups({ server: '0-2', workers: ['3', '4', '3'] })).toEqual([[0, 1, 2], [3], [4]]);
    expect(cpuGroups({ server: null, workers: ['3'] })).toEqual([[3]]);
  });

  it('are all that this process may use when none is pinned', () => {
    expect(cpuGroups(noAffinity(2))).toEqual([allowedCpus()]);
  });
});

describe('the threads of this process', () => {
  const problem = pinningProblem(allowedCpus());

  if (problem !== null) console.warn(`skipped: ${problem}`);
  it.skipIf(problem !== null)('have all their CPUs back after a run, and so has what it starts then', () => {
    const program = `
      import { execFileSync } from 'node:child_process';
      import { readdirSync, readFileSync } from 'node:fs';
      import { allowedCpus, planAffinity, separateThreads } from ${JSON.stringify(import.meta.resolve('../../src/run/affinity.ts'))};
      const cpusOf = (path) => /Cpus_allowed_list:\\s*(\\S+)/.exec(readFileSync(path, 'utf8'))[1];
      const threads = () => [...new Set(readdirSync('/proc/self/task').map((each) => cpusOf('/proc/self/task/' + each + '/status')))];
      const before = threads();
      const restore = separateThreads(planAffinity(1, allowedCpus()), []);
      const during = threads();
      restore();
      const child = execFileSync('grep', ['Cpus_allowed_list', '/proc/self/status'], { encoding: 'utf8' });
      console.log(JSON.stringify({ before, during, after: threads(), child: child.split(/\\s+/)[1] }));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    });
    const { before, during, after, child } = JSON.parse(stdout);
    expect(before).toHaveLength(1);
    expect(during.map(parseCpuList)).toEqual([parseCpuList(planAffinity(1, allowedCpus()).server ?? '')]);
    expect(after).toEqual(before);
    expect([child]).toEqual(before);
  });
});
