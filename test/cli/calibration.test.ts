import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ackRoundtrip } from '../../scenarios/ack-roundtrip.ts';
import { type MeasureOnNull, measureCalibration } from '../../src/cli/calibration.ts';
import { type PlannedCalibration, planCalibration } from '../../src/cli/calibration-plan.ts';
import { findFloor } from '../../src/cli/calibrations.ts';
import { readSource } from '../../src/cli/plan-run.ts';
import { EXIT, fail } from '../../src/errors.ts';
import { buildPlan, type PlannedRun } from '../../src/plan/plan.ts';
import { type Calibration, floorOf, setupOf } from '../../src/result/calibration.ts';
import { writeCalibration } from '../../src/result/calibration-store.ts';
import { SCHEMA_VERSION } from '../../src/result/run-result.ts';
import { viewResult } from '../../src/result/view.ts';
import { makeResult } from '../report/fixture.ts';
import { targetWith } from '../support/plan.ts';
import { runFake } from './fake-cli.ts';

const PLAN = { clients: '20', rate: '100/s' };

/** A calibration of requests at 100/s, on a machine of so many CPUs. */
function plannedFor(parts: Partial<PlannedCalibration> & { readonly workers?: string }): PlannedCalibration {
  const { workers = 'auto', ...rest } = parts;
  const planned = (given: Readonly<Record<string, string>>): PlannedRun =>
    buildPlan(ackRoundtrip, { ...PLAN, ...given }, () => targetWith());
  const asked = planned({ workers });
  let nowMs = 0;
  return {
    rateHz: 100,
    search: { fromHz: 100, maxSteps: 12 },
    searchMs: 60_000,
    askedWorkers: asked.plan.workersReason === null ? asked.plan.workers : null,
    cpus: 8,
    elapsedMs: () => (nowMs += 1000),
    alsoTwo: true,
    deliveriesPerMessage: 1,
    shown: { quiet: true, progress: 'auto' },
    warnings: [],
    asked,
    floorWith: async (count) => planned({ workers: String(count) }),
    stepAt: async (rateHz) => planned({ workers: '1', rate: `${rateHz}/s` }),
    ...rest,
  };
}

/** Generators of which each carries so much; `disturbed` says which runs, from 0, are disturbed. */
function generators(perWorkerHz: number, disturbed: readonly number[] = []) {
  const runs: string[] = [];
  const measure: MeasureOnNull = async (label, { plan }) => {
    const rateHz = plan.profile[0]?.toHz ?? 0;
    const isDisturbed = disturbed.includes(runs.length);
    const share = rateHz / plan.workers / perWorkerHz;
    runs.push(label);
    const outcome = isDisturbed ? 'disturbed' : share <= 1 ? 'carried' : 'behind';
    const result = makeResult({ scenario: 'ack-roundtrip', workers: plan.workers });
    const step = { rateHz, deliveriesHz: rateHz, outcome, utilization: share * 0.7, detail: label } as const;
    return { result, step };
  };
  return { runs, measure };
}

/** What was found; fails where nothing was. */
async function found(measure: MeasureOnNull, planned: PlannedCalibration) {
  const result = await measureCalibration(measure, planned);
  if (typeof result === 'string') throw new Error(result);
  return result;
}

describe('a calibration', () => {
  it('measures one worker, its capacity, two workers, and the number that the capacity gives', async () => {
    const { runs, measure } = generators(40);
    // 100/s over workers that carry 40/s, of which 70 % is used: four.
    const { floors, steps } = await found(measure, plannedFor({}));
    expect(floors.map(({ workers }) => workers)).toEqual([4]);
    expect(runs.at(0)).toBe('floor of 1 worker');
    expect(runs.slice(-2)).toEqual(['floor of 2 workers', 'floor of 4 workers']);
    expect(steps.filter(({ outcome }) => outcome === 'carried').map(({ rateHz }) => rateHz)).toEqual([
      25, 35.4, 38.6,
    ]);
  });

  it('measures the number of workers that was asked for', async () => {
    const { floors } = await found(generators(1e4).measure, plannedFor({ workers: '3', alsoTwo: false }));
    expect(floors.map(({ workers, series, samples }) => [workers, series, samples])).toEqual([
      [1, 'ack', 1000],
      [3, 'ack', 1000],
    ]);
  });

  it('searches no longer than it may', async () => {
    const { runs, measure } = generators(1e6);
    await found(measure, plannedFor({ searchMs: 2500, alsoTwo: false }));
    expect(runs).toEqual(['floor of 1 worker', 'one worker at 800/s', 'one worker at 6400/s']);
  });

  it('keeps what it has when a run of the search fails, but not when the user stops it', async () => {
    const failing = (code: string) =>
      plannedFor({
        alsoTwo: false,
        askedWorkers: 1,
        stepAt: async () => fail(code, `it failed with ${code}`, '', EXIT.invalid),
      });
    const { floors, steps } = await found(generators(1e4).measure, failing('WORKER_DIED'));
    expect(floors).toHaveLength(1);
    expect(steps.at(-1)).toMatchObject({ outcome: 'disturbed', detail: 'it failed with WORKER_DIED' });
    await expect(found(generators(1e4).measure, failing('INTERRUPTED'))).rejects.toThrow('INTERRUPTED');
  });

  it('repeats a floor that was disturbed once', async () => {
    const { runs, measure } = generators(1e4, [0]);
    const { floors } = await found(measure, plannedFor({ searchMs: 0, alsoTwo: false }));
    expect(runs).toEqual(['floor of 1 worker', 'floor of 1 worker']);
    expect(floors).toHaveLength(1);
  });

  it.each([
    ['the floor of one worker was disturbed twice', [0, 1], '3'],
    ['a later floor was disturbed twice', [1, 2], '3'],
  ])('has no result when %s', async (_, disturbed, workers) => {
    const planned = plannedFor({ searchMs: 0, alsoTwo: false, workers });
    expect(await measureCalibration(generators(1e4, disturbed).measure, planned)).toMatch(
      /^floor of \d worker/,
    );
  });

  it('has no result when the plan is too much for any number of workers', async () => {
    const planned = plannedFor({ cpus: 2, alsoTwo: false });
    const problem = await measureCalibration(generators(40).measure, planned);
    expect(problem).toBe('this plan is too much for this machine: floor of 1 worker');
  });
});

describe('a plan without a floor', () => {
  it.each([
    [['--transport', 'polling'], 'supports the transport websocket only, not polling'],
    [['--target', 'http-polling'], 'supports the transport websocket only, not short-polling'],
    [['--rate', '1s@50/s,1s@60/s'], 'a floor needs a constant rate, not a profile of 2 stages'],
    [['--rate', '1s@50..60/s'], 'a floor needs a constant rate, not a rate that changes'],
    [['--target', 'ws', '--compression', 'on'], 'does not support --compression on'],
    [['--parser', 'msgpack'], 'does not support --parser msgpack'],
    [['--recovery', 'on'], 'does not support --recovery on'],
    [['--target', 'wss://127.0.0.1:1'], 'does not support TLS'],
    [
      ['--target', 'ws://192.0.2.1:1', '--allow-remote', '192.0.2.1'],
      'runs on this machine, and the target does not',
    ],
  ])('is refused before anything starts: %j', async (flags, problem) => {
    const { exitCode, stdout, stderr } = await runFake('calibrate', ...flags);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: this plan cannot be calibrated: /);
    expect(stderr).toContain(problem);
  });

  it('is one that sends nothing', async () => {
    const target = join(mkdtempSync(join(tmpdir(), 'sockbench-test-')), 'target.mjs');
    const text = "export default { url: 'ws://127.0.0.1:1', observe: { event: 'tick', key: () => 1 } };";
    writeFileSync(target, text);
    const { exitCode, stderr } = await runFake('calibrate', 'observe', '--target', target);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error: observe sends no messages, so there is no floor');
    expect((await runFake('calibrate', 'idle')).stderr).toContain('error: idle sends no messages');
  });

  it.each([
    [['--workers', 'several'], '--workers: "several" is neither a whole number from 1 to 256 nor auto'],
    [['--search-time', '5'], '--search-time: "5" has no unit'],
    [['--threshold', 'delivery.p50<1ms'], "unknown option '--threshold'"],
  ])('is refused for a flag that is wrong: %j', async (flags, problem) => {
    const { exitCode, stderr } = await runFake('calibrate', ...flags);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(problem);
  });
});

describe('the runs of a calibration', () => {
  it('are those of the plan, on the null server, long enough for p99', async () => {
    const planned = await planCalibration('broadcast-latency', { target: 'ws', clients: '5', rate: '125/s' });
    const { plan } = await planned.floorWith(2);
    expect(plan).toMatchObject({
      target: { name: 'null-ws', protocol: 'ws', url: null },
      workers: 2,
      workersReason: null,
      durationMs: 8000,
      profile: [{ fromHz: 125, toHz: 125, durationMs: 8000 }],
    });
    expect((await planned.stepAt(1000)).plan).toMatchObject({ workers: 1, profile: [{ toHz: 1000 }] });
    expect(planned.deliveriesPerMessage).toBe(5);
  });

  it('have the length that was asked for, and are shorter with --quick', async () => {
    const lengthOf = async (flags: Readonly<Record<string, unknown>>) =>
      (await (await planCalibration('ack-roundtrip', flags)).floorWith(1)).plan.durationMs;
    expect(await lengthOf({ duration: '300ms' })).toBe(300);
    expect(await lengthOf({ quick: true })).toBe(2000);
  });
});

describe('a stored calibration', () => {
  const before = process.env['XDG_STATE_HOME'];
  const result = makeResult({ scenario: 'ack-roundtrip', target: 'ws', protocol: 'ws' });
  const calibration: Calibration = {
    schemaVersion: SCHEMA_VERSION,
    kind: 'calibration',
    tool: { name: 'sockbench', version: '1.0.0' },
    calibratedAt: '2026-11-28T10:00:00.000Z',
    commandLine: [],
    setup: setupOf(result),
    rateHz: 100,
    floors: [floorOf(viewResult(result))],
    capacity: null,
  };

  beforeAll(async () => {
    process.env['XDG_STATE_HOME'] = mkdtempSync(join(tmpdir(), 'sockbench-test-'));
    await writeCalibration(calibration);
  });
  afterAll(() => {
    process.env['XDG_STATE_HOME'] = before;
  });

  it('gives its floor to a run of the same plan', async () => {
    const { floor, problems } = await findFloor(result);
    expect(problems).toEqual([]);
    expect(floor).toEqual({ ...calibration.floors[0], calibratedAt: calibration.calibratedAt });
  });

  it.each([
    ['another rate', makeResult({ scenario: 'ack-roundtrip', target: 'ws', protocol: 'ws', rateHz: 99 })],
    [
      'another number of workers',
      makeResult({ scenario: 'ack-roundtrip', target: 'ws', protocol: 'ws', workers: 2 }),
    ],
    ['another receive clock', { ...result, receiving: { ...result.receiving, clock: 'kernel' as const } }],
    ['another protocol', makeResult({ scenario: 'ack-roundtrip' })],
    ['a transport without a floor', makeResult({ scenario: 'ack-roundtrip', transport: 'polling' })],
  ])('gives no floor to a run with %s', async (_, other) => {
    expect(await findFloor(other)).toEqual({ floor: null, problems: [] });
  });

  it('gives --workers auto the default where no capacity is known, and says so in the plan', async () => {
    const { planWith, warnings } = await readSource('ack-roundtrip', { target: 'ws', workers: 'auto' });
    expect(warnings).toEqual([]);
    expect(planWith().plan).toMatchObject({
      workers: 1,
      workersReason: 'the default, because there is no calibration of this plan',
    });
  });

  it('is alone in its folder', () => {
    expect(readdirSync(join(process.env['XDG_STATE_HOME'] ?? '', 'sockbench/calibrations'))).toHaveLength(1);
  });
});
