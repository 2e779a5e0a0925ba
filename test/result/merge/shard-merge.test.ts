import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBroadcasts } from '../../../src/measure/encoded-broadcasts.ts';
import { ShardMerge } from '../../../src/result/merge/shard-merge.ts';
import type { RunResult } from '../../../src/result/run-result.ts';
import { HistogramSum } from '../../../src/result/stored-series.ts';
import { NsHistogram, viewResult } from '../../../src/result/view.ts';
import {
  figuresOf,
  type MadeRun,
  madeShard,
  madeShards,
  reread,
  wholeOf,
} from '../../support/made-shards.ts';
import { everyoneHears, madeRuns } from './made-run.ts';

function mergeAll(shards: readonly RunResult[]): RunResult {
  const merge = new ShardMerge();
  for (const [index, shard] of shards.entries()) merge.add(`${index}.json`, shard);
  return merge.result();
}

/** The shards of a run, some of them edited. */
function edited(
  run: MadeRun,
  count: number,
  edit: (result: RunResult, index: number) => RunResult,
): RunResult[] {
  return madeShards(run, count).map((result, shard) => reread(edit(result, shard + 1)));
}

/** Mean and deviation of every merged series take 10 ms. */
const FEW = process.env['EXPLORE'] === '1' ? {} : { numRuns: 25 };

describe('the merge of all shards of a run', () => {
  it('has the figures of the whole, in any number of parts and in any order', () => {
    fc.assert(
      fc.property(madeRuns, fc.integer({ min: 1, max: 5 }), fc.nat(), (run, count, turn) => {
        const shards = madeShards(run, count);
        const turned = shards.map((_, place) => shards[(place + turn) % count] as RunResult);
        const merged = mergeAll(turned);
        expect(figuresOf(merged)).toEqual(wholeOf(run));
        expect(merged.shards?.map(({ index }) => index)).toEqual(shards.map((_, place) => place + 1));
      }),
      FEW,
    );
  });

  it('can be read again', () => {
    const merged = mergeAll(madeShards(everyoneHears(6), 3));
    expect(reread(merged)).toEqual(merged);
  });

  it('keeps exact sums where a shard has longer intervals than another', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(madeRuns, lengths, lengths, (run, first, second) => {
        const groups = [first, second];
        const merged = mergeAll(edited(run, 2, (result, index) => coarser(result, groups[index - 1] ?? [])));
        const whole = wholeOf(run);
        const { intervals } = figuresOf(merged);
        for (const name of ['sent', 'expected', 'delivered'] as const) {
          const total = (each: typeof intervals) => each.reduce((sum, interval) => sum + interval[name], 0);
          expect(total(intervals)).toBe(total(whole.intervals));
        }
        expect(merged.intervals.reduce((sum, { lengthMs }) => sum + lengthMs, 0)).toBe(1000 * run.seconds);
        const sum = new HistogramSum();
        for (const { series } of merged.intervals)
          if (series['delivery'] !== undefined) sum.add(series['delivery']);
        expect(sum.histogram().buckets()).toEqual(whole.series['delivery'] ?? []);
      }),
      FEW,
    );
  });

  it('adds up clients, messages, traffic and reasons, and takes the longest phases', () => {
    const merged = mergeAll(
      edited(everyoneHears(6), 2, (result, index) => ({
        ...result,
        startedAt: `2026-03-04T05:06:0${9 - index}.000Z`,
        timing: { ...result.timing, connectMs: 100 * index },
        clients: { ...result.clients, failures: [{ reason: 'refused', count: index }] },
        traffic: { sentBytes: 1, receivedBytes: 10, requests: 100, polls: 1000, emptyPolls: 10_000 },
        warmup: {
          durationMs: 1000 * index,
          stable: index === 1,
          endedBy: 'plan',
          windowMs: 1000,
          windowMediansNs: [1, 2, 3],
        },
      })),
    );
    expect(merged).toMatchObject({
      status: 'complete',
      startedAt: '2026-03-04T05:06:07.000Z',
      timing: { connectMs: 200, measureMs: 1000 },
      clients: { planned: 6, connected: 6, failures: [{ reason: 'refused', count: 3 }] },
      rate: { intended: 40, sent: 40, intendedHz: 40, achievedHz: 40 },
      traffic: { sentBytes: 2, receivedBytes: 20, requests: 200, polls: 2000, emptyPolls: 20_000 },
      warmup: { durationMs: 2000, stable: false, windowMediansNs: [] },
      shard: null,
    });
  });

  it('keeps the processes of all shards apart, and names what their machines do not share', () => {
    const process = {
      role: 'generator 1',
      pid: 7,
      source: 'probe',
      rssBeforeBytes: null,
      samples: [],
    } as const;
    const merged = mergeAll(
      edited(everyoneHears(6), 3, (result, index) => ({
        ...result,
        telemetry: { servers: [], workers: [{ ...process, samples: [] }] },
        environment: {
          ...result.environment,
          kernel: index === 2 ? '6.8.0' : '6.1.0',
          commit: `${index}`.repeat(40),
        },
      })),
    );
    expect(merged.telemetry.workers.map(({ role }) => role)).toEqual([
      'shard 1, generator 1 (host-1)',
      'shard 2, generator 1 (host-2)',
      'shard 3, generator 1 (host-3)',
    ]);
    expect(merged.notes).toEqual([
      {
        code: 'shards_differ',
        message:
          'the shards ran on different machines or programs: kernel 6.1.0 (shard 1/3) and 6.8.0 (shard 2/3); commit 111111111111 (shard 1/3), 222222222222 (shard 2/3) and 333333333333 (shard 3/3)',
      },
    ]);
    expect(merged.environment.commit).toBe('1'.repeat(40));
    expect(merged.shards?.map(({ environment }) => environment.kernel)).toEqual(['6.1.0', '6.8.0', '6.1.0']);
  });

  it('does not know what receivers of a lost process got', () => {
    // Shard 2 of 3 has clients 1 and 4, and lost the process of client 4 after it had got 10 of 40 messages.
    const run = everyoneHears(6);
    const merged = mergeAll(
      edited(run, 3, (result, index) => {
        if (index !== 2 || result.shard === null) return result;
        const ledger = { ...result.ledger, expected: 50, delivered: 50 };
        const accounts = result.shard.accounts.filter(({ receivers }) => receivers[0] === 1);
        const silent = { receivers: [{ stream: 0, count: 1 }], delivered: 10, includesSender: false };
        return {
          ...result,
          ledger,
          shard: { ...result.shard, accounts, silent, broadcasts: encodeBroadcasts([]) },
        };
      }),
    );
    expect(merged.ledger).toMatchObject({
      expected: 240,
      delivered: 210,
      unknown: 30,
      lost: 0,
      anomalyCount: 0,
    });
  });

  it('does not know what was sent where a sender was lost', () => {
    // Client 0 sends everything; its shard knows of 15 messages when its process ends.
    const merged = mergeAll(
      edited(everyoneHears(6), 3, (result, index) => {
        if (index !== 1 || result.shard === null) return result;
        const streams = result.shard.streams.map((stream) => ({ ...stream, sent: 15 }));
        const silent = { ...result.shard.silent, includesSender: true };
        return { ...result, shard: { ...result.shard, streams, silent } };
      }),
    );
    // Senders had counted 240 deliveries as expected, interval by interval.
    expect(merged.ledger).toMatchObject({ expected: 240, delivered: 240, lost: 0, unknown: 0 });
  });

  it('lists the receivers that lost most, wherever they are', () => {
    const run = everyoneHears(4, 10);
    const losing = {
      ...run,
      messages: run.messages.map((message) => ({
        ...message,
        deliveries: message.deliveries.map((each) =>
          // Client 1 loses all, client 3 loses one.
          each.receiver === 1 || (each.receiver === 3 && message.seq === 0)
            ? { ...each, latencyNs: null }
            : each,
        ),
      })),
    };
    const merged = mergeAll(madeShards(losing, 4));
    expect(merged.ledger).toMatchObject({ expected: 40, delivered: 29, lost: 11, anomalyCount: 2 });
    expect(merged.ledger.anomalies.map(({ receiver, lost, expected }) => [receiver, lost, expected])).toEqual(
      [
        [1, 10, 10],
        [3, 1, 10],
      ],
    );
    expect(merged.samples).toEqual({ unit: 'broadcast', count: 10, incomplete: 10 });
  });
});

/** A result whose intervals are merged in groups of these sizes, as in a long run. */
function coarser(result: RunResult, sizes: readonly number[]): RunResult {
  const { shard, intervals } = result;
  if (shard === null) return result;
  const groups: number[][] = [];
  let place = 0;
  for (const size of sizes) {
    const group = intervals.map((_, index) => index).slice(place, place + size);
    if (group.length > 0) groups.push(group);
    place += size;
  }
  const merged = groups.map((group) => {
    const of = group.flatMap((index) => intervals[index] ?? []);
    const total = (name: 'lengthMs' | 'intended' | 'sent' | 'expected' | 'delivered' | 'lost') =>
      of.reduce((sum, each) => sum + each[name], 0);
    const names = new Set(of.flatMap(({ series }) => Object.keys(series)));
    const series = [...names].map((name) => {
      const sum = new HistogramSum();
      for (const each of of) if (each.series[name] !== undefined) sum.add(each.series[name]);
      return [name, sum.encode()];
    });
    return {
      startMs: of[0]?.startMs ?? 0,
      ...{ lengthMs: total('lengthMs'), intended: total('intended'), sent: total('sent') },
      ...{ expected: total('expected'), delivered: total('delivered'), lost: total('lost'), missed: 0 },
      series: Object.fromEntries(series) as Record<string, string>,
    };
  });
  const expected = groups.map((group) => group.reduce((sum, index) => sum + (shard.expected[index] ?? 0), 0));
  return { ...result, intervals: merged, shard: { ...shard, expected } };
}

describe('latencies between hosts', () => {
  const run = everyoneHears(4, 40, 10e6);
  /** Two hosts, whose clocks compare within `boundNs`. */
  const between = (boundNs: number | null, problem: string | null = null) =>
    edited(run, 2, (result, index) => {
      const { shard, series, intervals } = result;
      if (shard === null) return result;
      const aheadNs = boundNs === null ? null : 123;
      const others = shard.others.map((other) => ({ ...other, aheadNs, boundNs, problem }));
      // Shard 2 gets everything from shard 1.
      const isFar = index === 2;
      const rename = <Value>({ delivery, ...rest }: Record<string, Value>) =>
        delivery === undefined || !isFar
          ? { ...rest, ...(delivery === undefined ? {} : { delivery }) }
          : boundNs === null
            ? rest
            : { ...rest, delivery_across_hosts: delivery };
      const broadcasts =
        isFar && boundNs === null
          ? encodeBroadcasts(
              run.messages.map(({ stream, seq, second }) => ({
                stream,
                seq,
                second,
                untimed: 2,
                latenciesNs: [],
              })),
            )
          : shard.broadcasts;
      return {
        ...result,
        series: rename(series),
        intervals: intervals.map((each) => ({ ...each, series: rename(each.series) })),
        shard: { ...shard, others, broadcasts },
      };
    });

  it('count where the clocks compare within 10 % of their median', () => {
    const merged = mergeAll(between(1e6));
    expect(figuresOf(merged)).toEqual(wholeOf(run));
    expect(merged.notes).toEqual([]);
    expect(merged.shards?.map(({ clockBoundNs }) => clockBoundNs)).toEqual([1e6, 1e6]);
  });

  it('are left out, with their broadcasts, where the clocks compare worse', () => {
    const merged = mergeAll(between(1.1e6));
    expect(Object.keys(merged.series)).toEqual(['delivery']);
    expect(merged.series['delivery']?.count).toBe(80);
    expect(merged.ledger).toMatchObject({ expected: 160, delivered: 160, lost: 0 });
    expect(merged.samples).toEqual({ unit: 'broadcast', count: 40, incomplete: 0 });
    expect(merged.intervals.every(({ series }) => Object.keys(series).join() === 'delivery')).toBe(true);
    expect(merged.notes).toEqual([
      {
        code: 'not_timed',
        message:
          '80 deliveries between hosts are left out of the latencies: the clocks of shard 2/2 (host-2) and shard 1/2 (host-1) compare within 1.10 ms, limit 10 % of their median of 10.0 ms',
      },
      {
        code: 'not_timed',
        message:
          '40 of 40 broadcasts are left out of the fan-out, because not all of their receivers were timed',
      },
    ]);
  });

  it('do not exist where the clocks are not compared', () => {
    const merged = mergeAll(between(null, 'shards that start at a time do not meet'));
    expect(Object.keys(merged.series)).toEqual(['delivery']);
    expect(merged.ledger).toMatchObject({ expected: 160, delivered: 160, lost: 0 });
    expect(merged.samples).toEqual({ unit: 'broadcast', count: 40, incomplete: 0 });
    expect(merged.notes.map(({ message }) => message)).toEqual([
      '40 of 40 broadcasts are left out of the fan-out, because not all of their receivers were timed',
      '80 of 160 deliveries were counted without a latency, because the clocks of their shards were not compared: shard 2/2 (host-2), of shard 1/2: shards that start at a time do not meet',
    ]);
    expect(merged.shards?.[0]).toMatchObject({
      clockBoundNs: null,
      clockProblem: 'shards that start at a time do not meet',
    });
  });

  it('make the series without stalls incomplete, so that it is left out', () => {
    const withUnstalled = (shards: RunResult[]) =>
      shards.map((result, index) => {
        const { delivery, delivery_across_hosts: far } = result.series;
        const unstalled = delivery ?? far;
        if (unstalled === undefined || index > 0) return result;
        return reread({ ...result, series: { ...result.series, delivery_unstalled: unstalled } });
      });
    expect(mergeAll(withUnstalled(between(1e6))).series['delivery_unstalled']).toBeUndefined();
    expect(mergeAll(withUnstalled(between(2e6))).series['delivery_unstalled']?.count).toBe(80);
  });

  it('are judged by the worse direction of each pair', () => {
    const shards = between(1e6).map((result, index) => {
      const { shard } = result;
      if (shard === null || index === 1) return result;
      return reread({
        ...result,
        shard: { ...shard, others: shard.others.map((each) => ({ ...each, boundNs: 3e6 })) },
      });
    });
    expect(mergeAll(shards).series['delivery']?.count).toBe(80);
  });
});

describe('the fan-out', () => {
  it('is left out where a shard could not keep its broadcasts', () => {
    const problem = 'more than 8,000,000 latencies of broadcasts are not kept';
    const merged = mergeAll([
      madeShard(everyoneHears(4), { index: 1, count: 2 }),
      madeShard(everyoneHears(4), { index: 2, count: 2 }, { broadcasts: null, broadcastsProblem: problem }),
    ]);
    expect(Object.keys(merged.series)).toEqual(['delivery']);
    expect(merged.notes.map(({ message }) => message)).toEqual([
      `the fan-out is left out, because not all shards stored their broadcasts: ${problem}`,
    ]);
    // Both shards counted the same 40 broadcasts.
    expect(merged.samples).toEqual({ unit: 'broadcast', count: 40, incomplete: 0 });
    expect(viewResult(merged).samples('delivery')).toBe(40);
  });

  it('adds up where no message goes to another shard', () => {
    const run = everyoneHears(4);
    const shards = madeShards(run, 2).map((result) =>
      reread({ ...result, shard: result.shard && { ...result.shard, broadcasts: null } }),
    );
    const merged = mergeAll(shards);
    expect(NsHistogram.decode(merged.series['fanout_last']?.histogram ?? '').buckets()).toEqual([
      { lowestNs: 1, highestNs: 1, count: 2 },
    ]);
    expect(merged.samples.count).toBe(80);
  });
});
