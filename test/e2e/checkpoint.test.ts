import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { startSockbench } from '../support/sockbench.ts';

const folder = mkdtempSync(join(tmpdir(), 'sockbench-killed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a run whose coordinator is killed is reported from its folder', async () => {
  const load = [
    '--clients',
    '3',
    '--rate',
    '20/s',
    '--duration',
    '10m',
    '--warmup',
    '0s',
    '--warmup-max',
    '0s',
  ];
  const run = startSockbench([
    ...['run', 'broadcast-latency', '--target', 'ws', ...load],
    ...['--checkpoint', '1s', '--out', folder],
  ]);
  await expect
    .poll(() => readdirSync(folder), { timeout: 60_000 })
    .toEqual([expect.stringMatching(/\.checkpoint\.json$/)]);
  run.child.kill('SIGKILL');
  await run.ended;
  const { code, stdout } = await startSockbench(['report', folder]).ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(/the run was killed after \d\.\d\d s of 600 s: this is its last checkpoint/);
  expect(stdout).toMatch(/PARTIAL, INVALID/);
});
