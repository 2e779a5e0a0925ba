import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClock, readOriginNs } from '../../../src/measure/clock.ts';
import { ProcSampler, ticksBetween } from '../../../src/run/server/proc-sampler.ts';
import { ProcessTree, type ProcStat } from '../../../src/run/server/process-tree.ts';
import { skipWhenMissing } from '../../support/need.ts';
import { NO_PROC } from '../../support/proc.ts';

skipWhenMissing(NO_PROC);

function stat(pid: number, ownTicks: number, reapedTicks = 0, startedTicks = pid): ProcStat {
  return { pid, state: 'S', threads: 1, parentPid: 1, groupId: 1, ownTicks, reapedTicks, startedTicks };
}

describe('CPU time between two readings', () => {
  it.each<[what: string, before: ProcStat[], after: ProcStat[], ticks: number]>([
    ['is what each process used', [stat(1, 10), stat(2, 5)], [stat(1, 13), stat(2, 9)], 7],
    ['is all that a new process used', [stat(1, 10)], [stat(1, 10), stat(2, 6)], 6],
    // 5 of its 9 ticks were known.
    ['holds the last of a child that ended', [stat(1, 10), stat(2, 5)], [stat(1, 11, 9)], 1 + 4],
    ['holds a child that began and ended', [stat(1, 10)], [stat(1, 11, 4)], 1 + 4],
    ['holds what a child that ended had waited for', [stat(1, 0), stat(2, 5, 3)], [stat(1, 0, 10)], 2],
    ['is not reduced by a process that was never waited for', [stat(1, 10), stat(2, 500)], [stat(1, 12)], 2],
    [
      'takes another process of the same pid for another',
      [stat(1, 0), stat(2, 50)],
      [stat(1, 0), stat(2, 3, 0, 99)],
      3,
    ],
    ['is nothing when nothing happened', [stat(1, 10, 4)], [stat(1, 10, 4)], 0],
  ])('%s', (_, before, after, ticks) => {
    expect(ticksBetween(before, after)).toBe(ticks);
  });

  it('adds up to all that was used, whenever children come and go and whenever it is read', () => {
    const event = fc.oneof(
      fc.record({ type: fc.constant('work' as const), child: fc.nat(4), ticks: fc.nat(20) }),
      fc.record({ type: fc.constant('end' as const), child: fc.nat(4) }),
      fc.record({ type: fc.constant('read' as const) }),
    );
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const children = new Map<number, number>();
        let [reaped, used, counted] = [0, 0, 0];
        const read = () => [stat(1, 0, reaped), ...[...children].map(([pid, ticks]) => stat(pid + 2, ticks))];
        let last = read();
        const count = () => {
          const now = read();
          counted += ticksBetween(last, now);
          last = now;
        };
        for (const each of events) {
          if (each.type === 'work') {
            children.set(each.child, (children.get(each.child) ?? 0) + each.ticks);
            used += each.ticks;
          } else if (each.type === 'end') {
            reaped += children.get(each.child) ?? 0;
            children.delete(each.child);
            // The next of this pid must not be taken for this one: here, as on a real system, it is read between.
            count();
          } else count();
        }
        count();
        expect(counted).toBe(used);
      }),
    );
  });
});

describe('the busiest process', () => {
  it('is the one that used most CPU time since counting began', () => {
    let stats = [stat(1, 100), stat(2, 0)];
    const sampler = new ProcSampler(() => stats, { nowNs: () => 0 });
    stats = [stat(1, 150), stat(2, 5)];
    sampler.sample();
    expect(sampler.busiestPid()).toBe(1);
    sampler.countFromNow();
    stats = [stat(1, 151), stat(2, 9), stat(3, 3)];
    sampler.sample();
    expect(sampler.busiestPid()).toBe(2);
  });

  it('is remembered when it has ended, and of all others only those that live', () => {
    let stats = [stat(1, 0), stat(2, 0)];
    const sampler = new ProcSampler(() => stats, { nowNs: () => 0 });
    stats = [stat(1, 10), stat(2, 90)];
    sampler.sample();
    // A server that starts a process for each request.
    for (let pid = 3; pid < 1000; pid++) {
      stats = [stat(1, 10), stat(pid, 5)];
      sampler.sample();
    }
    expect(sampler.known).toBe(3);
    expect(sampler.busiestPid()).toBe(2);
  });
});

/** Spins for so much CPU time, in a child that ends, as often as it gets a message; then answers. */
const PARENT = `
  const { execFileSync } = require('node:child_process');
  const spin = 'const at = process.cpuUsage(); for (;;) {' +
    'const { user, system } = process.cpuUsage(at); if (user + system > 200e3) break; }';
  process.on('message', () => {
    execFileSync(process.execPath, ['-e', spin]);
    process.send('done');
  });
  process.send('ready');
`;

describe('a tree of real processes, sampled from outside', () => {
  it('keeps the CPU time of children that ended between the samples', async () => {
    const clock = createClock(readOriginNs());
    const child = spawn(process.execPath, ['-e', PARENT], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    await once(child, 'message');
    const startNs = clock.nowNs();
    const tree = new ProcessTree(child.pid ?? -1, 'NO=SUCH');
    const sampler = new ProcSampler(() => tree.read(), clock);
    for (let turn = 0; turn < 2; turn++) {
      child.send('again');
      await once(child, 'message');
      sampler.sample();
    }
    // A reading soon after another is added to the sample before, and cannot add one.
    sampler.sample();
    expect(sampler.samples).toHaveLength(2);
    for (const { cpuMs, rssBytes, lengthMs } of sampler.samples) {
      expect(cpuMs).toBeGreaterThanOrEqual(180);
      expect(lengthMs).toBeGreaterThan(180);
      expect(rssBytes).toBeGreaterThan(10 * 1024 ** 2);
    }
    const covered = sampler.samples.reduce((sum, { lengthMs }) => sum + lengthMs, 0);
    expect(covered).toBeGreaterThan(390);
    expect(covered).toBeLessThanOrEqual((clock.nowNs() - startNs) / 1e6);
    expect(sampler.busiestPid()).toBe(child.pid);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect
      .poll(() => {
        sampler.sample();
        return sampler.samples.length;
      })
      .toBe(2);
  });
});
