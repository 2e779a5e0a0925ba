import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runResultSchema } from '../../src/result/run-result.ts';
import { startSockbench, temporaryFolder } from '../support/sockbench.ts';

const PLAN = ['ack-roundtrip', '--target', 'ws', '--clients', '2', '--rate', '100/s', '--duration', '300ms'];
const ATTEMPTS = 2;

it('a machine is calibrated, and a run of the same plan has its floor', async () => {
  const state = temporaryFolder();
  const env = { ...process.env, XDG_STATE_HOME: state };
  const sockbench = (...args: string[]) => startSockbench(args, { env }).ended;
  const stored = () => readdirSync(join(state, 'sockbench/calibrations'));

  const calibrate = () => sockbench('calibrate', ...PLAN, '--quick', '--search-time', '0s');
  let calibrated = await calibrate();
  for (let attempt = 1; calibrated.code !== 0 && attempt < ATTEMPTS; attempt++) {
    // Other work on this machine may disturb a calibration, which must then say so and store nothing.
    expect([calibrated.code, calibrated.stdout]).toEqual([3, '']);
    expect(calibrated.stderr).toMatch(/^not stored: .+$/m);
    expect(stored()).toEqual([]);
    calibrated = await calibrate();
  }
  const out = temporaryFolder();
  const warmup = ['--warmup', '0s', '--warmup-max', '0s'];
  const run = await sockbench(
    'run',
    ...PLAN,
    ...warmup,
    '--workers',
    'auto',
    '--format',
    'json',
    '--out',
    out,
  );
  const { floor, plan } = runResultSchema.parse(JSON.parse(run.stdout));
  expect(plan.workers).toBe(1);

  if (calibrated.code !== 0) {
    console.log(`every calibration was disturbed: ${calibrated.stderr}`);
    expect(floor).toBeNull();
    expect(plan.workersReason).toBe('the default, because there is no calibration of this plan');
    expect(run.stderr).toContain('this plan is not calibrated; sockbench calibrate measures the floor');
    return;
  }
  expect(stored()).toEqual([expect.stringMatching(/^ack-roundtrip-[0-9a-f]{16}-100\.json$/)]);
  expect(calibrated.stdout).toMatch(/^CALIBRATED: ack-roundtrip at 100\/s, 2 clients, wire driver$/m);
  expect(calibrated.stdout).toMatch(/^one worker +carries 100 deliveries\/s; no limit was found/m);
  expect(floor).toMatchObject({ series: 'ack', workers: 1, samples: 30, unit: 'request', p99Ns: null });
  expect(floor?.p50Ns).toBeGreaterThan(0);
  expect(plan.workersReason).toMatch(/^the plan has 100 deliveries\/s, and one worker carried 100\/s/);
  expect(run.stderr).not.toContain('calibrate');
});
