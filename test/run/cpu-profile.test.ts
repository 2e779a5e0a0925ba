import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  type CpuProfile,
  cutCpuProfile,
  parseCpuProfile,
  summarizeCpuProfile,
} from '../../src/run/cpu-profile.ts';

const PROBE = new URL('../../src/measure/probe.ts', import.meta.url).href;

function node(id: number, functionName: string, url = '', lineNumber = -1, children: number[] = []) {
  const callFrame = { functionName, scriptId: '0', url, lineNumber, columnNumber: 0 };
  return { id, callFrame, children };
}

const APP = pathToFileURL('/home/me/app/server.js').href;

/** A sample every 10 ms, each lasting until the next one: 1 s in all. */
const PROFILE: CpuProfile = {
  nodes: [
    node(1, '(root)', '', -1, [2, 3, 4, 6, 8]),
    node(2, '(idle)'),
    node(3, '(garbage collector)'),
    node(4, 'encode', APP, 9, [5]),
    node(5, '', 'file:///home/me/app/node_modules/ws/lib/sender.js', 40),
    node(6, 'report', PROBE, 20, [7]),
    node(7, 'stringify', 'node:internal/json', 3),
    node(8, 'encode', APP, 9),
  ],
  startTime: 5_000_000,
  endTime: 6_000_000,
  samples: Array.from({ length: 100 }, (_, index) => [2, 4, 5, 8, 7, 2, 3, 6, 2, 2][index % 10] ?? 2),
  timeDeltas: Array.from({ length: 100 }, (_, index) => (index === 0 ? 0 : 10_000)),
};

describe('a CPU profile', () => {
  it('lists functions by the time of their own code, without idling and without the probe and what it calls', () => {
    const { functions, ...times } = summarizeCpuProfile(PROFILE, '/home/me/app');
    expect(times).toEqual({ sampledMs: 1000, busyMs: 400, probeMs: 200 });
    expect(functions).toEqual([
      { name: 'encode', file: 'server.js', line: 10, selfMs: 200 },
      { name: '(garbage collector)', file: '', line: 0, selfMs: 100 },
      { name: '(anonymous)', file: 'node_modules/ws/lib/sender.js', line: 41, selfMs: 100 },
    ]);
  });

  it('names a file outside the project by its whole path', () => {
    const { functions } = summarizeCpuProfile(PROFILE, '/home/me/other');
    expect(functions[0]?.file).toBe('/home/me/app/server.js');
  });

  it('is cut to a part of its time', () => {
    const cut = cutCpuProfile(PROFILE, 200_000, 500_000);
    expect([cut.startTime, cut.endTime]).toEqual([5_200_000, 5_500_000]);
    expect(cut.samples).toHaveLength(31);
    expect(summarizeCpuProfile(cut, '/home/me/app')).toMatchObject({
      sampledMs: 300,
      busyMs: 120,
      probeMs: 60,
    });
  });

  it('of which nothing lies in that time has no function', () => {
    const cut = cutCpuProfile(PROFILE, 2_000_000, 3_000_000);
    expect(summarizeCpuProfile(cut, '/')).toEqual({ sampledMs: 1000, busyMs: 0, probeMs: 0, functions: [] });
  });

  it.each(['', '{}', '[1]', '{"nodes":[{"id":"x"}]}', JSON.stringify({ ...PROFILE, samples: ['a'] })])(
    'that is none is refused: %j',
    (text) => {
      expect(() => parseCpuProfile(text)).toThrow();
    },
  );

  it('is read as V8 writes it, with fields that are not used', () => {
    expect(parseCpuProfile(JSON.stringify(PROFILE))).toEqual(PROFILE);
  });
});
