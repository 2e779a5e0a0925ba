import { describe, expect, it } from 'vitest';
import {
  disturbanceBetween,
  readEnvironment,
  readSystemCounters,
  type SystemCounters,
} from '../../src/run/environment.ts';

const BEFORE: SystemCounters = {
  atMs: 5_000,
  cpuTicks: 10_000,
  stealTicks: 40,
  throttledUs: 1_000_000,
  pressureUs: 3_000_000,
};

describe('what the system took from a run', () => {
  it.each<[string, Partial<SystemCounters>, ReturnType<typeof disturbanceBetween>]>([
    ['nothing', { atMs: 15_000, cpuTicks: 12_000 }, { stealRatio: 0, throttledMs: 0, cpuPressureRatio: 0 }],
    [
      'stolen time',
      { atMs: 15_000, cpuTicks: 12_000, stealTicks: 100 },
      { stealRatio: 0.03, throttledMs: 0, cpuPressureRatio: 0 },
    ],
    [
      'throttling',
      { atMs: 15_000, cpuTicks: 12_000, throttledUs: 1_002_500 },
      { stealRatio: 0, throttledMs: 2.5, cpuPressureRatio: 0 },
    ],
    [
      'waiting for CPUs',
      { atMs: 15_000, cpuTicks: 12_000, pressureUs: 5_500_000 },
      { stealRatio: 0, throttledMs: 0, cpuPressureRatio: 0.25 },
    ],
    ['a run shorter than a tick', { atMs: 5_001 }, { stealRatio: null, throttledMs: 0, cpuPressureRatio: 0 }],
  ])('is %s', (_, after, expected) => {
    expect(disturbanceBetween(BEFORE, { ...BEFORE, ...after })).toEqual(expected);
  });

  it.each<[keyof SystemCounters, keyof ReturnType<typeof disturbanceBetween>]>([
    ['cpuTicks', 'stealRatio'],
    ['stealTicks', 'stealRatio'],
    ['throttledUs', 'throttledMs'],
    ['pressureUs', 'cpuPressureRatio'],
  ])('is not known when %s is not told before or after', (counter, figure) => {
    const after = { ...BEFORE, atMs: 6_000, cpuTicks: 10_200 };
    const known = disturbanceBetween(BEFORE, after);
    const unknown = { ...known, [figure]: null };
    expect(disturbanceBetween({ ...BEFORE, [counter]: null }, after)).toEqual(unknown);
    expect(disturbanceBetween(BEFORE, { ...after, [counter]: null })).toEqual(unknown);
  });

  it('is read from counters that only grow', () => {
    const before = readSystemCounters();
    const after = readSystemCounters();
    for (const name of ['atMs', 'cpuTicks', 'stealTicks', 'throttledUs', 'pressureUs'] as const) {
      const [from, to] = [before[name], after[name]];
      if (from === null || to === null) expect(to).toBe(from);
      else expect(to).toBeGreaterThanOrEqual(from);
    }
  });

  it.runIf(process.platform === 'linux')('has steal as a part of all CPU time, on Linux', () => {
    const { cpuTicks, stealTicks } = readSystemCounters();
    expect(cpuTicks).toBeGreaterThan(0);
    expect(stealTicks).toBeGreaterThanOrEqual(0);
    expect(stealTicks).toBeLessThanOrEqual(cpuTicks ?? 0);
  });
});

describe('the environment', () => {
  it('holds what it was given and the versions that change figures', () => {
    const disturbance = { stealRatio: 0.01, throttledMs: null, cpuPressureRatio: 0.5 };
    const affinity = { server: '0', workers: ['1', null] };
    const environment = readEnvironment(['run', 'room-fanout'], affinity, disturbance, process.cwd());
    expect(environment).toMatchObject({
      ...disturbance,
      affinity,
      commandLine: ['run', 'room-fanout'],
      nodeVersion: process.version,
      platform: `${process.platform} ${process.arch}`,
    });
    expect(environment.packages).toMatchObject({
      'socket.io': expect.stringMatching(/^\d+\.\d+\.\d+/),
      ws: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
    expect(environment.commit ?? '0'.repeat(40)).toMatch(/^[0-9a-f]{40}$/);
  });
});
