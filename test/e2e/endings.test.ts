import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { skipWhenMissing } from '../support/need.ts';
import { isRunning } from '../support/proc.ts';
import {
  faultyTarget,
  runScenario,
  SHORT,
  sockbench,
  startSockbench,
  storedResult,
  temporaryFolder,
} from '../support/sockbench.ts';

const LOAD = ['--target', 'ws', '--clients', '10', '--rate', '200/s', ...SHORT];

skipWhenMissing(
  existsSync(`/proc/self/task/${process.pid}/children`)
    ? null
    : 'the /proc file system of Linux, to find child processes',
);

/** Direct children of a process. */
function childrenOf(pid: number | undefined): Array<{ pid: number; command: string }> {
  const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  return pids.map((child) => ({ pid: child, command: readFileSync(`/proc/${child}/cmdline`, 'utf8') }));
}

describe('what was measured is kept', () => {
  test('when the server dies in mid-run', async () => {
    const { code, stdout, result } = await runScenario(
      'broadcast-latency',
      ...(await faultyTarget('die', 400)),
      ...['--clients', '10', '--rate', '200/s', '--duration', '10s', ...SHORT],
    );
    expect(code).toBe(3);
    expect(result.status).toBe('partial');
    expect(result.invalid[0]?.code).toBe('server_died');
    expect(result.invalid[0]?.message).toMatch(/exit code 7/);
    expect(result.invalid[0]?.message).toMatch(/out of cheese/);
    expect(stdout.split('\n')[0]).toMatch(/^PARTIAL, INVALID: the server ended/);
    expect(result.ledger.delivered).toBeGreaterThan(1000);
    expect(result.series['delivery']?.count).toBe(result.ledger.delivered);
    expect(result.timing.measureMs).toBeLessThan(5000);
  });

  test('when one of two workers dies', async () => {
    const out = temporaryFolder();
    const flags = [...LOAD, '--workers', '2', '--duration', '20s', '--out', out];
    const run = startSockbench(['run', 'broadcast-latency', ...flags]);
    await run.said('measuring');
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const workers = childrenOf(run.child.pid).filter(({ command }) => command.includes('generator/process'));
    process.kill(workers.at(-1)?.pid ?? 0, 'SIGKILL');
    const ended = await run.ended;
    const result = storedResult(out, ended);
    expect(ended.code).toBe(3);
    expect(result.status).toBe('partial');
    expect(result.invalid[0]?.code).toBe('worker_died');
    expect(result.invalid[0]?.message).toMatch(/SIGKILL/);
    expect(result.ledger.delivered).toBeGreaterThan(1000);
    expect(result.series['delivery']?.count).toBeGreaterThan(1000);
    const { expected, delivered, lost, unknown } = result.ledger;
    expect(delivered + lost + unknown).toBe(expected);
  });

  test('when the user presses Ctrl-C: messages in flight are drained and a partial result is reported', async () => {
    const out = temporaryFolder();
    const run = startSockbench(['run', 'broadcast-latency', ...LOAD, '--duration', '60s', '--out', out]);
    await run.said('measuring');
    await new Promise((resolve) => setTimeout(resolve, 2500));
    run.child.kill('SIGINT');
    const ended = await run.ended;
    const result = storedResult(out, ended);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toMatch(/press Ctrl-C again to quit/);
    expect(ended.stdout.split('\n')[0]).toMatch(/^PARTIAL/);
    expect(result.status).toBe('partial');
    expect(result.invalid[0]?.code).toBe('interrupted');
    expect(result.ledger.lost).toBe(0);
    expect(result.rate.sent).toBe(result.samples.count);
    expect(result.timing.measureMs).toBeGreaterThan(1500);
    expect(result.timing.measureMs).toBeLessThan(10_000);
  });

  test('a second Ctrl-C quits at once and leaves no process behind', async () => {
    const run = startSockbench([
      'run',
      'broadcast-latency',
      ...(await faultyTarget('busy', 50)),
      '--clients',
      '5',
      '--rate',
      '100/s',
      ...SHORT,
      '--out',
      temporaryFolder(),
    ]);
    await run.said('measuring');
    const children = childrenOf(run.child.pid);
    expect(children.length).toBeGreaterThanOrEqual(2);
    run.child.kill('SIGINT');
    await run.said('Ctrl-C again');
    // Sooner, it is the same Ctrl-C, which npm and a shell pass on.
    await new Promise((resolve) => setTimeout(resolve, 550));
    run.child.kill('SIGINT');
    const { code } = await run.ended;
    expect(code).toBe(130);
    await expect.poll(() => children.filter(({ pid }) => isRunning(pid)), { timeout: 5000 }).toEqual([]);
  });

  test('when the folder is deleted during the run: the reports go to the temporary folder, with a warning', async () => {
    const out = join(temporaryFolder(), 'gone');
    const run = startSockbench(['run', 'broadcast-latency', ...LOAD, '--duration', '2s', '--out', out]);
    await run.said('measuring');
    execFileSync('rm', ['-r', out]);
    const { stdout, stderr } = await run.ended;
    expect(stderr).toMatch(/warning: .*gone.* could not be written/);
    const rescued = /wrote (\S+\.json)/.exec(stderr)?.[1] ?? '';
    expect(existsSync(rescued)).toBe(true);
    expect(stdout).toMatch(/delivery/);
  });
});

describe('the exit code', () => {
  const QUICK = [
    'run',
    'broadcast-latency',
    '--target',
    'ws',
    '--clients',
    '5',
    '--rate',
    '100/s',
    '--duration',
    '1s',
    ...SHORT,
  ];

  test('is 99 when a threshold fails in a valid run, and 3 when the run is invalid', async () => {
    const { code, stdout } = await sockbench(
      ...QUICK,
      '--threshold',
      'delivery.p50<1us',
      '--threshold',
      'delivery.min <= delivery.p50 and server_rss > 1MiB',
      '--out',
      temporaryFolder(),
    );
    expect(stdout).toMatch(/FAILED: delivery\.p50<1us/);
    expect(stdout).toMatch(
      /passed: delivery\.min <= .*: delivery\.min .+s, delivery\.p50 .+s.*, server_rss .+ MiB$/m,
    );
    expect(code).toBe(stdout.startsWith('VALID') ? 99 : 3);
  });
});
