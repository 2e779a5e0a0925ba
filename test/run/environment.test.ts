import { describe, expect, it } from 'vitest';
import { cpuGroups, parseCpuList } from '../../src/run/affinity.ts';
import {
  disturbanceBetween,
  parseCpuTicks,
  readEnvironment,
  readSystemCounters,
  type SystemCounters,
} from '../../src/run/environment.ts';

/** CPUs 0 and 1, with the total and the stolen ticks of each. */
const cpus = (...ticks: ReadonlyArray<readonly [total: number, steal: number]>) =>
  new Map(ticks.map(([total, steal], cpu) => [cpu, { total, steal }]));

const BEFORE: SystemCounters = {
  atMs: 5_000,
  cpus: cpus([10_000, 40], [10_000, 40]),
  throttledUs: 1_000_000,
  pressureUs: 3_000_000,
};
const AFTER = { atMs: 15_000, cpus: cpus([12_000, 40], [12_000, 40]) };
const BOTH = [[0, 1]];

describe('what disturbed a run', () => {
  it.each<[string, Partial<SystemCounters>, ReturnType<typeof disturbanceBetween>]>([
    ['nothing', AFTER, { stealRatio: 0, serverStealRatio: 0, throttledMs: 0, cpuPressureRatio: 0 }],
    [
      'steal',
      { ...AFTER, cpus: cpus([12_000, 161], [12_000, 40]) },
      { stealRatio: 0.03, serverStealRatio: 0.03, throttledMs: 0, cpuPressureRatio: 0 },
    ],
    [
      'throttling',
      { ...AFTER, throttledUs: 1_002_500 },
      { stealRatio: 0, serverStealRatio: 0, throttledMs: 2.5, cpuPressureRatio: 0 },
    ],
    [
      'waiting for CPUs',
      { ...AFTER, pressureUs: 5_500_000 },
      { stealRatio: 0, serverStealRatio: 0, throttledMs: 0, cpuPressureRatio: 0.25 },
    ],
    [
      'a run shorter than a tick',
      { atMs: 5_001 },
      { stealRatio: null, serverStealRatio: null, throttledMs: 0, cpuPressureRatio: 0 },
    ],
  ])('is %s', (_, after, expected) => {
    expect(disturbanceBetween(BEFORE, { ...BEFORE, ...after }, BOTH, [0, 1])).toEqual(expected);
  });

  it.each<[keyof SystemCounters, keyof ReturnType<typeof disturbanceBetween>]>([
    ['cpus', 'stealRatio'],
    ['throttledUs', 'throttledMs'],
    ['pressureUs', 'cpuPressureRatio'],
  ])('is unknown when %s is unavailable before or after', (counter, figure) => {
    const after = { ...BEFORE, ...AFTER };
    const unknown = { ...disturbanceBetween(BEFORE, after, BOTH), [figure]: null };
    expect(disturbanceBetween({ ...BEFORE, [counter]: null }, after, BOTH)).toEqual(unknown);
    expect(disturbanceBetween(BEFORE, { ...after, [counter]: null }, BOTH)).toEqual(unknown);
  });

  it('is a fully stolen generator CPU among 64, not hidden by the average', () => {
    const idle = Array.from({ length: 64 }, () => [0, 0] as const);
    const before = { ...BEFORE, cpus: cpus(...idle) };
    const after = {
      ...before,
      cpus: cpus(...idle.map((_, cpu) => [1000, cpu === 63 ? 1000 : 0] as const)),
    };
    const server = Array.from({ length: 63 }, (_, cpu) => cpu).join(',');
    const pinned = cpuGroups({ server, workers: ['63'] });
    const stolen = disturbanceBetween(before, after, pinned, parseCpuList(server));
    expect(stolen).toMatchObject({ stealRatio: 0.999, serverStealRatio: 0 });
    // CPUs that no process of the run uses do not count.
    expect(disturbanceBetween(before, after, [[0], [1]]).stealRatio).toBe(0);
  });

  it.each([
    ['one tick', 1, 0],
    ['two ticks', 2, 0.02],
  ])('of 500 ms is not the first tick of steal, which may be a moment: %s', (_, ticks, stealRatio) => {
    const after = { ...BEFORE, cpus: cpus([10_050, 40 + ticks]) };
    expect(disturbanceBetween(BEFORE, after, [[0]]).stealRatio).toBe(stealRatio);
  });

  it('is read from counters that only grow', () => {
    const [before, after] = [readSystemCounters(), readSystemCounters()];
    for (const name of ['atMs', 'throttledUs', 'pressureUs'] as const) {
      const [from, to] = [before[name], after[name]];
      if (from === null || to === null) expect(to).toBe(from);
      else expect(to).toBeGreaterThanOrEqual(from);
    }
  });

  it.runIf(process.platform === 'linux')('has steal as a part of the time of each CPU, on Linux', () => {
    const { cpus: read } = readSystemCounters();
    expect(read?.size).toBeGreaterThan(0);
    for (const { total, steal } of read?.values() ?? []) {
      expect(total).toBeGreaterThan(0);
      expect(steal).toBeGreaterThanOrEqual(0);
      expect(steal).toBeLessThanOrEqual(total);
    }
  });

  it('is counted per CPU, without guest time, which is part of user time', () => {
    const stat =
      'cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 1 2 3 4 5 6 7 8 100 100\ncpu12 1 0 0 0 0 0 0 0 0 0\nintr 5\n';
    expect([...parseCpuTicks(stat)]).toEqual([
      [0, { total: 36, steal: 8 }],
      [12, { total: 1, steal: 0 }],
    ]);
  });
});

describe('the environment', () => {
  it('holds what it was given and the versions that change figures', () => {
    const disturbance = {
      stealRatio: 0.01,
      serverStealRatio: null,
      throttledMs: null,
      cpuPressureRatio: 0.5,
    };
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
