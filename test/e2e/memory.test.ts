import { expect, test } from 'vitest';
import { ANY_CPU, runScenario } from '../support/sockbench.ts';

test('ten times the duration takes the same memory, but for a few MiB', { timeout: 120_000 }, async () => {
  const load = ['--target', 'ws', '--clients', '20', '--rate', '400/s'];
  const more = ['--warmup', '0s', '--warmup-max', '0s', ...ANY_CPU];
  const heapAfter = async (duration: string) => {
    const { result } = await runScenario('broadcast-latency', ...load, ...more, '--duration', duration);
    const samples = result.telemetry.workers[0]?.samples ?? [];
    // The heap after collection: the minimum of the last eight seconds.
    return Math.min(...samples.slice(-8).map(({ heapUsedBytes }) => heapUsedBytes ?? Number.NaN));
  };
  const [short = Number.NaN, long = Number.NaN] = await Promise.all(['1600ms', '16s'].map(heapAfter));
  expect(long - short).toBeLessThan(8 * 1024 ** 2);
});
