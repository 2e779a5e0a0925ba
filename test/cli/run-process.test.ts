import { describe, expect, it } from 'vitest';
import { SilenceLimit } from '../../src/cli/run-process.ts';
import { VirtualTime } from '../support/virtual-time.ts';

/** A process that is given up after 30 s of silence; `heardAtMs`: when it reports something. */
function silentAfter(
  heardAtMs: readonly number[],
  prepare = (_time: VirtualTime, _limit: SilenceLimit) => {},
) {
  const time = new VirtualTime(0);
  const { promise, resolve } = Promise.withResolvers<{ seconds: number; atMs: number }>();
  const limit = new SilenceLimit(time, 30, (seconds) => resolve({ seconds, atMs: time.nowNs() / 1e6 }));
  for (const atMs of heardAtMs) time.after(atMs, () => limit.end());
  prepare(time, limit);
  return time.run(promise);
}

describe('the process of a run', () => {
  it('that reports nothing is given up after 30 s', async () => {
    expect(await silentAfter([])).toEqual({ seconds: 30, atMs: 30_000 });
  });

  it('that reports something has another 30 s', async () => {
    expect(await silentAfter([12_500, 41_500])).toEqual({ seconds: 30, atMs: 71_000 });
  });

  it('has 10 s after a stop', async () => {
    const given = await silentAfter([4500], (time, limit) => time.after(5500, () => limit.restart(10)));
    expect(given).toEqual({ seconds: 10, atMs: 15_000 });
  });

  it('is not given up because this one was stopped: that time counts as one second', async () => {
    const given = await silentAfter([], (time) => time.after(2500, () => time.moveTo(600e9)));
    expect(given.seconds).toBe(30);
    expect(given.atMs).toBeGreaterThan(600_000 + 26_000);
  });

  it('is not given up once it has ended', async () => {
    const ended = silentAfter([], (time, limit) => time.after(20_000, () => limit.close()));
    await expect(ended).rejects.toThrow('nothing is left to wait for');
  });
});
