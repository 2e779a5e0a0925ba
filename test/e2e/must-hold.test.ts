import { describe, expect, test } from 'vitest';
import { viewResult } from '../../src/result/view.ts';
import { faultyTarget, runScenario, runUndisturbed, SHORT } from '../support/sockbench.ts';

/** Long enough that a drowned generator receives some of the warm-up. */
const LONGER = ['--warmup', '1s', '--warmup-max', '1s'];
const GENERATOR = ['generator_busy', 'rate_not_held', 'send_lag', 'receive_uncertainty'];

describe('a run names whose limit it measured', () => {
  test('200 clients at 50 broadcasts/s on a raw ws server are a valid run', {
    timeout: 120_000,
  }, async () => {
    const load = ['--clients', '200', '--rate', '50/s', '--duration', '4s'];
    const warmup = ['--warmup', '1s', '--warmup-max', '2s'];
    const flags = ['broadcast-latency', '--target', 'ws', ...load, ...warmup];
    await runUndisturbed(flags, ({ code, stdout, result }) => {
      expect(result.ledger).toMatchObject({
        expected: 40_000,
        delivered: 40_000,
        lost: 0,
        duplicated: 0,
        reordered: 0,
      });
      expect(stdout.split('\n')[0]).toBe('VALID');
      expect(code).toBe(0);
    });
  });

  test('a load that the generator cannot hold is invalid for that reason, not a slow server', {
    timeout: 120_000,
  }, async () => {
    // With the driver wire, the server would be the limit.
    const driver = ['--driver', 'official'];
    const load = [
      '--clients',
      '1000',
      '--rate',
      '1000/s',
      '--duration',
      '1s',
      '--drain',
      '1s',
      ...LONGER,
      ...driver,
    ];
    const { code, stdout, result } = await runScenario('broadcast-latency', '--target', 'ws', ...load);
    expect(code).toBe(3);
    expect(result.clients.connected).toBe(1000);
    expect(result.invalid.some((reason) => GENERATOR.includes(reason.code))).toBe(true);
    expect(stdout.split('\n')[0]).toMatch(/^INVALID: the generator was the limit: generator 1 was busy/);
    expect(result.findings).toEqual([]);
  });

  test('a server that is busy 5 ms for each message is a valid run of an overloaded server', {
    timeout: 150_000,
  }, async () => {
    // The drain is as long as a busy machine needs to work off the queue.
    const load = ['--clients', '10', '--rate', '300/s', '--duration', '4s', '--drain', '30s', ...SHORT];
    const flags = ['broadcast-latency', ...(await faultyTarget('busy', 5)), ...load];
    await runUndisturbed(flags, ({ code, stdout, result }) => {
      const [first = ''] = stdout.split('\n');
      expect(first).toMatch(/^VALID, SERVER OVERLOADED: delivery p50 grew from .* to .* over the run/);
      expect(first).toMatch(/messages in flight when sending ended/);
      expect(first).toMatch(
        /the server's event loop was busy (9\d|100)(\.\d+)? % of the time and up to [\d.]+ m?s late/,
      );
      expect(code).toBe(0);
      expect(result.ledger.late).toBeGreaterThan(0);
    });
  });

  test('the same server below its limit is slow and not overloaded', async () => {
    const load = ['--clients', '10', '--rate', '60/s', '--duration', '3s', ...SHORT];
    const flags = ['broadcast-latency', ...(await faultyTarget('busy', 5)), ...load];
    await runUndisturbed(flags, ({ result }) => {
      expect(result.findings).toEqual([]);
      expect(viewResult(result).histogram('delivery')?.quantileNs(0.5)).toBeGreaterThan(5e6);
    });
  });
});
