import { describe, expect, it } from 'vitest';
import { chat } from '../../src/contract/mapping.ts';
import type { Operation, Stream } from '../../src/contract/scenario.ts';
import { Receiver } from '../../src/generator/receiver.ts';
import { UNEXPECTED } from '../../src/generator/unexpected.ts';
import { createPayloads } from '../../src/measure/payload.ts';
import { fixedSize } from '../../src/measure/payload-contents.ts';
import type { Stamp } from '../../src/measure/stamp.ts';
import { FakeConnection } from './fake-connection.ts';
import { makeContext, valuesOf } from './made-worker.ts';

const LATE_AFTER_NS = 1e6;
const payloads = createPayloads({ key: 0, contents: fixedSize(64), check: 'length' });
const write = (of: Stamp) => payloads.write(of, 'text') as string;
const stamp: Stamp = { stream: 0, seq: 0, intendedNs: 5_000, actualNs: 5_100, measured: true };

const PUBLISH: Operation = { kind: 'publish', scope: 'everyone', room: null };
const REQUEST: Operation = { kind: 'request' };
const STREAM: Operation = { kind: 'stream-reply', replies: 3 };

interface Opened {
  readonly headline?: string;
  readonly measureStartNs?: number;
  /** The server process of each of the clients 0 to 3. */
  readonly nodes?: ReadonlyArray<number | null>;
  readonly fanoutIsSplit?: boolean;
}

/** A worker of receivers 1 and 2, who get the streams of client 0. */
function open(streams: ReadonlyArray<Pick<Stream, 'operation' | 'series'>>, options: Opened = {}) {
  const { headline = 'delivery', measureStartNs = 0 } = options;
  const { nodes = [null, null, null, null], fanoutIsSplit = false } = options;
  const layout = {
    rooms: [[], [], [], []],
    streams: streams.map((stream) => ({ ...stream, sender: 0, receivers: [1, 2] })),
  };
  const { context, time } = makeContext({
    layout,
    headline,
    own: [1, 2],
    fanoutIsSplit,
    given: { lateAfter: `${LATE_AFTER_NS / 1e6}ms` },
    measuring: { startNs: measureStartNs },
  });
  const { audience, clients, failed, recorder, unexpected, window } = context;
  const receiver = new Receiver(context);
  const members = nodes.map((node, client) => ({ client, node }));
  audience.open(members, clients, receiver.ledger);
  const { ledger } = receiver;
  return {
    receiver,
    ledger,
    window,
    failed,
    unexpected,
    time,
    /** Client `client` gets this payload at `receivedNs`. */
    take: (client: number, payload: unknown, receivedNs: number, copy?: number) =>
      receiver.take(client, payloads.search(payload), receivedNs, copy),
    values: () => valuesOf(recorder),
  };
}

const deliveries = (options: Opened = {}) => open([{ operation: PUBLISH }], options);
const acks = () => open([{ operation: REQUEST }], { headline: 'ack' });

describe('a received message', () => {
  it('is timed from its intended and from its actual sending', () => {
    const { take, values } = deliveries();
    take(1, write(stamp), 5_500);
    take(1, write({ ...stamp, seq: 1 }), 5_700);
    expect(values()).toEqual({ delivery: [500, 700], delivery_actual: [400, 600] });
  });

  it('is an acknowledgement where that is the headline', () => {
    const { take, values } = acks();
    take(1, write(stamp), 5_500);
    expect(values()).toEqual({ ack: [500], ack_actual: [400] });
  });

  it('of the warm-up is kept apart from all that is reported', () => {
    const { receiver, take, values, ledger } = deliveries();
    take(1, write({ ...stamp, measured: false }), 5_500);
    take(2, write({ ...stamp, measured: false }), 5_600);
    expect(values()).toEqual({ warmup: [500, 600] });
    expect(ledger.totals()).toEqual({
      delivered: 0,
      late: 0,
      duplicated: 0,
      reordered: 0,
      corrupted: 0,
      unexpected: 0,
    });
    expect(receiver.takeReport(true)).toMatchObject({ incomplete: [], bySecond: [] });
  });

  /** Payloads of another run: their stamps have other codes. */
  const foreign = createPayloads({ key: 1, contents: fixedSize(64), check: 'length' });

  it.each<[what: string, change: Partial<Stamp>]>([
    ['with a number that was never sent', { seq: 5_000_000 }],
    ['with the number of another message', { seq: 1 }],
    ['with a number of more than 32 bits', { seq: 2 ** 52 }],
    ['with an intended time of a second before', { intendedNs: 1, actualNs: 5_100 }],
    ['with an intended time in the future', { intendedNs: 9e15, actualNs: 9e15 }],
    ['of another stream', { stream: 1 }],
    ['of a stream that does not exist', { stream: 9 }],
    ['of another run, which a server kept', {}],
    ['of the warm-up of another run', { measured: false }],
  ])('%s that no client of this run sent touches nothing but the count of unexpected ones', (_, change) => {
    const { receiver, take, values, ledger, unexpected } = deliveries();
    const invented = foreign.write({ ...stamp, ...change }, 'text');
    take(1, invented, 1e9);
    take(1, invented, 1e9);
    expect(values()).toEqual({});
    expect(ledger.totals()).toMatchObject({ delivered: 0, duplicated: 0, unexpected: 2 });
    expect(unexpected.take()).toEqual([{ reason: UNEXPECTED.invented, count: 2 }]);
    expect(receiver.takeReport(true)).toMatchObject({ incomplete: [], bySecond: [] });
    // What comes afterwards is in order.
    take(1, write(stamp), 2e9);
    take(1, write({ ...stamp, seq: 1 }), 2e9);
    expect(ledger.totals()).toMatchObject({ delivered: 2, reordered: 0, duplicated: 0 });
  });

  it('that is not the one that was sent is corrupted: not delivered, not timed, and an intact copy counts', () => {
    const { receiver, take, values, ledger } = deliveries();
    take(1, write(stamp).slice(0, -1), 5_500);
    expect(values()).toEqual({});
    expect(ledger.totals()).toMatchObject({ delivered: 0, corrupted: 1, unexpected: 0 });
    expect(receiver.takeReport().bySecond).toEqual([]);
    take(1, write(stamp), 5_600);
    take(1, write(stamp).slice(0, -1), 5_700);
    expect(values()).toMatchObject({ delivery: [600] });
    expect(ledger.totals()).toMatchObject({ delivered: 1, duplicated: 0, corrupted: 2 });
    expect(ledger.rows().map(({ corrupted }) => corrupted)).toEqual([2, 0]);
  });

  it('that is corrupted and for someone else is unexpected', () => {
    const { take, ledger, unexpected } = deliveries();
    take(3, write(stamp).slice(0, -1), 5_500);
    expect(ledger.totals()).toMatchObject({ corrupted: 0, unexpected: 1 });
    expect(unexpected.take()).toEqual([{ reason: UNEXPECTED.elsewhere, count: 1 }]);
  });

  it('of the warm-up that is received again while measuring is unexpected, and late the first time is not', () => {
    const warmup = (seq: number) => write({ ...stamp, seq, measured: false });
    const { take, ledger, unexpected, values } = deliveries({ measureStartNs: 10_000 });
    for (const seq of [0, 1, 1]) take(1, warmup(seq), 9_000);
    expect(ledger.totals().unexpected).toBe(0);
    take(1, warmup(2), 11_000);
    take(1, warmup(0), 12_000);
    take(1, warmup(2), 13_000);
    expect(unexpected.take()).toEqual([{ reason: UNEXPECTED.warmup, count: 2 }]);
    expect(ledger.totals()).toMatchObject({ delivered: 0, duplicated: 0, unexpected: 2 });
    expect(values()).toEqual({ warmup: [4_000, 4_000, 4_000, 6_000] });
  });

  it('that comes again is counted as a duplicate and not timed', () => {
    const { receiver, take, values, ledger } = deliveries();
    take(1, write(stamp), 5_500);
    take(1, write(stamp), 5_600);
    expect(values()).toEqual({ delivery: [500], delivery_actual: [400] });
    expect(ledger.totals()).toMatchObject({ delivered: 1, duplicated: 1 });
    expect(receiver.takeReport(true).incomplete).toMatchObject([{ reached: 1 }]);
  });

  it('that is out of order is timed like any other', () => {
    const { take, values, ledger } = deliveries();
    take(1, write({ ...stamp, seq: 1 }), 5_500);
    take(1, write(stamp), 5_600);
    expect(values()).toEqual({ delivery: [500, 600], delivery_actual: [400, 500] });
    expect(ledger.totals()).toMatchObject({ delivered: 2, reordered: 1 });
  });

  it('is late when it took longer than allowed, and not when it took just as long', () => {
    const { take, ledger } = deliveries();
    take(1, write(stamp), 5_000 + LATE_AFTER_NS);
    take(2, write(stamp), 5_001 + LATE_AFTER_NS);
    expect(ledger.rows().map(({ receiver, late }) => [receiver, late])).toEqual([
      [1, 0],
      [2, 1],
    ]);
  });

  it.each([
    ['without a stamp', 1, 'a greeting', UNEXPECTED.unreadable],
    ['that is nothing at all', 1, undefined, UNEXPECTED.unreadable],
    ['that is cut within its stamp', 1, write(stamp).slice(0, 20), UNEXPECTED.unreadable],
    ['that is its own', 0, write(stamp), UNEXPECTED.ownMessage],
    ['for someone else', 3, write(stamp), UNEXPECTED.elsewhere],
    ['of a stream that the client does not receive', 1, write({ ...stamp, stream: 1 }), UNEXPECTED.elsewhere],
  ])('%s is counted as unexpected and not timed', (_, client, payload, reason) => {
    const { take, values, ledger, window, unexpected } = deliveries();
    take(client, payload, 5_500);
    expect(ledger.totals()).toMatchObject({ delivered: 0, unexpected: 1 });
    expect(unexpected.take()).toEqual([{ reason, count: 1 }]);
    expect(values()).toEqual({});
    // It cost the event loop time all the same.
    expect(window.total).toBe(1);
  });

  it('completes its broadcast with the last receiver', () => {
    const { take, values } = deliveries();
    take(2, write(stamp), 5_500);
    expect(values()).not.toHaveProperty('fanout_last');
    take(1, write(stamp), 5_700);
    expect(values()).toMatchObject({
      fanout_first: [500],
      fanout_median: [500],
      fanout_last: [700],
      fanout_skew: [200],
    });
  });

  it('of a broadcast that reaches too few is reported when the run ends, and not recorded here', () => {
    const { receiver, take, values } = deliveries();
    take(2, write(stamp), 5_500);
    expect(receiver.takeReport().incomplete).toEqual([]);
    expect(receiver.takeReport(true).incomplete).toEqual([
      {
        stream: 0,
        seq: 0,
        intendedNs: 5_000,
        lastReceiver: 2,
        expected: 2,
        reached: 1,
        firstNs: 500,
        medianNs: 500,
        lastNs: 500,
        lastArrivalNs: 5_500,
      },
    ]);
    expect(values()).not.toHaveProperty('fanout_last');
  });

  it('is reported for the coordinator where receivers are spread over workers', () => {
    const { receiver, take, values } = deliveries({ fanoutIsSplit: true });
    take(2, write(stamp), 5_500);
    take(1, write({ ...stamp, seq: 1 }), 5_600);
    expect(receiver.takeReport().broadcasts).toEqual([
      { stream: 0, seq: 0, intendedNs: 5_000, latenciesNs: Float64Array.of(500), lastReceiver: 2 },
      { stream: 0, seq: 1, intendedNs: 5_000, latenciesNs: Float64Array.of(600), lastReceiver: 1 },
    ]);
    take(1, write(stamp), 5_900);
    expect(receiver.takeReport(true)).toMatchObject({
      broadcasts: [{ stream: 0, seq: 0, latenciesNs: Float64Array.of(900) }],
      incomplete: [],
    });
    expect(values()).not.toHaveProperty('fanout_last');
  });

  it('is counted in the second in which it was intended, not in which it came', () => {
    const { receiver, take } = deliveries({ measureStartNs: 10e9 });
    const takeAt = (seq: number, intendedNs: number, receivedNs: number) =>
      take(1, write({ ...stamp, seq, intendedNs, actualNs: intendedNs }), receivedNs);
    takeAt(0, 10e9, 10.5e9);
    takeAt(1, 10.999e9, 12e9);
    takeAt(2, 11e9, 12e9);
    const none = { intended: 0, sent: 0, expected: 0 };
    expect(receiver.takeReport().bySecond).toEqual([
      { second: 0, ...none, delivered: 2 },
      { second: 1, ...none, delivered: 1 },
    ]);
    expect(receiver.takeReport().bySecond).toEqual([]);
  });

  it.each([
    ['before measuring starts', 9e9, 0],
    ['from the start of measuring on', 10e9, 1],
  ])('without a stamp that comes %s is counted so: %d', (_, receivedNs, unexpected) => {
    const { take, ledger } = deliveries({ measureStartNs: 10e9 });
    take(1, 'a greeting', receivedNs);
    expect(ledger.totals().unexpected).toBe(unexpected);
  });
});

describe('one of several replies to a request', () => {
  const replies = (options: Opened = {}) => open([{ operation: STREAM }], { headline: 'reply', ...options });

  it('differs from the others by its number', () => {
    const { take, values, ledger } = replies();
    for (const copy of [0, 1, 2]) take(1, write(stamp), 5_500 + copy, copy);
    for (const copy of [0, 1, 2]) take(1, write({ ...stamp, seq: 1 }), 5_600 + copy, copy);
    expect(values()).toEqual({
      reply: [500, 501, 502, 600, 601, 602],
      reply_actual: [400, 401, 402, 500, 501, 502],
    });
    expect(ledger.totals()).toMatchObject({
      delivered: 6,
      duplicated: 0,
      reordered: 0,
      corrupted: 0,
      unexpected: 0,
    });
  });

  it('that comes twice is a duplicate, and out of order it is that', () => {
    const { take, ledger } = replies();
    for (const copy of [1, 0, 1, 2]) take(1, write(stamp), 5_500, copy);
    expect(ledger.totals()).toMatchObject({ delivered: 3, duplicated: 1, reordered: 1 });
  });

  it.each([-1, 3, 1000, Number.NaN, 0.5, Number.POSITIVE_INFINITY])(
    'is none of those requested with the number %d',
    (copy) => {
      const { receiver, take, values, ledger } = replies();
      take(1, write(stamp), 5_500, copy);
      receiver.takeAnswer(1, stamp, 5_500, copy);
      expect(ledger.totals()).toMatchObject({ delivered: 0, unexpected: 2 });
      expect(values()).toEqual({});
    },
  );

  it('is not one of those to another request', () => {
    const { take, ledger } = replies();
    // A fourth reply to request 0 must not pass for the first to request 1.
    for (const copy of [0, 1, 2, 3]) take(1, write(stamp), 5_500, copy);
    take(1, write({ ...stamp, seq: 1 }), 5_600, 0);
    expect(ledger.totals()).toMatchObject({ delivered: 4, duplicated: 0, unexpected: 1 });
  });

  it('never counts as sent within a process or between two', () => {
    const { take, values } = replies({ nodes: [0, 0, 0, 0] });
    take(1, write(stamp), 5_500);
    expect(Object.keys(values()).sort()).toEqual(['reply', 'reply_actual']);
  });
});

describe('an answer whose stamp is known', () => {
  it('is timed and accounted for like a message that was read', () => {
    const { receiver, values, ledger, window } = acks();
    receiver.takeAnswer(1, stamp, 5_500);
    receiver.takeAnswer(1, stamp, 5_600);
    expect(values()).toEqual({ ack: [500], ack_actual: [400] });
    expect(ledger.totals()).toMatchObject({ delivered: 1, duplicated: 1 });
    expect(window.total).toBe(2);
  });

  it('of the warm-up is kept apart', () => {
    const { receiver, values, ledger } = acks();
    receiver.takeAnswer(1, { ...stamp, measured: false }, 5_500);
    expect(values()).toEqual({ warmup: [500] });
    expect(ledger.totals().delivered).toBe(0);
  });
});

describe('several streams', () => {
  /** Stream 0 is delivered, stream 1 pinged and stream 2 echoed. */
  const openThree = () =>
    open(
      [
        { operation: PUBLISH },
        { operation: { kind: 'ping' }, series: 'ping_pong' },
        { operation: { kind: 'echo' } },
      ],
      { headline: 'echo_text' },
    );

  it('are each recorded in their own series, and only the headline from actual sending too', () => {
    const { take, values } = openThree();
    for (const stream of [0, 1, 2]) take(1, write({ ...stamp, stream }), 5_500 + stream);
    expect(values()).toEqual({
      delivery: [500],
      ping_pong: [501],
      echo_text: [502],
      echo_text_actual: [402],
    });
  });

  it('that do not exist are unexpected', () => {
    const { take, values, ledger } = openThree();
    take(1, write({ ...stamp, stream: 3 }), 5_500);
    expect(ledger.totals()).toMatchObject({ delivered: 0, unexpected: 1 });
    expect(values()).toEqual({});
  });
});

describe('a delivery', () => {
  it.each([
    ['within one process', [7, null, 7, null], { delivery_same_node: [500] }],
    ['between two processes', [7, null, 8, null], { delivery_cross_node: [500] }],
    ['where the process of the receiver is unknown', [7, 7, null, 7], {}],
    ['where the process of the sender is unknown', [null, 7, 7, 7], {}],
  ])('%s is recorded beside all deliveries', (_, nodes, recorded) => {
    const { take, values } = deliveries({ nodes });
    take(2, write(stamp), 5_500);
    expect(values()).toEqual({ delivery: [500], delivery_actual: [400], ...recorded });
  });

  it('that is a duplicate is recorded nowhere', () => {
    const { take, values } = deliveries({ nodes: [0, 0, 0, 0] });
    take(2, write(stamp), 5_500);
    take(2, write(stamp), 5_900);
    expect(values()).toMatchObject({ delivery: [500], delivery_same_node: [500] });
  });

  it('is found in whatever the server made of the payload', () => {
    const { take, values } = deliveries();
    take(1, { from: 'ann', text: `ann says: ${write(stamp)}` }, 5_500);
    expect(values()).toMatchObject({ delivery: [500] });
  });

  it('is searched for its stamp once, however many read the event', () => {
    const { receiver, time, values } = deliveries();
    const connection = new FakeConnection();
    let reads = 0;
    const text = {
      get text() {
        reads += 1;
        return write(stamp);
      },
    };
    receiver.listenFor(1, connection, { ...chat.delivery, event: 'message' }, 'delivery');
    receiver.listenFor(1, connection, { event: 'message', payload: (data) => data }, 'echo');
    time.moveTo(5_500);
    connection.receive('message', text);
    expect(reads).toBe(1);
    expect(values()).toMatchObject({ delivery: [500] });
  });
});

describe('a reply that a step waits for', () => {
  it('that comes late, when the step has given up, is no reply to it', () => {
    const { receiver, ledger } = deliveries();
    const connection = new FakeConnection();
    receiver.listenForReply(1, connection, 'message', 'ask');
    let replies = 0;
    const onAnswer = () => {
      replies += 1;
    };
    const waiting = { stamp: { ...stamp, measured: false }, id: 0, onAnswer, takesEvent: true };
    const stop = receiver.replies.expect(1, { event: 'message' }, waiting);
    stop();
    connection.receive('message', write({ ...stamp, measured: false }));
    expect(replies).toBe(0);
    expect(ledger.totals()).toMatchObject({ delivered: 0, unexpected: 0 });
  });
});
