import { describe, expect, it } from 'vitest';
import { DEFAULT_SERVER_SETTINGS } from '../../src/contract/server.ts';
import {
  differences,
  differenceText,
  environmentFingerprint,
  loadFingerprint,
} from '../../src/result/fingerprint.ts';
import { type RunResult, runResultSchema } from '../../src/result/run-result.ts';
import { makeResult } from '../report/fixture.ts';

const RESULT = makeResult({ seconds: 1 });
const { plan: PLAN, environment: ENVIRONMENT } = RESULT;

/** The differences of a result from the unchanged one. */
function environmentTexts(now: RunResult): string[] {
  return differences(environmentFingerprint(RESULT), environmentFingerprint(now)).map(differenceText);
}

function inEnvironment(changes: Partial<RunResult['environment']>): string[] {
  return environmentTexts({ ...RESULT, environment: { ...ENVIRONMENT, ...changes } });
}

function inPlan(changes: Partial<RunResult['plan']>): string[] {
  return differences(loadFingerprint(PLAN), loadFingerprint({ ...PLAN, ...changes })).map(differenceText);
}

describe('the fingerprint of an environment', () => {
  it('is the same for a run that was stored and read again', () => {
    expect(environmentTexts(runResultSchema.parse(JSON.parse(JSON.stringify(RESULT))))).toEqual([]);
  });

  it('reports a difference in words', () => {
    const { kernel, governor } = ENVIRONMENT;
    expect(inEnvironment({ kernel: '6.8.0', governor: 'performance' })).toEqual([
      `governor: baseline ${governor ?? '-'}, now performance`,
      `kernel: baseline ${kernel}, now 6.8.0`,
    ]);
  });

  it.each<[string, Partial<RunResult['environment']>]>([
    ['CPU model', { cpuModel: 'Another' }],
    ['CPUs', { cpuCount: 99 }],
    ['platform', { platform: 'plan9 mips' }],
    ['memory', { totalMemoryBytes: 2 * ENVIRONMENT.totalMemoryBytes }],
    ['CPU limit', { cgroupCpuLimit: 1.5 }],
    ['Node.js', { nodeVersion: 'v99.0.0' }],
    ['V8', { v8Version: '99.0' }],
    ['CPUs of the server', { affinity: { ...ENVIRONMENT.affinity, server: '7' } }],
    ['CPUs of the generator', { affinity: { ...ENVIRONMENT.affinity, workers: ['8', null] } }],
    ['ws', { packages: { ...ENVIRONMENT.packages, ws: '99.0.0' } }],
  ])('has %s', (field, changes) => {
    const texts = inEnvironment(changes);
    expect(texts).toHaveLength(1);
    expect(texts[0]).toMatch(new RegExp(`^${field}: baseline .+, now .+$`));
  });

  it('has the version of sockbench', () => {
    const { version } = RESULT.tool;
    expect(environmentTexts({ ...RESULT, tool: { name: 'sockbench', version: '99.0.0' } })).toEqual([
      `sockbench: baseline ${version}, now 99.0.0`,
    ]);
  });

  it.each<[runtime: 'node' | 'bun', version: string | null, shown: string]>([
    ['node', 'v24.1.0', 'node v24.1.0'],
    ['bun', '1.3.0', 'bun 1.3.0'],
    // Before versions were stored, it was the one that ran sockbench.
    ['node', null, `node ${ENVIRONMENT.nodeVersion}`],
  ])('has what runs a reference server: %s %s', (runtime, version, shown) => {
    const reference = { runtime, program: null, version, settings: DEFAULT_SERVER_SETTINGS, hasNodes: false };
    const plan = { ...PLAN, target: { ...PLAN.target, reference } };
    expect(environmentTexts({ ...RESULT, plan })).toEqual([`server runtime: baseline its own, now ${shown}`]);
  });

  it.each<[string, Partial<RunResult['environment']>]>([
    ['another commit', { commit: 'f'.repeat(40), dirty: true }],
    ['a disturbance', { stealRatio: 0.5 }],
    ['some megabytes less', { totalMemoryBytes: ENVIRONMENT.totalMemoryBytes - 20e6 }],
    ['a package of servers only', { packages: { ...ENVIRONMENT.packages, 'socket.io': '99.0.0' } }],
  ])('does not mind %s', (_, changes) => {
    expect(inEnvironment(changes)).toEqual([]);
  });
});

describe('the fingerprint of a load', () => {
  it.each<[string, Partial<RunResult['plan']>, string]>([
    ['clients', { clients: 21 }, 'clients: baseline 20, now 21'],
    [
      'a stage, to the millisecond',
      { profile: [{ durationMs: 1001, fromHz: 50, toHz: 100 }] },
      'rate: baseline 100/s for 1000 ms, now 50..100/s for 1001 ms',
    ],
    ['the cool-down', { senderCooldownMs: 1000 }, 'sender cool-down: baseline -, now 1000 ms'],
    ['the seed', { seed: 2 }, 'seed: baseline 1, now 2'],
    ['the payload', { payloadBytes: 65 }, 'payload: baseline 64 B text, now 65 B text'],
    ['the transport', { transport: 'polling' }, 'transport: baseline websocket, now polling'],
    ['a setting', { settings: { ...PLAN.settings, compression: 'on' } }, 'compression: baseline -, now on'],
    ["a scenario's option", { scenarioOptions: { depth: 7 } }, 'option depth: baseline -, now 7'],
    ['binding', { pin: !PLAN.pin }, 'bound to CPUs: baseline where possible, now no'],
  ])('has %s', (_, changes, text) => {
    expect(inPlan(changes)).toContain(text);
  });

  it('does not mind name, address and command of the target, the address of a Redis, nor thresholds', () => {
    const target = { ...PLAN.target, name: 'mine', url: 'ws://127.0.0.1:1', exec: 'node x.js', cwd: '/x' };
    expect(inPlan({ target, thresholds: ['lost==0'] })).toEqual([]);
    const [one, other] = ['redis://a', 'redis://b'].map((redis) =>
      loadFingerprint({ ...PLAN, settings: { ...PLAN.settings, redis } }),
    );
    expect(one).toEqual(other);
    expect(one).not.toEqual(loadFingerprint(PLAN));
  });
});
