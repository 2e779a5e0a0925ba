import { describe, expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { MAX_SLOWEST } from '../../src/measure/slowest-broadcasts.ts';
import { ShardMerge } from '../../src/result/merge/shard-merge.ts';
import { type RunResult, runResultSchema } from '../../src/result/run-result.ts';
import { FakeRun, planFake } from '../support/fake-run.ts';
import type { Hop } from '../support/fake-server.ts';
import { FakeShards } from '../support/fake-shards.ts';

/** 50 measured broadcasts, one every 40 ms, to 12 clients. */
const MESSAGES = 50;
const LOAD = { clients: '12', rate: '25/s', duration: '2s', warmup: '1s', warmupMax: '1s', drain: '1s' };
const planned = (workers: string) => planFake(broadcastLatency, { ...LOAD, workers });

/** The place of a broadcast among all by slowness, from 0 for the quickest: far from the order of sending. */
const rankOf = (seq: number) => (seq * 37) % MESSAGES;
const lastReceiverOf = (seq: number) => (seq * 5 + 3) % 12;
const lastMsOf = (seq: number) => 5 + 2 * rankOf(seq);

/** One client gets each broadcast last, and each broadcast at another time; all others after 1 ms. */
function network({ stamp, receiver }: Hop): number[] {
  const isLast = stamp?.measured === true && receiver === lastReceiverOf(stamp.seq);
  return [isLast ? lastMsOf(stamp.seq) : 1];
}

/** The slowest broadcasts that the network makes, the slowest first. */
const EXPECTED = Array.from({ length: MESSAGES }, (_, seq) => seq)
  .sort((a, b) => rankOf(b) - rankOf(a))
  .slice(0, MAX_SLOWEST)
  .map((seq) => ({ seq, lastReceiver: lastReceiverOf(seq), expected: 12, reached: 12 }));

function expectSlowest({ slowest }: RunResult): void {
  const named = slowest.map(({ seq, lastReceiver, expected, reached }) => {
    return { seq, lastReceiver, expected, reached };
  });
  expect(named).toEqual(EXPECTED);
  for (const { seq, atMs, firstNs, lastNs } of slowest) {
    // A pass of a generator process takes 0.1 ms.
    expect(Math.abs(atMs - seq * 40)).toBeLessThan(1);
    expect(Math.abs(lastNs / 1e6 - lastMsOf(seq))).toBeLessThan(1);
    expect(Math.abs(firstNs / 1e6 - 1)).toBeLessThan(1);
  }
}

describe('the slowest broadcasts of a run', () => {
  it.each(['1', '3'])(
    'are kept with their time and last receiver, with %s generator processes',
    async (workers) => {
      expectSlowest(await new FakeRun({ planned: planned(workers), behavior: { network } }).run());
    },
  );

  it.each(['1', '2'])(
    'are found by the merge of four shards, each with %s generator processes',
    async (workers) => {
      const merge = new ShardMerge();
      const shards = new FakeShards({ planned: planned(workers), behavior: { network }, count: 4 });
      for (const [index, result] of (await shards.run()).entries()) {
        merge.add(`shard-${index}.json`, runResultSchema.parse(JSON.parse(JSON.stringify(result))));
      }
      expectSlowest(merge.result());
    },
  );

  it('include those that did not reach all of their receivers', async () => {
    const [, , , { seq: lossy } = { seq: 0 }] = EXPECTED;
    const lost = (lastReceiverOf(lossy) + 1) % 12;
    const loses = (hop: Hop) =>
      hop.stamp?.measured === true && hop.stamp.seq === lossy && hop.receiver === lost ? [] : network(hop);
    const { slowest } = await new FakeRun({ planned: planned('1'), behavior: { network: loses } }).run();
    expect(slowest.map(({ seq, reached }) => ({ seq, reached }))).toEqual(
      EXPECTED.map(({ seq }) => ({ seq, reached: seq === lossy ? 11 : 12 })),
    );
  });
});

describe('a client that the server disconnects', () => {
  it('is counted in the second in which it happened', async () => {
    const run = new FakeRun({ planned: planned('3') });
    run.during('measure', 1300, () => run.server.connections.get(5)?.drop('kicked'));
    expect((await run.run()).disconnects).toEqual([{ atMs: 1000, count: 1 }]);
  });
});
