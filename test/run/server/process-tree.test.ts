import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  MS_PER_TICK,
  ProcessTree,
  parseStat,
  readRssBytes,
  readStat,
} from '../../../src/run/server/process-tree.ts';
import { skipWhenMissing } from '../../support/need.ts';
import { NO_PROC } from '../../support/proc.ts';

skipWhenMissing(NO_PROC);

const started: number[] = [];

afterEach(() => {
  for (const pid of started.splice(0)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  }
});

interface Started {
  readonly child: ChildProcess;
  readonly tree: ProcessTree;
  /** Pids that the program prints, one a line. */
  readonly said: () => Promise<number>;
}

/** Starts a program in a group of its own, as servers are. */
function start(program: string): Started {
  const id = randomUUID();
  const child = spawn(process.execPath, ['-e', program], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TREE_ID: id },
  });
  started.push(child.pid ?? 0);
  const said = async () => {
    const [line] = await once(child.stdout, 'data');
    const pid = Number(line);
    started.push(pid);
    return pid;
  };
  return { child, tree: new ProcessTree(child.pid ?? -1, `TREE_ID=${id}`), said };
}

const STAY = 'setInterval(() => {}, 1000)';

/** A program that starts another and prints its pid. */
function starting(program: string, options: object, then: string): string {
  return `
    const child = require('node:child_process').spawn(
      process.execPath, ['-e', ${JSON.stringify(program)}], ${JSON.stringify({ stdio: 'ignore', ...options })});
    console.log(child.pid);
    ${then}`;
}

function pidsOf(tree: ProcessTree): number[] {
  return tree.living().map(({ pid }) => pid);
}

describe('the tree of a process', () => {
  it('is the process and its children, and nothing else', async () => {
    const { child, tree, said } = start(starting(STAY, {}, STAY));
    const grandchild = await said();
    expect(pidsOf(tree)).toEqual([child.pid, grandchild].sort((a = 0, b = 0) => a - b));
    process.kill(grandchild, 'SIGKILL');
    await expect.poll(() => pidsOf(tree)).toEqual([child.pid]);
    child.kill('SIGKILL');
    await expect.poll(() => pidsOf(tree)).toEqual([]);
  });

  it('holds a child in a session of its own', async () => {
    const { tree, said } = start(starting(STAY, { detached: true }, STAY));
    const child = await said();
    expect(pidsOf(tree)).toContain(child);
  });

  it('holds a child without its environment, by its parent', async () => {
    const { tree, said } = start(starting(STAY, { detached: true, env: {} }, STAY));
    const child = await said();
    expect(pidsOf(tree)).toContain(child);
  });

  it('holds what went into the background, in a session of its own, when its parent has gone', async () => {
    const { child, tree, said } = start(starting(STAY, { detached: true }, 'child.unref()'));
    const daemon = await said();
    if (child.exitCode === null) await once(child, 'exit');
    expect(pidsOf(tree)).toEqual([daemon]);
  });

  it('excludes processes that have ended but were not waited for from the living ones', async () => {
    const { child, tree, said } = start(
      // Blocked, so that it cannot wait for its child.
      starting('0', {}, 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'),
    );
    const zombie = await said();
    await expect.poll(() => tree.read().find(({ pid }) => pid === zombie)?.state).toBe('Z');
    // Other threads of it may end after the first one, and until then it is alive.
    await expect.poll(() => pidsOf(tree)).toEqual([child.pid]);
  });

  it('holds a process whose first thread has ended while another still runs', async () => {
    const threads =
      'import ctypes, threading, time; threading.Thread(target=time.sleep, args=(60,)).start(); ctypes.CDLL(None).pthread_exit(None)';
    const child = spawn('/usr/bin/python3', ['-c', threads], { detached: true, stdio: 'ignore' });
    started.push(child.pid ?? 0);
    const tree = new ProcessTree(child.pid ?? -1, 'TREE_ID=none');
    await expect.poll(() => readStat(child.pid ?? 0)?.state).toBe('Z');
    expect(pidsOf(tree)).toEqual([child.pid]);
  });
});

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
      threads: 11,
      startedTicks: 987654,
    });
  });

  it.each(['', 'nonsense', '4711 (node', '4711 (node) S 17'])('is refused when it is "%s"', (text) => {
    expect(parseStat(text)).toBeNull();
  });
});

describe('a process read from the system', () => {
  it('matches what this process reports of itself', () => {
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

  it('is read correctly under a hostile name', async () => {
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

  it('is null when it has ended', async () => {
    const child = spawn(process.execPath, ['-e', '0']);
    await once(child, 'exit');
    expect(readStat(child.pid ?? -1)).toBeNull();
    expect(readRssBytes(child.pid ?? -1)).toBe(0);
  });
});
