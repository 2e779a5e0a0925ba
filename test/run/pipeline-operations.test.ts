import { describe, expect, it } from 'vitest';
import { ackRoundtrip } from '../../scenarios/ack-roundtrip.ts';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { messageTypes } from '../../scenarios/message-types.ts';
import { observe } from '../../scenarios/observe.ts';
import { roomFanout } from '../../scenarios/room-fanout.ts';
import { streamReply } from '../../scenarios/stream-reply.ts';
import { chat } from '../../src/contract/mapping.ts';
import { defineScenario, everyClient } from '../../src/contract/scenario.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { viewResult } from '../../src/result/view.ts';
import { FakeRun, planFake } from '../support/fake-run.ts';
import type { Hop } from '../support/fake-server.ts';

/** 100 measured messages of 4 clients, without a warm-up; each takes 1 ms. */
const LOAD = { rate: '25/s', duration: '4s', warmup: '0s', warmupMax: '0s' };
const PERFECT = { lost: 0, late: 0, duplicated: 0, reordered: 0, corrupted: 0, unexpected: 0, unknown: 0 };
const MS = 1e6;

const medianMs = (result: RunResult, series: string) =>
  (viewResult(result).histogram(series)?.quantileNs(0.5) ?? Number.NaN) / MS;

const countsOf = ({ series }: RunResult) =>
  Object.fromEntries(Object.entries(series).map(([name, { count }]) => [name, count]));

describe('requests', () => {
  it.each(['client', 'server'])('asked by the %s are timed to their acknowledgement', async (direction) => {
    const given = { ...LOAD, direction };
    const behavior = { network: () => [3] };
    const result = await new FakeRun({ planned: planFake(ackRoundtrip, given), behavior }).run();
    expect(result).toMatchObject({ headline: 'ack', invalid: [], findings: [] });
    expect(result.samples).toEqual({ unit: 'request', count: 100, incomplete: 0 });
    expect(result.ledger).toMatchObject({ ...PERFECT, expected: 100, delivered: 100 });
    expect(countsOf(result)).toMatchObject({ ack: 100, ack_actual: 100, send_lag: 100 });
    expect(medianMs(result, 'ack_actual')).toBeCloseTo(3, 1);
  });

  it('that are never answered are lost', async () => {
    const network = ({ stamp }: Hop) => (stamp?.seq === 7 ? [] : [1]);
    const run = new FakeRun({ planned: planFake(ackRoundtrip, LOAD), behavior: { network } });
    const { ledger } = await run.run();
    // The seventh request of each of the four clients.
    expect(ledger).toMatchObject({ expected: 100, delivered: 96, lost: 4 });
  });
});

describe('streamed replies', () => {
  it('are several to each request', async () => {
    const given = { ...LOAD, replies: '5' };
    const result = await new FakeRun({ planned: planFake(streamReply, given) }).run();
    expect(result.ledger).toMatchObject({ ...PERFECT, expected: 500, delivered: 500 });
    expect(result.samples).toEqual({ unit: 'request', count: 100, incomplete: 0 });
    expect(countsOf(result)).toMatchObject({ reply: 500, reply_first: 100, reply_last: 100 });
  });
});

describe('rooms', () => {
  it('receive what is published into them', async () => {
    const given = { ...LOAD, clients: '6', rooms: '2', members: '3' };
    const result = await new FakeRun({ planned: planFake(roomFanout, given) }).run();
    expect(result.invalid).toEqual([]);
    expect(result.ledger).toMatchObject({ ...PERFECT, expected: 300, delivered: 300 });
    expect(result.samples).toEqual({ unit: 'broadcast', count: 100, incomplete: 0 });
  });

  it('receive nothing from their sender back when it is excluded', async () => {
    const given = { ...LOAD, clients: '6', rooms: '2', members: '3', excludeSender: 'true' };
    const { ledger } = await new FakeRun({ planned: planFake(roomFanout, given) }).run();
    expect(ledger).toMatchObject({ ...PERFECT, expected: 200, delivered: 200 });
  });
});

describe('every type of message', () => {
  it('is timed in its own series, and a closed connection is opened again', async () => {
    const given = { ...LOAD, clients: '8' };
    const result = await new FakeRun({ planned: planFake(messageTypes, given) }).run();
    expect(result).toMatchObject({ invalid: [], findings: [] });
    expect(countsOf(result)).toMatchObject({ echo_text: 25, echo_binary: 25, ping_pong: 25, close: 25 });
    expect(result.clients).toMatchObject({
      connected: 8,
      dropped: [],
      closed: [{ reason: '1000', count: 25 }],
    });
    expect(result.ledger).toMatchObject({ ...PERFECT, expected: 100, delivered: 100 });
  });
});

describe('pushes of the server', () => {
  const mapping = {
    ...chat,
    observe: { event: 'tick', key: (data: unknown) => (data as { id: number }).id },
  };

  /** A server that pushes ten times a second, from the start of the warm-up on. */
  function observing(network: (hop: Hop) => readonly number[], given: Record<string, string> = {}) {
    const run = new FakeRun({
      planned: planFake(observe, { ...LOAD, warmup: '1s', warmupMax: '1s', ...given }),
      mapping,
      behavior: { network },
    });
    let id = 0;
    run.during('warm-up', 0, () => {
      run.time.every(100, () => {
        id += 1;
        run.server.push('tick', { id });
      });
    });
    return run;
  }

  it('are timed from the first to the last client, and by the gaps between them', async () => {
    const result = await observing(({ receiver }) => [receiver === 1 ? 6 : 1]).run();
    expect(result.invalid).toEqual([]);
    expect(result.samples).toEqual({ unit: 'push', count: 40, incomplete: 0 });
    expect(result.rate).toMatchObject({ intended: 40, sent: 40 });
    expect(result.ledger).toMatchObject({ ...PERFECT, expected: 160, delivered: 160 });
    expect(medianMs(result, 'push_skew')).toBeCloseTo(5, 1);
    expect(medianMs(result, 'push_gap')).toBeCloseTo(100, 0);
    expect(result.intervals.slice(0, 4).map(({ sent }) => sent)).toEqual([10, 10, 10, 10]);
  });

  it('are merged over workers, and those that miss a client are lost there', async () => {
    let hops = 0;
    const network = ({ receiver }: Hop) => {
      hops += receiver === 3 ? 1 : 0;
      // The 20th push that would reach client 3.
      return receiver === 3 && hops === 20 ? [] : [2];
    };
    const result = await observing(network, { workers: '2' }).run();
    expect(result.ledger).toMatchObject({ expected: 160, delivered: 159, lost: 1, duplicated: 0 });
    expect(result.samples).toEqual({ unit: 'push', count: 40, incomplete: 1 });
  });
});

describe('iterations', () => {
  const visit = defineScenario({
    name: 'visit',
    summary: 'asks, thinks, and publishes',
    headline: 'iteration',
    series: { own: 'time of the request' },
    options: {},
    layout: (_options, clients) => ({
      rooms: everyClient(clients).map(() => []),
      streams: everyClient(clients).map((sender) => ({
        sender,
        operation: { kind: 'steps' as const },
        receivers: everyClient(clients),
      })),
    }),
    steps: async (user) => {
      await user.time('own', () => user.request());
      await user.think(50);
      user.publish('everyone');
      if (user.client.number === 3 && user.iteration === 2) throw new Error('sold out');
    },
  });

  it('are timed step by step, and their messages are accounted for', async () => {
    const result = await new FakeRun({
      planned: planFake(visit, LOAD),
      behavior: { network: () => [2] },
    }).run();
    expect(result.samples).toEqual({ unit: 'iteration', count: 99, incomplete: 0 });
    expect(result.rate).toMatchObject({ intended: 100, sent: 100 });
    expect(result.failed).toEqual([{ reason: 'sold out', count: 1 }]);
    expect(result.findings).toEqual([{ code: 'failed', message: 'sold out (1)' }]);
    expect(result.ledger).toMatchObject({ ...PERFECT, expected: 400, delivered: 400 });
    expect(countsOf(result)).toMatchObject({ ack: 100, own: 100, delivery: 400, fanout_last: 100 });
    expect(medianMs(result, 'own')).toBeCloseTo(2, 1);
    expect(medianMs(result, 'iteration_actual')).toBeCloseTo(52, 0);
  });

  it('that last longer than the schedule are waited for in the drain', async () => {
    const slow = defineScenario({
      ...visit,
      steps: async (user) => {
        await user.think(2000);
        user.publish('everyone');
      },
    });
    const result = await new FakeRun({ planned: planFake(slow, LOAD) }).run();
    expect(result.samples.count).toBe(100);
    expect(result.ledger).toMatchObject({ ...PERFECT, expected: 400, delivered: 400 });
    expect(result.timing.drainMs).toBeGreaterThan(1900);
    expect(result.findings).toEqual([]);
  });
});

describe('a long run', () => {
  it('holds a bounded number of intervals and samples, and the same counts', async () => {
    // 2,500 s; a message every 20 s.
    const given = { rate: '3/m', duration: '2500s', warmup: '0s', warmupMax: '0s', clients: '2' };
    const result = await new FakeRun({ planned: planFake(broadcastLatency, given) }).run();
    expect(result.intervals.length).toBeLessThanOrEqual(600);
    const lengths = result.intervals.map(({ lengthMs }) => lengthMs);
    // Neighbours become one, so that only powers of two are left. The last message is due at 2,480 s.
    expect(lengths.slice(0, -1).filter((length) => length !== 4000 && length !== 8000)).toEqual([]);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(2_484_000);
    const sum = (name: 'sent' | 'delivered') =>
      result.intervals.reduce((total, each) => total + each[name], 0);
    expect([sum('sent'), sum('delivered')]).toEqual([125, 250]);
    const [worker] = result.telemetry.workers;
    expect(worker?.samples.length).toBeLessThanOrEqual(2 * 600);
    const measured = worker?.samples.filter(({ atMs }) => atMs > 0 && atMs <= 2_500_000) ?? [];
    expect(measured.reduce((total, { lengthMs }) => total + lengthMs, 0)).toBeCloseTo(2_500_000, -2);
    expect(result.findings).toEqual([]);
  });
});

describe('what a run expects to receive', () => {
  it('is how requests are answered, also where the first worker sends none', async () => {
    const layout = () => ({
      rooms: [[], []],
      streams: [{ sender: 1, operation: { kind: 'request' as const }, receivers: [1] }],
    });
    const given = { clients: '2', rate: '20/s', duration: '1s', workers: '2' };
    const result = await new FakeRun({ planned: planFake({ ...ackRoundtrip, layout }, given) }).run();
    expect(result.ledger).toMatchObject({ ...PERFECT, expected: 20, delivered: 20 });
    expect(result.received?.expected).toEqual(['an acknowledgement']);
  });
});
