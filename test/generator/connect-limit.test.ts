import { expect, it } from 'vitest';
import { ConnectLimit } from '../../src/generator/connect-limit.ts';
import { VirtualTime } from '../support/virtual-time.ts';

/** When each of `attempts` began, in ms, where each takes this long and at most two wait to be accepted. */
async function startsOf(takesMs: readonly number[]): Promise<number[]> {
  const time = new VirtualTime();
  const limit = new ConnectLimit(time, 2);
  const startedNs = time.nowNs();
  const startsMs: number[] = [];
  await time.run(
    (async () => {
      const held: Array<Promise<void>> = [];
      for (const ms of takesMs) {
        await limit.free();
        startsMs.push(Math.round((time.nowNs() - startedNs) / 1e6));
        held.push(limit.hold(time.sleep(ms)));
      }
      await Promise.all(held);
    })(),
  );
  return startsMs;
}

it('as many connections as the limit begin at once, and the next when one of them is over', async () => {
  expect(await startsOf([10, 30, 10, 10])).toEqual([0, 0, 10, 20]);
});

it('a server that takes long to answer has accepted after 250 ms', async () => {
  expect(await startsOf([5000, 5000, 5000])).toEqual([0, 0, 250]);
});

it('an attempt that fails makes room, and is reported', async () => {
  const time = new VirtualTime();
  const limit = new ConnectLimit(time, 1);
  await expect(limit.hold(Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  await limit.free();
});
