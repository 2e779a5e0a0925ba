import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ackRoundtrip } from '../../scenarios/ack-roundtrip.ts';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { roomFanout } from '../../scenarios/room-fanout.ts';
import { streamReply } from '../../scenarios/stream-reply.ts';
import { chat, type Mapping } from '../../src/contract/mapping.ts';
import type { GivenOptions } from '../../src/contract/options.ts';
import { EVENT } from '../../src/contract/protocol.ts';
import type { Scenario } from '../../src/contract/scenario.ts';
import { isUnstalled } from '../../src/measure/series.ts';
import { findStamp } from '../../src/measure/stamp.ts';
import { buildPlan } from '../../src/plan/plan.ts';
import { withDropped } from '../../src/result/dropped.ts';
import { ShardMerge } from '../../src/result/merge/shard-merge.ts';
import { type RunResult, runResultSchema } from '../../src/result/run-result.ts';
import { viewResult } from '../../src/result/view.ts';
import { judgeRun } from '../../src/run/validity/judge.ts';
import { FakeRun, planFake } from '../support/fake-run.ts';
import type { Hop, ServerBehavior } from '../support/fake-server.ts';
import { FakeShards, type FakeShardsOptions } from '../support/fake-shards.ts';
import { targetWith } from '../support/plan.ts';

const LOAD = { clients: '12', rate: '25/s', duration: '2s', warmup: '1s', warmupMax: '1s', drain: '1s' };

function planned(scenario: Scenario, given: GivenOptions = {}) {
  return planFake(scenario, { ...LOAD, ...given });
}

/** The whole of a run that was carried out in shards, as `merge` makes it from their files. */
async function merged(options: FakeShardsOptions): Promise<RunResult> {
  const merge = new ShardMerge();
  for (const result of await new FakeShards(options).run()) {
    const stored = runResultSchema.parse(JSON.parse(JSON.stringify(result)));
    merge.add(`shard-${stored.shard?.index}.json`, stored);
  }
  return judgeRun(merge.result(), []);
}

/** A network that loses, repeats, delays and swaps some measured messages, the same ones in every run. */
function faultyNetwork(seed: number): ServerBehavior['network'] {
  return ({ stamp, receiver }: Hop) => {
    if (stamp?.measured !== true) return [1];
    const { stream, seq } = stamp;
    const drawn = Math.imul(stream * 7919 + seq * 104_729 + receiver * 1_299_709 + seed, 0x9e3779b1) >>> 24;
    if (drawn < 16) return [];
    if (drawn < 32) return [1, 2];
    if (drawn < 40) return [1200];
    return drawn < 48 ? [90] : [1];
  };
}

/** Everything of a result that one run and the merge of its shards must have in common. */
function countsOf(result: RunResult) {
  const { rate, clients, ledger, samples, intervals, series, invalid, findings, populations } = result;
  return {
    populations,
    rate: { intended: rate.intended, sent: rate.sent, unsent: rate.unsent },
    clients,
    ledger,
    samples,
    findings: findings.map(({ code, message }) => [code, message]),
    invalid,
    intervals: intervals.map(({ series: _, ...counts }) => counts),
    series: Object.fromEntries(
      Object.entries(series)
        // Each shard looks at its sockets at times of its own.
        .filter(([name]) => name !== 'receive_uncertainty' && !isUnstalled(name))
        .map(([name, { count }]) => [name, count]),
    ),
  };
}

const RATED: GivenOptions = {
  rate: undefined,
  population: 'a: clients=30% publishers=2 rate=15/s; b: publishers=3 rate=10/s',
};

const SCENARIOS: ReadonlyArray<[string, Scenario, GivenOptions]> = [
  ['broadcasts', broadcastLatency, {}],
  ['broadcasts of several publishers', broadcastLatency, { publishers: '3' }],
  ['rooms', roomFanout, { rooms: '3' }],
  ['acknowledgements', ackRoundtrip, {}],
  ['streamed replies', streamReply, {}],
  ['populations', broadcastLatency, { population: 'a: clients=30% publishers=2; b: clients=30%' }],
  ['populations with rates', ackRoundtrip, RATED],
];

describe('the merge of all shards equals one run', () => {
  it.each(SCENARIOS)('of %s', async (_, scenario, given) => {
    const whole = await new FakeRun({ planned: planned(scenario, given) }).run();
    const parts = await merged({ planned: planned(scenario, given), count: 4 });
    expect(countsOf(parts)).toEqual(countsOf(whole));
    expect(parts.ledger).toMatchObject({ lost: 0, unknown: 0 });
  });

  it.each(SCENARIOS)(
    'of %s over a network that loses, repeats, delays and swaps',
    async (_, scenario, given) => {
      const cases = fc.record({ seed: fc.nat(1000), count: fc.integer({ min: 2, max: 5 }) });
      await fc.assert(
        fc.asyncProperty(cases, async ({ seed, count }) => {
          const behavior = { network: faultyNetwork(seed) };
          const whole = await new FakeRun({ planned: planned(scenario, given), behavior }).run();
          const parts = await merged({ planned: planned(scenario, given), behavior, count });
          expect(countsOf(parts)).toEqual(countsOf(whole));
        }),
        { numRuns: 2 },
      );
    },
  );

  it('also when arrivals are random, each shard has two workers and some clients cannot connect', async () => {
    const given = { arrival: 'poisson', workers: '2', seed: '7' };
    const behavior = { refuses: (client: number) => (client === 5 ? 'HTTP status 403' : null) };
    const whole = await new FakeRun({ planned: planned(roomFanout, given), behavior }).run();
    const parts = await merged({ planned: planned(roomFanout, given), behavior, count: 3 });
    expect(countsOf(parts)).toEqual(countsOf(whole));
    expect(parts.ledger.expected).toBeGreaterThan(0);
    expect(parts.invalid.map(({ code }) => code)).toEqual(['sender_lost', 'clients_lost']);
  });

  it('also of what slow readers got', async () => {
    const given = { disrupt: 'slow at=1s read=0 clients=50%' };
    const behavior = { network: ({ receiver }: Hop) => (receiver % 5 === 0 ? [] : [1]) };
    const whole = await new FakeRun({ planned: planned(ackRoundtrip, given), behavior }).run();
    const parts = await merged({ planned: planned(ackRoundtrip, given), behavior, count: 3 });
    expect(parts.slowReaders).toEqual(whole.slowReaders);
    expect(parts.slowReaders).toMatchObject({ fromMs: 1000, slow: { clients: 6 }, others: { clients: 6 } });
    const noteOf = ({ notes }: RunResult) => notes.filter(({ code }) => code === 'slow_readers');
    expect(noteOf(parts)).toEqual(noteOf(whole));
  });

  it('also between hosts whose clocks are compared', async () => {
    const whole = await new FakeRun({ planned: planned(broadcastLatency) }).run();
    const parts = await merged({
      planned: planned(broadcastLatency),
      count: 3,
      clocksAheadNs: [0, 5e9, -2e9],
      compare: (_, other) => ({ ...other, boundNs: 20_000 }),
    });
    expect(countsOf(parts)).toEqual(countsOf(whole));
    expect(viewResult(parts).quantileNs('delivery', 0.5)).toBeCloseTo(1.05e6, -5);
  });

  it('but for latencies where clocks do not compare, whose messages are counted all the same', async () => {
    const whole = await new FakeRun({ planned: planned(broadcastLatency) }).run();
    const parts = await merged({
      planned: planned(broadcastLatency),
      count: 2,
      clocksAheadNs: [0, 5e9],
      compare: (_, other) => ({ ...other, boundNs: 5e9 }),
    });
    expect(parts.ledger).toEqual(whole.ledger);
    expect(parts.series['delivery']?.count).toBe(whole.ledger.expected / 2);
    expect(Object.keys(parts.series)).not.toContain('delivery_across_hosts');
    expect(parts.notes.map(({ code }) => code)).toContain('not_timed');
  });

  it('and is invalid when a shard was late', async () => {
    const parts = await merged({ planned: planned(broadcastLatency), count: 3, lateMs: [0, 0, 400] });
    expect(parts.invalid.map(({ code }) => code)).toContain('shard_late');
    expect(parts.invalid[0]?.message).toMatch(/shard 3\/3/);
  });
});

/** Every fifth measured message is a request to which the server says no, by turns for one of two reasons. */
const rejecting: Mapping = {
  ...chat,
  publish: (message) => {
    const { seq = 0, measured = false } = findStamp(message.payload) ?? {};
    if (!measured || seq % 5 !== 0) return chat.publish(message);
    const error = seq % 2 === 0 ? 'cool-down' : 'muted';
    return { event: EVENT.hello, data: { error }, reply: 'acknowledgement' };
  },
  reply: () => undefined,
};

describe('the merge of messages that the server rejects or drops', () => {
  it.each(['1', '3'])('counts what one run rejects, by reason, of %s publishers', async (publishers) => {
    const given = { publishers, duration: '4s' };
    const whole = await new FakeRun({ planned: planned(broadcastLatency, given), mapping: rejecting }).run();
    const parts = await merged({ planned: planned(broadcastLatency, given), mapping: rejecting, count: 3 });
    expect(countsOf(parts)).toEqual(countsOf(whole));
    expect(parts.rejected).toEqual(whole.rejected);
    expect(parts.rejected.map(({ reason }) => reason).toSorted()).toEqual(['cool-down', 'muted']);
    const rejected = parts.rejected.reduce((sum, { count }) => sum + count, 0);
    expect(parts.ledger).toMatchObject({ expected: (100 - rejected) * 12, lost: 0 });
  });

  it('counts what one run drops, and loses nothing', async () => {
    const target = targetWith({ url: 'ws://fake', droppable: true });
    const droppable = buildPlan(broadcastLatency, LOAD, () => target);
    const behavior = { network: faultyNetwork(3) };
    const whole = await new FakeRun({ planned: droppable, behavior }).run();
    const parts = withDropped(await merged({ planned: droppable, behavior, count: 3 }));
    expect(parts.ledger).toEqual(whole.ledger);
    expect(parts.ledger.dropped).toBeGreaterThan(10);
    expect(parts.intervals.every(({ lost }) => lost === 0)).toBe(true);
    // Each shard samples it at times of its own.
    expect(parts.series['freshness']?.count).toBeGreaterThan(12 * 17);
  });
});
