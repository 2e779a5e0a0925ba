import { describe, expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import type { GivenOptions } from '../../src/contract/options.ts';
import type { Scenario } from '../../src/contract/scenario.ts';
import { decodeBroadcasts } from '../../src/measure/encoded-broadcasts.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { planFake } from '../support/fake-run.ts';
import type { Hop } from '../support/fake-server.ts';
import { FakeShards, type FakeShardsOptions } from '../support/fake-shards.ts';

const LOAD = { clients: '12', rate: '25/s', duration: '4s', warmup: '2s', warmupMax: '2s' };

function planned(scenario: Scenario, given: GivenOptions = {}) {
  return planFake(scenario, { ...LOAD, ...given });
}

async function shardsOf(options: FakeShardsOptions): Promise<RunResult[]> {
  return await new FakeShards(options).run();
}

const sum = (results: readonly RunResult[], value: (result: RunResult) => number) =>
  results.reduce((total, result) => total + value(result), 0);

describe('the shards of a run', () => {
  it('measure together', async () => {
    const results = await shardsOf({ planned: planned(broadcastLatency), count: 3 });
    for (const result of results) {
      expect(result).toMatchObject({ status: 'complete', invalid: [], findings: [] });
      expect(result.shard).toMatchObject({ count: 3, meeting: 'meeting of a test', lateMs: 0 });
    }
    const starts = new Set(results.map(({ shard }) => shard?.measureStartAt));
    expect(starts.size).toBe(1);
  });

  it('have each client in exactly one of them', async () => {
    const results = await shardsOf({ planned: planned(broadcastLatency), count: 5 });
    expect(results.map(({ clients }) => clients.connected)).toEqual([3, 3, 2, 2, 2]);
  });

  it('name the one that was late', async () => {
    const [, second] = await shardsOf({ planned: planned(broadcastLatency), count: 2, lateMs: [0, 700] });
    expect(second?.invalid).toEqual([
      { code: 'shard_late', message: 'shard 2/2 was ready 700ms after the agreed start' },
    ]);
  });

  it('wait in the drain for what others sent', async () => {
    // The last message takes three seconds to a client of another shard than its sender's.
    const network = ({ stamp, receiver }: Hop) =>
      stamp?.measured === true && stamp.seq === 99 && receiver === 1 ? [3000] : [1];
    const results = await shardsOf({ planned: planned(broadcastLatency), count: 2, behavior: { network } });
    expect(sum(results, ({ ledger }) => ledger.delivered)).toBe(100 * 12);
    expect(results[1]?.timing.drainMs).toBeGreaterThan(2900);
  });

  it('time messages of another host by its clock, apart from the others', async () => {
    const [first, second] = await shardsOf({
      planned: planned(broadcastLatency),
      count: 2,
      clocksAheadNs: [0, 5e9],
      compare: (_, other) => ({ ...other, boundNs: 2000 }),
    });
    // One client sends all 100 messages; six receivers are in its own shard, and six in the other.
    expect(first?.series['delivery']?.count).toBe(600);
    expect(first?.series['delivery_across_hosts']).toBeUndefined();
    expect(second?.series['delivery']).toBeUndefined();
    expect(second?.series['delivery_across_hosts']?.count).toBe(600);
    expect(second?.series['delivery_across_hosts']?.meanNs).toBeCloseTo(1.05e6, -5.3);
    expect(second?.ledger).toMatchObject({ delivered: 600, late: 0, unexpected: 0 });
    expect(second?.intervals.map(({ delivered }) => delivered)).toEqual([150, 150, 150, 150]);
    expect(second?.invalid).toEqual([]);
  });

  it('count messages of another host without timing them when its clock is unknown', async () => {
    const [, second] = await shardsOf({
      planned: planned(broadcastLatency),
      count: 2,
      clocksAheadNs: [0, 5e9],
      compare: (_, other) => ({ ...other, aheadNs: null, boundNs: null, problem: 'not compared' }),
    });
    expect(Object.keys(second?.series ?? {})).toEqual(['connect', 'receive_uncertainty']);
    expect(second?.ledger).toMatchObject({ delivered: 600, late: 0, unexpected: 0 });
    const [broadcast] = [...decodeBroadcasts(second?.shard?.broadcasts ?? '')];
    expect(broadcast).toMatchObject({ stream: 0, seq: 0, untimed: 6, latenciesNs: [] });
  });

  it('expect what they send of all clients when they do not hear of one another', async () => {
    const results = await shardsOf({ planned: planned(broadcastLatency), count: 3, announces: false });
    const expected = results.flatMap(({ shard }) => shard?.expected ?? []);
    expect(expected.reduce((total, each) => total + each, 0)).toBe(100 * 12);
  });
});
