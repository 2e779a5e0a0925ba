import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Calibration,
  calibrationFile,
  constantRateHz,
  floorOf,
  scenarioPrefix,
  setupOf,
  whyOtherSetup,
} from '../../src/result/calibration.ts';
import { calibrationFolder, readCalibrations, writeCalibration } from '../../src/result/calibration-store.ts';
import { type RunResult, SCHEMA_VERSION } from '../../src/result/run-result.ts';
import { viewResult } from '../../src/result/view.ts';
import { makeResult } from '../report/fixture.ts';

const result = makeResult({ scenario: 'ack-roundtrip', seconds: 20 });
const setup = setupOf(result);

const calibration: Calibration = {
  schemaVersion: SCHEMA_VERSION,
  kind: 'calibration',
  tool: { name: 'sockbench', version: '1.0.0' },
  calibratedAt: '2026-11-28T10:00:00.000Z',
  commandLine: ['calibrate'],
  setup,
  rateHz: 100,
  floors: [floorOf(viewResult(result))],
  capacity: { deliveriesHz: 5000, limit: 'generator', steps: [] },
};

const withPlan = (plan: Partial<RunResult['plan']>): RunResult => ({
  ...result,
  plan: { ...result.plan, ...plan },
});
const withMachine = (environment: Partial<RunResult['environment']>): RunResult => ({
  ...result,
  environment: { ...result.environment, ...environment },
});

describe('the setup of a calibration', () => {
  it.each([
    ['the CPU', withMachine({ cpuModel: 'another' })],
    ['the number of CPUs', withMachine({ cpuCount: 3 })],
    ['the kernel', withMachine({ kernel: '9.9.9' })],
    ['Node.js', withMachine({ nodeVersion: 'v99.0.0' })],
    ['a package of the clients', withMachine({ packages: { ...result.environment.packages, ws: '99.0.0' } })],
    ['sockbench', { ...result, tool: { ...result.tool, version: '99.0.0' } }],
    ['the scenario', withPlan({ scenario: 'stream-reply' })],
    ['an option of the scenario', withPlan({ scenarioOptions: { direction: 'server' } })],
    ['the scenario file', withPlan({ scenarioFile: '/my/scenario.ts' })],
    ['the driver', withPlan({ driver: 'other' })],
    ['the sockets', withPlan({ sockets: 'node' })],
    ['the transport', withPlan({ transport: 'polling' })],
    ['the clients', withPlan({ clients: 21 })],
    ['the arrivals', withPlan({ arrival: 'poisson' })],
    ['the payload', withPlan({ payloadBytes: 65 })],
    ['the type of the payload', withPlan({ payloadType: 'binary' })],
    ['--verify', withPlan({ verify: true })],
    ['pinning', withPlan({ pin: false })],
  ])('depends on %s', (_, other) => {
    expect(whyOtherSetup(calibration, setupOf(other))).toMatch(
      /^is of another machine or plan: .+: calibrated with /,
    );
    expect(calibrationFile(setupOf(other), 100)).not.toBe(calibrationFile(setup, 100));
  });

  it.each([
    ['the target', withPlan({ target: { ...result.plan.target, name: 'another', file: '/my/target.ts' } })],
    ['the number of workers', withPlan({ workers: 4, workersReason: 'for some reason' })],
    [
      'the duration, the warm-up and the seed',
      withPlan({ durationMs: 1, warmupMs: 1, warmupMaxMs: 1, seed: 9 }),
    ],
    ['the commit', withMachine({ commit: 'another', commandLine: ['run', 'another'] })],
    ['what disturbed the run', withMachine({ stealRatio: 0.5, cpuPressureRatio: 0.5 })],
  ])('does not depend on %s', (_, other) => {
    expect(whyOtherSetup(calibration, setupOf(other))).toBeNull();
  });

  it('has another file for another rate', () => {
    expect(calibrationFile(setup, 100)).toMatch(/^ack-roundtrip-[0-9a-f]{16}-100\.json$/);
    expect(calibrationFile(setup, 0.5)).toMatch(/-0\.5\.json$/);
  });

  it('has no constant rate where the plan has a profile', () => {
    const stage = { durationMs: 1000, fromHz: 100, toHz: 100 };
    expect(constantRateHz({ ...result.plan, profile: [stage] })).toBe(100);
    expect(constantRateHz({ ...result.plan, profile: [stage, stage] })).toBeNull();
    expect(constantRateHz({ ...result.plan, profile: [{ ...stage, toHz: 200 }] })).toBeNull();
  });
});

describe('the floor of a run', () => {
  it('has the quantiles that the run has samples for', () => {
    const { p50Ns, p90Ns, p99Ns, samples, series } = floorOf(viewResult(makeResult({ seconds: 3 })));
    expect([series, samples, p99Ns]).toEqual(['delivery', 300, null]);
    expect(p90Ns).toBeGreaterThan(p50Ns ?? Number.NaN);
  });
});

describe('the folder of calibrations', () => {
  it.each([
    [{ XDG_STATE_HOME: '/state' }, 'linux', '/state/sockbench/calibrations'],
    [{ XDG_STATE_HOME: 'relative' }, 'linux', join(homedir(), '.local/state/sockbench/calibrations')],
    [{}, 'darwin', join(homedir(), '.local/state/sockbench/calibrations')],
    [{ LOCALAPPDATA: '/local' }, 'win32', '/local/sockbench/calibrations'],
  ] as const)('with %j on %s is %s', (env, platform, expected) => {
    expect(calibrationFolder(env, platform)).toBe(expected);
  });
});

describe('the store of calibrations', () => {
  const before = process.env['XDG_STATE_HOME'];
  let home: string;
  let folder: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'sockbench-test-'));
    process.env['XDG_STATE_HOME'] = home;
    folder = calibrationFolder();
  });
  afterEach(() => {
    process.env['XDG_STATE_HOME'] = before;
    rmSync(home, { recursive: true, force: true });
  });

  const read = () => readCalibrations(scenarioPrefix('ack-roundtrip'), (each) => whyOtherSetup(each, setup));

  it('is empty where nothing was calibrated', async () => {
    expect(await read()).toEqual({ calibrations: [], problems: [] });
  });

  it('returns what was stored, newest first, and leaves nothing else behind', async () => {
    const older = { ...calibration, rateHz: 50, calibratedAt: '2026-11-27T10:00:00.000Z' };
    await writeCalibration(calibration);
    await writeCalibration(older);
    expect(await read()).toEqual({ calibrations: [calibration, older], problems: [] });
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it('replaces a calibration of the same plan', async () => {
    await writeCalibration(calibration);
    const again = { ...calibration, calibratedAt: '2026-12-01T10:00:00.000Z' };
    const path = await writeCalibration(again);
    expect(await read()).toEqual({ calibrations: [again], problems: [] });
    expect(readdirSync(folder)).toEqual([path.slice(folder.length + 1)]);
  });

  const text = JSON.stringify(calibration);
  const changed = (change: object) => JSON.stringify({ ...calibration, ...change });

  it.each([
    ['no JSON', '{"a":', /cannot be read as JSON/],
    ['half of a calibration', text.slice(0, text.length / 2), /cannot be read as JSON/],
    ['nothing', '', /cannot be read as JSON/],
    ['another document', '[1, 2]', /is not a calibration of this version/],
    [
      'a later version',
      changed({ schemaVersion: 99 }),
      /is not a calibration of this version: schemaVersion/,
    ],
    [
      'a capacity below zero',
      changed({ capacity: { ...calibration.capacity, deliveriesHz: -1 } }),
      /capacity\.deliveriesHz/,
    ],
    [
      'a latency of zero',
      changed({ floors: [{ ...calibration.floors[0], p50Ns: 0 }] }),
      /floors\[0\]\.p50Ns/,
    ],
    ['values nested too deep', `${'['.repeat(1e5)}${']'.repeat(1e5)}`, /levels deep/],
    [
      'another machine',
      changed({ setup: { ...setup, kernel: '1.0\u001b[31m' } }),
      /calibrated with 1\.0\\x1b\[31m, now/,
    ],
  ])('ignores a file that holds %s, and says why', async (_, content, problem) => {
    await writeCalibration(calibration);
    const bad = join(folder, 'ack-roundtrip-damaged.json');
    writeFileSync(bad, content);
    const { calibrations, problems } = await read();
    expect(calibrations).toEqual([calibration]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`the calibration ${bad} is ignored: it `);
    expect(problems[0]).toMatch(problem);
  });

  it('ignores a folder and a link to nothing in the place of a file', async () => {
    mkdirSync(join(folder, 'ack-roundtrip-folder.json'), { recursive: true });
    symlinkSync(join(folder, 'missing'), join(folder, 'ack-roundtrip-link.json'));
    const { calibrations, problems } = await read();
    expect(calibrations).toEqual([]);
    expect(problems.map((problem) => problem.replace(/^.*it /, ''))).toEqual([
      'is a folder',
      expect.stringMatching(/^cannot be read: ENOENT/),
    ]);
  });

  it('is ignored where the folder is no folder', async () => {
    mkdirSync(join(home, 'sockbench'));
    writeFileSync(folder, 'a file');
    const { problems } = await read();
    expect(problems).toEqual([expect.stringMatching(/^calibrations are ignored: ENOTDIR/)]);
  });

  it('reads no file of another scenario', async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'broadcast-latency-1.json'), 'damaged');
    chmodSync(join(folder, 'broadcast-latency-1.json'), 0o000);
    expect(await read()).toEqual({ calibrations: [], problems: [] });
  });
});
