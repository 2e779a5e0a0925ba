import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Pacer } from '../../src/generator/pacer.ts';
import { KernelWaits } from '../../src/generator/pacer-waits.ts';
import { createClock, readOriginNs } from '../../src/measure/clock.ts';
import { ownEventLoop } from '../../src/measure/event-loop.ts';
import { TelemetrySampler } from '../../src/measure/telemetry.ts';
import { openKernelLoop } from '../../src/wire/sockets/kernel/kernel-loop.ts';

const clock = createClock(readOriginNs());
const loop = openKernelLoop(clock);
const telemetry = new TelemetrySampler(clock);
telemetry.otherWait = loop;

/** Computes for so much CPU time of this thread, however long the machine takes for it. */
function compute(cpuMs: number): void {
  const started = process.threadCpuUsage();
  while (process.threadCpuUsage(started).user / 1000 < cpuMs);
}

/** A pacer with the loop of the kernel's sockets, whose messages are due at these times from now. */
function pace(offsetsNs: readonly number[], { onDue = (_: number) => {}, choresFromNs = 0 } = {}) {
  const choresNs: number[] = [];
  const chores = { fromNs: choresFromNs, run: () => choresNs.push(clock.nowNs()) };
  const waits = new KernelWaits({ clock, loop, chores });
  const startNs = clock.nowNs();
  const lagsNs: number[] = [];
  const pacer = new Pacer({
    clock,
    wait: waits.create(),
    arrivals: offsetsNs.map((offsetNs, index) => ({ index, offsetNs })).values(),
    startNs,
    onDue: (index, intendedNs) => {
      lagsNs.push(waits.reach(intendedNs) - intendedNs);
      onDue(index);
    },
  });
  return { pacer, waits, startNs, lagsNs, choresNs };
}

describe('a pacer with the loop of the kernel sockets', () => {
  it('calls everything on time or after it, has time for chores before, and spins for microseconds only', async () => {
    const offsetsNs = [...Array.from({ length: 20 }, (_, index) => (index + 1) * 5e6), 200e6];
    const { pacer, waits, startNs, lagsNs, choresNs } = pace(offsetsNs);
    const spunBefore = waits.spunNs;
    telemetry.sample(spunBefore);
    await pacer.run();
    const sample = telemetry.sample(waits.spunNs);
    expect(lagsNs).toHaveLength(21);
    expect(Math.min(...lagsNs)).toBeGreaterThanOrEqual(0);
    // Each wait spins for 170 us at most. On a disturbed machine each may end late, with nothing left to spin.
    const spunNs = waits.spunNs - spunBefore;
    expect(spunNs).toBeLessThanOrEqual(21 * 170_000);
    expect(sample.pacingShare).toBeLessThan(0.03);
    expect(sample.pacingShare > 0).toBe(spunNs > 0);
    for (const atNs of choresNs) expect(atNs).toBeGreaterThanOrEqual(startNs + 2.2e6);
    expect(choresNs.length).toBeGreaterThan(0);
  });

  it('does not wake for chores before there are some', async () => {
    const { pacer, choresNs } = pace([10e6, 20e6, 30e6], { choresFromNs: clock.nowNs() + 3600e9 });
    await pacer.run();
    expect(choresNs).toEqual([]);
  });

  it('sends everything that is due after it was held up', async () => {
    const { pacer, lagsNs } = pace([1e6, 2e6, 3e6, 60e6], {
      onDue: (index) => {
        if (index === 0) compute(10);
      },
    });
    await pacer.run();
    expect(lagsNs).toHaveLength(4);
    expect(lagsNs[1]).toBeGreaterThan(8e6);
  });

  it('ends within 100 ms of its end, however far away the next message is', async () => {
    const { pacer, lagsNs } = pace([0, 3600e9]);
    const finished = pacer.run();
    pacer.endAt(clock.nowNs());
    await finished;
    expect(lagsNs).toHaveLength(1);
  });
});

describe('the figures of an event loop whose waits are those of the kernel sockets', () => {
  const keepWaiting = () => {
    let isOver = false;
    const again = () => {
      if (!isOver) loop.before(clock.nowNs() + 20e6, again);
    };
    again();
    return () => {
      isOver = true;
    };
  };

  it('take its sleep for idle time, not for work', async () => {
    const events = ownEventLoop(telemetry.delay, loop);
    const stop = keepWaiting();
    telemetry.sample();
    const [idleBefore, waitedBefore, startNs] = [events.idleNs(), loop.waitedNs, clock.nowNs()];
    await sleep(200);
    const share = (events.idleNs() - idleBefore) / (clock.nowNs() - startNs);
    stop();
    expect(loop.waitedNs).toBeGreaterThan(waitedBefore);
    // What other processes of the machine take from this one is neither.
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThanOrEqual(1);
    expect(telemetry.sample().loopUtilization).toBeLessThan(0.7);
  });

  it('take computing in a callback for work', async () => {
    const stop = keepWaiting();
    telemetry.sample();
    const startNs = clock.nowNs();
    await new Promise<void>((resolve) =>
      loop.before(clock.nowNs() + 1e6, () => {
        compute(60);
        resolve();
      }),
    );
    const workedMs = telemetry.sample().loopUtilization * ((clock.nowNs() - startNs) / 1e6);
    stop();
    expect(workedMs).toBeGreaterThan(50);
  });
});
