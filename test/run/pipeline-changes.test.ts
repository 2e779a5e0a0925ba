import { describe, expect, it } from 'vitest';
import { ackRoundtrip } from '../../scenarios/ack-roundtrip.ts';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { messageTypes } from '../../scenarios/message-types.ts';
import { roomFanout } from '../../scenarios/room-fanout.ts';
import { streamReply } from '../../scenarios/stream-reply.ts';
import { chat, type Mapping } from '../../src/contract/mapping.ts';
import type { GivenOptions } from '../../src/contract/options.ts';
import type { Scenario } from '../../src/contract/scenario.ts';
import { UNEXPECTED } from '../../src/generator/unexpected.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { viewResult } from '../../src/result/view.ts';
import { FakeRun, planFake } from '../support/fake-run.ts';
import type { Hop } from '../support/fake-server.ts';

/** 100 measured messages, of which every receiver gets all; each takes 1 ms. */
const LOAD = { rate: '25/s', duration: '4s', warmup: '1s', warmupMax: '1s', drain: '1s', payload: '64B' };
const CLIENTS = 4;
const NONE = { late: 0, duplicated: 0, reordered: 0, corrupted: 0, unexpected: 0, unknown: 0 };

type Change = (payload: unknown, hop: Hop) => unknown;

function run(scenario: Scenario, changes: Change, given: GivenOptions = {}, mapping: Mapping = chat) {
  const planned = planFake(scenario, { ...LOAD, clients: `${CLIENTS}`, ...given });
  return new FakeRun({ planned, mapping, behavior: { changes } }).run();
}

/** Whether a hop is one of every tenth measured message: ten of a hundred, to each client. */
const isTenth = ({ stamp }: Hop) => stamp?.measured === true && stamp.seq % 10 === 9;

/** Writes another field into the stamp of a payload, from 0: stream, number, intended time, lag. */
function withField(payload: unknown, field: number, change: (value: number) => number): unknown {
  if (typeof payload !== 'string') throw new Error('the payload is no text');
  const fields = payload.slice(3).split(',');
  fields[field] = change(Number.parseInt(fields[field] ?? '', 36)).toString(36);
  return payload.slice(0, 3) + fields.join(',');
}

const maxMs = (result: RunResult, series: string) =>
  (viewResult(result).histogram(series)?.maxNs ?? Number.NaN) / 1e6;

describe('a server that sends stamps that were never sent', () => {
  it.each<[what: string, change: (payload: unknown) => unknown]>([
    ['a number far above those sent', (payload) => withField(payload, 1, (seq) => seq + 5_000_000)],
    ['the number of the message before', (payload) => withField(payload, 1, (seq) => seq - 1)],
    ['an intended time of a second before', (payload) => withField(payload, 2, (ns) => ns - 1e9)],
    ['an intended time of an hour later', (payload) => withField(payload, 2, (ns) => ns + 3.6e12)],
    ['another stream', (payload) => withField(payload, 0, () => 3)],
    ['the kind of a warm-up message', (payload) => String(payload).replace('sbm', 'sbw')],
  ])('with %s: those are lost and unexpected, and nothing else is', async (_, change) => {
    const changes: Change = (payload, hop) => (isTenth(hop) ? change(payload) : payload);
    const result = await run(broadcastLatency, changes);
    expect(result.ledger).toMatchObject({ ...NONE, expected: 400, delivered: 360, lost: 40, unexpected: 40 });
    expect(result.unexpected).toEqual([{ reason: UNEXPECTED.invented, count: 40 }]);
    expect(result.findings).toEqual([
      { code: 'imperfect_delivery', message: '40 of 400 messages lost' },
      { code: 'unexpected_deliveries', message: `40 unexpected messages: ${UNEXPECTED.invented} (40)` },
    ]);
    expect(result.series['delivery']?.count).toBe(360);
    expect(maxMs(result, 'delivery')).toBeLessThan(3);
    expect(result.intervals.reduce((sum, { expected }) => sum + expected, 0)).toBe(400);
    expect(result.samples).toEqual({ unit: 'broadcast', count: 90, incomplete: 10 });
  });

  it('in the place of every second message, far apart: nothing that is expected grows', async () => {
    let invented = 0;
    const changes: Change = (payload, { stamp }) => {
      if (stamp?.measured !== true || stamp.seq % 2 === 0) return payload;
      invented += 1;
      return withField(payload, 1, () => 1000 * invented);
    };
    const { ledger } = await run(broadcastLatency, changes, { workers: '2' });
    expect(ledger).toMatchObject({ ...NONE, expected: 400, delivered: 200, lost: 200, unexpected: 200 });
  });

  it('of the warm-up, which it kept: those that take the place of others are lost and unexpected', async () => {
    const kept = new Map<number, unknown>();
    const changes: Change = (payload, hop) => {
      if (hop.stamp?.measured === false) kept.set(hop.receiver, payload);
      return isTenth(hop) ? kept.get(hop.receiver) : payload;
    };
    const { ledger, unexpected } = await run(broadcastLatency, changes);
    expect(ledger).toMatchObject({ ...NONE, delivered: 360, lost: 40, unexpected: 40 });
    expect(unexpected).toEqual([{ reason: UNEXPECTED.warmup, count: 40 }]);
  });

  it('that confuses two messages: one is lost, the other a duplicate', async () => {
    let last: unknown = null;
    const changes: Change = (payload, hop) => {
      const sent = isTenth(hop) ? last : payload;
      if (hop.receiver === 0) last = payload;
      return hop.receiver === 0 ? sent : payload;
    };
    const { ledger } = await run(broadcastLatency, changes);
    expect(ledger).toMatchObject({ ...NONE, delivered: 390, lost: 10, duplicated: 10 });
  });
});

describe('a server that sends messages to others', () => {
  it('delivers nothing to clients of other rooms: that is unexpected', async () => {
    const seen = new Map<number, unknown>();
    const changes: Change = (payload, hop) => {
      if (hop.stamp === null) return payload;
      seen.set(hop.stamp.stream, payload);
      // Every tenth message of a room brings the latest one of another room.
      return isTenth(hop)
        ? ([...seen].find(([stream]) => stream !== hop.stamp?.stream)?.[1] ?? null)
        : payload;
    };
    const given = { clients: '6', rooms: '2', members: '3' };
    const { ledger, unexpected } = await run(roomFanout, changes, given);
    // Two rooms of three; five of the fifty messages of each.
    expect(ledger).toMatchObject({ ...NONE, expected: 300, delivered: 270, lost: 30, unexpected: 30 });
    expect(unexpected).toEqual([{ reason: UNEXPECTED.elsewhere, count: 30 }]);
  });

  it.each(['client', 'server'])(
    'of requests asked by the %s: the reply to another one is none',
    async (direction) => {
      const payloads = new Map<number, unknown>();
      const changes: Change = (payload, hop) => {
        const { stamp, receiver } = hop;
        const before = payloads.get(receiver);
        payloads.set(receiver, payload);
        return stamp?.measured === true && stamp.seq === 9 ? before : payload;
      };
      const { ledger, unexpected } = await run(ackRoundtrip, changes, { direction });
      expect(ledger).toMatchObject({ ...NONE, expected: 100, delivered: 96, lost: 4, unexpected: 4 });
      expect(unexpected).toEqual([{ reason: UNEXPECTED.otherRequest, count: 4 }]);
    },
  );
});

describe('a server that damages payloads', () => {
  const cut: Change = (payload, hop) => (isTenth(hop) ? (payload as string).slice(0, -1) : payload);
  const change: Change = (payload, hop) => (isTenth(hop) ? (payload as string).replace(/.$/, '!') : payload);

  it('by cutting them: those are corrupted and lost, and none is timed', async () => {
    const result = await run(broadcastLatency, cut);
    expect(result.ledger).toMatchObject({ ...NONE, expected: 400, delivered: 360, lost: 40, corrupted: 40 });
    expect(result.ledger.anomalies.map(({ lost, corrupted }) => [lost, corrupted])).toEqual(
      Array(CLIENTS).fill([10, 10]),
    );
    expect(result.series['delivery']?.count).toBe(360);
    expect(result.findings).toEqual([
      { code: 'imperfect_delivery', message: '40 of 400 messages lost' },
      {
        code: 'corrupted_deliveries',
        message: '40 messages arrived with another length than was sent',
      },
    ]);
  });

  it('by changing a character: they are found with --verify', async () => {
    const plain = await run(broadcastLatency, change);
    expect(plain.ledger).toMatchObject({ ...NONE, delivered: 400, lost: 0 });
    const verified = await run(broadcastLatency, change, { verify: 'true' });
    expect(verified.ledger).toMatchObject({ ...NONE, delivered: 360, lost: 40, corrupted: 40 });
  });

  it('is not confused with one that changes them intentionally', async () => {
    const { ledger, findings } = await run(
      broadcastLatency,
      cut,
      { verify: 'true' },
      { ...chat, changesPayload: true },
    );
    expect(ledger).toMatchObject({ ...NONE, delivered: 400, lost: 0 });
    expect(findings).toEqual([]);
  });

  it('all of them: nothing was measured, and the reason is not that nothing arrived', async () => {
    const { invalid, ledger } = await run(broadcastLatency, (payload) => (payload as string).slice(0, -1));
    expect(ledger).toMatchObject({ delivered: 0, lost: 400, corrupted: 400 });
    expect(invalid).toEqual([
      {
        code: 'too_few_samples',
        message: 'none of 400 messages arrived intact: 400 had another length or content',
      },
    ]);
  });

  it('that are wrapped by a server intentionally: they are found in what surrounds them', async () => {
    const mapping: Mapping = { ...chat, delivery: { event: 'receive_message' } };
    const wrap: Change = (payload, { stamp }) =>
      stamp === null ? payload : { from: 'ann', text: `ann: ${payload}!` };
    const whole = await run(broadcastLatency, wrap, { verify: 'true' }, mapping);
    expect(whole.ledger).toMatchObject({ ...NONE, delivered: 400, lost: 0 });
    const shortened = await run(
      broadcastLatency,
      (payload, hop) => wrap(cut(payload, hop), hop),
      {},
      mapping,
    );
    expect(shortened.ledger).toMatchObject({ ...NONE, delivered: 360, lost: 40, corrupted: 40 });
  });

  it.each<[string, Scenario, GivenOptions, corrupted: number]>([
    ['requests', ackRoundtrip, {}, 8],
    ['requests of the server', ackRoundtrip, { direction: 'server' }, 8],
    ['streamed replies', streamReply, { replies: '5' }, 40],
    ['echoes', messageTypes, { type: 'text' }, 8],
  ])('of %s: those are corrupted', async (_, scenario, given, corrupted) => {
    const changes: Change = (payload, hop) => {
      if (!isTenth(hop)) return payload;
      if (typeof payload === 'string') return payload.slice(0, -1);
      const { item, message } = payload as { item: number; message: string };
      return { item, message: message.slice(0, -1) };
    };
    const { ledger } = await run(scenario, changes, given);
    expect(ledger).toMatchObject({ ...NONE, lost: corrupted, corrupted });
  });

  it('of bytes: those are corrupted', async () => {
    const changes: Change = (payload, hop) =>
      isTenth(hop) ? (payload as Uint8Array).subarray(0, -1) : payload;
    const { ledger } = await run(broadcastLatency, changes, { payloadType: 'binary' });
    expect(ledger).toMatchObject({ ...NONE, delivered: 360, lost: 40, corrupted: 40 });
  });
});
