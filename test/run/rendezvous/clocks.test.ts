import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readOriginNs, shardOriginNs } from '../../../src/measure/clock.ts';
import { compareClocks, overRun, throughThird } from '../../../src/run/rendezvous/clock-exchange.ts';
import type { Announced } from '../../../src/run/rendezvous/documents.ts';
import { aheadOnSameBoot, readBoot } from '../../../src/run/rendezvous/host-clock.ts';
import { othersOf } from '../../../src/run/rendezvous/url-meeting.ts';
import { VirtualTime } from '../../support/virtual-time.ts';
import { madeNonce } from './made-shard.ts';

const BLOCK_NS = 2n ** 50n;

describe('the origin of a shard', () => {
  it('is the same for two readings of one block of 13 days, and never ahead of them', () => {
    expect(shardOriginNs(5n * BLOCK_NS + 7n)).toBe(5n * BLOCK_NS);
    expect(shardOriginNs(6n * BLOCK_NS - 1n)).toBe(5n * BLOCK_NS);
    expect(shardOriginNs(6n * BLOCK_NS)).toBe(6n * BLOCK_NS);
    const nowNs = readOriginNs();
    expect(nowNs - shardOriginNs(nowNs)).toBeLessThan(BLOCK_NS);
  });
});

describe('the clock of a host', () => {
  const files = (given: Readonly<Record<string, string>>) => (path: string) => given[path] ?? null;
  const [bootFile, offsetsFile] = ['/proc/sys/kernel/random/boot_id', '/proc/self/timens_offsets'];

  it.each([
    ['without time namespaces', { [bootFile]: 'boot' }, 'boot'],
    [
      'without an offset',
      {
        [bootFile]: 'boot',
        [offsetsFile]: 'monotonic           0         0\nboottime            0         0',
      },
      'boot',
    ],
    [
      'with seconds of offset',
      {
        [bootFile]: 'boot',
        [offsetsFile]: 'monotonic       86400         0\nboottime            0         0',
      },
      null,
    ],
    [
      'with nanoseconds of offset',
      {
        [bootFile]: 'boot',
        [offsetsFile]: 'monotonic           0         5\nboottime            0         0',
      },
      null,
    ],
    [
      'with an offset of another clock',
      { [bootFile]: 'boot', [offsetsFile]: 'monotonic 0 0\nboottime 9 0' },
      'boot',
    ],
    ['without /proc', {}, null],
  ])('is known by its boot %s', (_, given, boot) => {
    expect(readBoot(files(given))).toBe(boot);
  });

  it('compares exactly with one of the same boot, and not at all with others', () => {
    const clock = (boot: string | null, originNs: bigint) => ({ boot, originNs: String(originNs) });
    expect(aheadOnSameBoot(clock('a', 0n), clock('a', 0n))).toBe(0);
    // The other one counts from a later origin, so it reads less.
    expect(aheadOnSameBoot(clock('a', 0n), clock('a', BLOCK_NS))).toBe(-Number(BLOCK_NS));
    expect(aheadOnSameBoot(clock('a', 0n), clock('b', 0n))).toBeNull();
    expect(aheadOnSameBoot(clock(null, 0n), clock(null, 0n))).toBeNull();
  });
});

/** Asks a host whose clock is ahead, over a network with the given delays there and back, in microseconds. */
function asking(time: VirtualTime, aheadNs: number, delaysUs: ReadonlyArray<readonly [number, number]>) {
  let asked = 0;
  return async () => {
    const [thereUs, backUs] = delaysUs[asked++ % delaysUs.length] ?? [0, 0];
    await time.sleep(thereUs / 1000);
    const receivedNs = time.nowNs() + aheadNs;
    await time.sleep(0.05);
    const sentNs = time.nowNs() + aheadNs;
    await time.sleep(backUs / 1000);
    return { receivedNs, sentNs, arrivedNs: time.nowNs() };
  };
}

describe('the comparison of two clocks', () => {
  it('takes the exchange with the shortest round trip', async () => {
    const time = new VirtualTime();
    const ask = asking(time, 5e9, [
      [900, 100],
      [30, 50],
      [2000, 9000],
    ]);
    expect(await time.run(compareClocks(ask, time))).toEqual({ aheadNs: 5e9 - 10_000, boundNs: 40_001 });
  });

  it('holds the true difference within the bound, however unequal the ways are', async () => {
    const delays = fc.array(fc.tuple(fc.nat(5000), fc.nat(5000)), { minLength: 1, maxLength: 20 });
    const ahead = fc.integer({ min: -1e15, max: 1e15 });
    await fc.assert(
      fc.asyncProperty(delays, ahead, async (delaysUs, aheadNs) => {
        const time = new VirtualTime(2e15);
        const compared = await time.run(compareClocks(asking(time, aheadNs, delaysUs), time));
        expect(Math.abs(compared.aheadNs - aheadNs)).toBeLessThanOrEqual(compared.boundNs);
        const shortestUs = Math.min(...delaysUs.map(([there, back]) => there + back));
        expect(compared.boundNs).toBeLessThanOrEqual((shortestUs * 1000) / 2 + 2);
      }),
      { numRuns: 30 },
    );
  });

  it('ends after two seconds on a slow network, with eight exchanges at least', async () => {
    const time = new VirtualTime(0);
    await time.run(compareClocks(asking(time, 0, [[30_000, 30_000]]), time));
    expect(time.nowNs()).toBeGreaterThan(2e9);
    expect(time.nowNs()).toBeLessThan(2.1e9);
    const slow = new VirtualTime(0);
    await slow.run(compareClocks(asking(slow, 0, [[300_000, 300_000]]), slow));
    expect(slow.nowNs()).toBeCloseTo(8 * 600.05e6, -3);
  });

  it('adds up through a third clock, and adds the drift of the run', () => {
    const [own, other] = [
      { aheadNs: 500, boundNs: 20 },
      { aheadNs: 100, boundNs: 30 },
    ];
    expect(throughThird(own, other)).toEqual({ aheadNs: -400, boundNs: 50 });
    expect(overRun(own, { aheadNs: 470, boundNs: 25 })).toEqual({ aheadNs: 500, boundNs: 55 });
  });
});

describe('the other shards, as one of them sees their clocks', () => {
  const made = (index: number, boot: string | null): Announced => ({
    nonce: madeNonce(),
    index,
    count: 3,
    planDigest: 'plan',
    host: `host-${index}`,
    clock: { boot, originNs: '0' },
    members: [],
  });
  const startOf = (
    boots: ReadonlyArray<string | null>,
    clocks: ReadonlyArray<readonly [number, number]>,
  ) => ({
    planDigest: 'plan',
    participants: boots.map((boot, at) => made(at + 1, boot)),
    startNs: 0,
    clocks: clocks.map(([aheadNs, boundNs], at) => ({ index: at + 1, aheadNs, boundNs })),
  });

  it('are compared through shard 1, and exactly on one boot', () => {
    const start = startOf(
      ['a', 'b', 'b'],
      [
        [0, 0],
        [7e9, 100],
        [7e9 + 30, 200],
      ],
    );
    const known = (index: number) => ({ index, host: `host-${index}`, problem: null });
    expect(othersOf(start, 2, null)).toEqual([
      { ...known(1), aheadNs: -7e9, boundNs: 100 },
      { ...known(3), aheadNs: 0, boundNs: 0 },
    ]);
    expect(othersOf(start, 1, null)).toEqual([
      { ...known(2), aheadNs: 7e9, boundNs: 100 },
      { ...known(3), aheadNs: 7e9 + 30, boundNs: 200 },
    ]);
  });

  it('are compared by measuring where machines only claim to be one: copies of a snapshot', () => {
    const start = startOf(
      ['a', 'a', 'a'],
      [
        [0, 0],
        [60e9, 1000],
        [2000, 1000],
      ],
    );
    expect(othersOf(start, 1, null)).toMatchObject([
      { index: 2, aheadNs: 60e9, boundNs: 1000 },
      { index: 3, aheadNs: 0, boundNs: 0 },
    ]);
  });

  it('have the bound of the whole run afterwards, and none where one did not compare again', () => {
    const start = startOf(
      ['a', 'b', 'a'],
      [
        [0, 0],
        [5000, 100],
        [40, 60],
      ],
    );
    const after = [
      { index: 1, aheadNs: 0, boundNs: 0 },
      { index: 2, aheadNs: 5300, boundNs: 150 },
    ];
    expect(othersOf(start, 1, after)).toMatchObject([
      { index: 2, aheadNs: 5000, boundNs: 450, problem: null },
      { index: 3, aheadNs: 0, boundNs: 0, problem: null },
    ]);
    expect(othersOf(start, 2, after)).toMatchObject([
      { index: 1, aheadNs: -5000, boundNs: 450, problem: null },
      {
        index: 3,
        host: 'host-3',
        aheadNs: null,
        boundNs: null,
        problem: 'shard 3 did not compare its clock again after measuring',
      },
    ]);
    expect(othersOf(start, 2, [])).toMatchObject([
      { aheadNs: null, problem: 'this shard did not compare its clock again after measuring' },
      { aheadNs: null },
    ]);
  });
});
