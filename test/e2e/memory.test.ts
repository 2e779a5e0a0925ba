import { expect, test } from 'vitest';
import { ANY_CPU, runScenario, SHORT } from '../support/sockbench.ts';

test('ten times the duration takes the same memory, but for a few MiB', { timeout: 120_000 }, async () => {
  const load = ['--clients', '20', '--rate', '200/s', '--target', 'ws', ...SHORT, ...ANY_CPU];
  const heapAfter = async (duration: string) => {
    const { result } = await runScenario('broadcast-latency', ...load, '--duration', duration);
    const samples = result.telemetry.workers[0]?.samples ?? [];
    // The heap after collection: the minimum of the last ten seconds.
    return Math.min(...samples.slice(-10).map(({ heapUsedBytes }) => heapUsedBytes ?? Number.NaN));
  };
  const [short = Number.NaN, long = Number.NaN] = await Promise.all(['2s', '20s'].map(heapAfter));
  expect(long - short).toBeLessThan(8 * 1024 ** 2);
});
