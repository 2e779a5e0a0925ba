import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MS_PER_TICK, parseStat, readRssBytes, readStat } from '../../../src/run/server/process-tree.ts';
import { skipWhenMissing } from '../../support/need.ts';
import { NO_PROC } from '../../support/proc.ts';

skipWhenMissing(NO_PROC);

describe('a line of /proc/PID/stat', () => {
  const rest =
    'S 17 42 42 0 -1 4194560 1 2 3 4 150 25 30 5 20 0 11 0 987654 1000000 2048 18446744073709551615';

  it.each(['node', 'a b', 'x) R 1 2 (y', ')', '(', ' '])('is read past the name "%s"', (name) => {
    expect(parseStat(`4711 (${name}) ${rest}\n`)).toEqual({
      pid: 4711,
      state: 'S',
      parentPid: 17,
      groupId: 42,
      ownTicks: 175,
      reapedTicks: 35,
      startedTicks: 987654,
    });
  });

  it.each(['', 'nonsense', '4711 (node', '4711 (node) S 17'])('is refused when it is "%s"', (text) => {
    expect(parseStat(text)).toBeNull();
  });
});

describe('what the system tells', () => {
  it('of this process is what it knows of itself', () => {
    const before = process.cpuUsage();
    const stat = readStat(process.pid);
    const after = process.cpuUsage();
    const ms = (usage: NodeJS.CpuUsage) => (usage.user + usage.system) / 1000;
    expect(stat).toMatchObject({ pid: process.pid, parentPid: process.ppid });
    const cpuMs = (stat?.ownTicks ?? 0) * MS_PER_TICK;
    // User and system time are each cut to whole ticks.
    expect(cpuMs).toBeGreaterThan(ms(before) - 2 * MS_PER_TICK - 1);
    expect(cpuMs).toBeLessThanOrEqual(ms(after) + 2 * MS_PER_TICK);
    expect(readRssBytes(process.pid)).toBeGreaterThan(10 * 1024 ** 2);
    expect(readRssBytes(process.pid)).toBeLessThan(4 * 1024 ** 3);
  });

  it('of a program with a hostile name is not misread', async () => {
    const program = join(mkdtempSync(join(tmpdir(), 'sockbench-test-')), 'a) R 1 (b');
    symlinkSync(process.execPath, program);
    const child = spawn(program, ['-e', 'console.log(1); setInterval(() => {}, 1000)'], { detached: true });
    await once(child.stdout, 'data');
    expect(readStat(child.pid ?? -1)).toMatchObject({
      pid: child.pid,
      parentPid: process.pid,
      groupId: child.pid,
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  it('of a process that has gone is nothing', async () => {
    const child = spawn(process.execPath, ['-e', '0']);
    await once(child, 'exit');
    expect(readStat(child.pid ?? -1)).toBeNull();
    expect(readRssBytes(child.pid ?? -1)).toBe(0);
  });
});
