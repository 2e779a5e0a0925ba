import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createClock, readOriginNs } from '../../src/measure/clock.ts';
import {
  LoopDelay,
  ownEventLoop,
  parseThreadTimes,
  ThreadTimesReader,
} from '../../src/measure/event-loop.ts';

describe('the figures of a thread', () => {
  it('are read as Linux writes them', () => {
    expect(parseThreadTimes('298201129 397888483 129\n')).toEqual({ ranNs: 298201129, queuedNs: 397888483 });
    expect(parseThreadTimes('')).toBeNull();
    expect(parseThreadTimes('a b c')).toBeNull();
  });

  it.runIf(process.platform === 'linux')('grow while the thread computes', () => {
    const reader = new ThreadTimesReader();
    const before = reader.read();
    const started = process.threadCpuUsage();
    while (process.threadCpuUsage(started).user < 40_000);
    const after = reader.read();
    expect(before).not.toBeNull();
    expect((after?.ranNs ?? 0) - (before?.ranNs ?? 0)).toBeGreaterThan(20e6);
    expect(readFileSync('/proc/self/schedstat', 'utf8')).toMatch(/^\d+ \d+ \d+\n$/);
  });
});

describe('the event loop of this process', () => {
  it('shows a wait as idle time, and computing as none', async () => {
    const loop = ownEventLoop(new LoopDelay(createClock(readOriginNs())));
    const before = loop.idleNs();
    await sleep(30);
    const waitedNs = loop.idleNs() - before;
    expect(waitedNs).toBeGreaterThan(10e6);
    const started = performance.now();
    while (performance.now() - started < 20);
    expect(loop.idleNs() - before - waitedNs).toBeLessThan(5e6);
  });

  it('beats, and is overdue once it does not', async () => {
    const clock = createClock(readOriginNs());
    const loop = ownEventLoop(new LoopDelay(clock));
    const beat = Promise.withResolvers<number>();
    loop.setOnBeat((lateNs) => beat.resolve(lateNs));
    const startedNs = clock.nowNs();
    while (clock.nowNs() - startedNs < 60e6);
    expect(loop.overdueNs(clock.nowNs())).toBeGreaterThan(40e6);
    expect(await beat.promise).toBeGreaterThan(40e6);
  });

  it.runIf(process.platform !== 'win32')('is late by a stop of the process', async () => {
    const program = `
      import { createClock, readOriginNs } from ${JSON.stringify(import.meta.resolve('../../src/measure/clock.ts'))};
      import { LoopDelay } from ${JSON.stringify(import.meta.resolve('../../src/measure/event-loop.ts'))};
      const delay = new LoopDelay(createClock(readOriginNs()));
      delay.onBeat = (lateNs) => { if (lateNs > 200e6) { console.log('late'); process.exit(); } };
      setInterval(() => {}, 1000);
      console.log('running');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [first] = (await once(child.stdout, 'data')) as [Buffer];
    expect(first.toString()).toBe('running\n');
    child.kill('SIGSTOP');
    await sleep(400);
    const said = once(child.stdout, 'data');
    child.kill('SIGCONT');
    expect(String((await said)[0])).toBe('late\n');
  });
});
