import { describe, expect, it } from 'vitest';
import { type ClosedBroadcast, FanoutTracker } from '../../src/measure/fanout.ts';
import {
  FANOUT_SERIES,
  Intake,
  REPLY_SERIES,
  recordBroadcast,
  type StreamRoute,
} from '../../src/measure/intake.ts';
import { Ledger } from '../../src/measure/ledger.ts';
import { ReceiveWindow } from '../../src/measure/receive-window.ts';
import { Recorder } from '../../src/measure/recorder.ts';
import { type Stamp, stampWriter } from '../../src/measure/stamp.ts';

const LATE_AFTER_NS = 1e6;
const write = stampWriter('text', 64);
const stamp: Stamp = { stream: 0, seq: 0, intendedNs: 5_000, actualNs: 5_100, measured: true };

const DELIVERY: StreamRoute = { series: 'delivery', copies: 1, broadcast: FANOUT_SERIES };
const ACK: StreamRoute = { series: 'ack', copies: 1, broadcast: null };

/** An intake of two receivers, 1 and 2, that are owed stream 0. */
function open(route: StreamRoute = DELIVERY, startedNs = 0) {
  const recorder = new Recorder();
  const ledger = new Ledger();
  ledger.open(1, 0);
  ledger.open(2, 0);
  const closed: ClosedBroadcast[] = [];
  const fanout = new FanoutTracker({
    expected: () => 2,
    onClosed: (broadcast) => closed.push(broadcast),
    quietNs: 1e9,
  });
  const window = new ReceiveWindow({ nowNs: () => 0 }, () => {});
  const intake = new Intake({
    headline: route.series,
    routes: [route],
    recorder,
    ledger,
    fanout,
    window,
    startedNs,
    lateAfterNs: LATE_AFTER_NS,
  });
  return { intake, recorder, ledger, closed, window };
}

/** Series as lists of values. */
function valuesOf(recorder: Recorder): Record<string, number[]> {
  const { series } = recorder.take();
  return Object.fromEntries(
    Object.entries(series).map(([name, { valuesNs, counts }]) => [
      name,
      [...valuesNs].flatMap((value, i) => Array<number>(counts[i] ?? 0).fill(value)),
    ]),
  );
}

describe('a received message', () => {
  it('is timed from its intended and from its actual sending', () => {
    const { intake, recorder } = open();
    intake.take(1, write(stamp), 5_500);
    intake.take(2, write(stamp), 5_700);
    expect(valuesOf(recorder)).toEqual({ delivery: [500, 700], delivery_actual: [400, 600] });
  });

  it('is an acknowledgement where that is the headline', () => {
    const { intake, recorder } = open(ACK);
    intake.take(1, write(stamp), 5_500);
    expect(valuesOf(recorder)).toEqual({ ack: [500], ack_actual: [400] });
  });

  it('of the warm-up is kept apart from all that is reported', () => {
    const { intake, recorder, ledger, closed } = open();
    intake.take(1, write({ ...stamp, measured: false }), 5_500);
    intake.take(2, write({ ...stamp, measured: false }), 5_600);
    expect(valuesOf(recorder)).toEqual({ warmup: [500, 600] });
    expect(ledger.totals()).toEqual({ delivered: 0, late: 0, duplicated: 0, reordered: 0, unexpected: 0 });
    expect(closed).toEqual([]);
    expect(intake.takeDeliveredBySecond()).toEqual([]);
  });

  it.each([
    ['of an earlier run, which a server kept', { intendedNs: 500, actualNs: 600 }],
    ['of a run whose times lie far ahead', { intendedNs: 9e15, actualNs: 9e15 }],
  ])('%s is foreign: neither timed nor delivered', (_, times) => {
    const { intake, recorder, ledger } = open(DELIVERY, 1000);
    intake.take(1, write({ ...stamp, ...times }), 5_500);
    intake.take(1, write({ ...stamp, ...times, measured: false }), 5_500);
    expect(valuesOf(recorder)).toEqual({});
    expect(ledger.totals()).toMatchObject({ delivered: 0, unexpected: 2 });
  });

  it('that comes again is counted and not timed', () => {
    const { intake, recorder, ledger, closed } = open();
    intake.take(1, write(stamp), 5_500);
    intake.take(1, write(stamp), 5_600);
    expect(valuesOf(recorder)).toEqual({ delivery: [500], delivery_actual: [400] });
    expect(ledger.totals()).toMatchObject({ delivered: 1, duplicated: 1 });
    expect(closed).toEqual([]);
  });

  it('that was overtaken is timed like any other', () => {
    const { intake, recorder, ledger } = open();
    intake.take(1, write({ ...stamp, seq: 1 }), 5_500);
    intake.take(1, write(stamp), 5_600);
    expect(valuesOf(recorder)).toEqual({ delivery: [500, 600], delivery_actual: [400, 500] });
    expect(ledger.totals()).toMatchObject({ delivered: 2, reordered: 1 });
  });

  it('is late when it took longer than allowed, and not when it took just as long', () => {
    const { intake, ledger } = open();
    intake.take(1, write(stamp), 5_000 + LATE_AFTER_NS);
    intake.take(2, write(stamp), 5_001 + LATE_AFTER_NS);
    expect(ledger.rows().map(({ receiver, late }) => [receiver, late])).toEqual([
      [1, 0],
      [2, 1],
    ]);
  });

  it.each([
    ['without a stamp', 1, 'a greeting'],
    ['that is nothing at all', 1, undefined],
    ['for someone else', 3, write(stamp)],
    ['of a stream that the client is not owed', 1, write({ ...stamp, stream: 1 })],
  ])('%s is counted as unexpected and not timed', (_, receiver, payload) => {
    const { intake, recorder, ledger, window } = open();
    intake.take(receiver, payload, 5_500);
    expect(ledger.totals()).toMatchObject({ delivered: 0, unexpected: 1 });
    expect(valuesOf(recorder)).toEqual({});
    // It cost the event loop time all the same.
    expect(window.total).toBe(1);
  });

  it('completes its broadcast with the last receiver', () => {
    const { intake, closed } = open();
    intake.take(2, write(stamp), 5_700);
    intake.take(1, write(stamp), 5_500);
    expect(closed).toEqual([{ stream: 0, seq: 0, expected: 2, latenciesNs: Float64Array.of(500, 700) }]);
  });

  it('is counted in the second in which it was intended, not in which it came', () => {
    const { intake } = open();
    intake.measureStartNs = 10e9;
    const take = (seq: number, intendedNs: number, receivedNs: number) =>
      intake.take(1, write({ ...stamp, seq, intendedNs, actualNs: intendedNs }), receivedNs);
    take(0, 10e9, 10.5e9);
    take(1, 10.999e9, 12e9);
    take(2, 11e9, 12e9);
    expect(intake.takeDeliveredBySecond()).toEqual([
      [0, 2],
      [1, 1],
    ]);
    expect(intake.takeDeliveredBySecond()).toEqual([]);
  });
});

describe('one of several replies to a request', () => {
  const REPLIES: StreamRoute = { series: 'reply', copies: 3, broadcast: REPLY_SERIES };

  it('is told apart from the others by its number', () => {
    const { intake, recorder, ledger } = open(REPLIES);
    for (const copy of [0, 1, 2]) intake.take(1, write(stamp), 5_500 + copy, copy);
    for (const copy of [0, 1, 2]) intake.take(1, write({ ...stamp, seq: 1 }), 5_600 + copy, copy);
    expect(valuesOf(recorder)).toEqual({
      reply: [500, 501, 502, 600, 601, 602],
      reply_actual: [400, 401, 402, 500, 501, 502],
    });
    expect(ledger.totals()).toMatchObject({ delivered: 6, duplicated: 0, reordered: 0, unexpected: 0 });
  });

  it('that comes twice is a duplicate, and out of order it is that', () => {
    const { intake, ledger } = open(REPLIES);
    for (const copy of [1, 0, 1, 2]) intake.take(1, write(stamp), 5_500, copy);
    expect(ledger.totals()).toMatchObject({ delivered: 3, duplicated: 1, reordered: 1 });
  });

  it.each([-1, 3, 1000, Number.NaN, 0.5, Number.POSITIVE_INFINITY])(
    'is none of those that were asked for with the number %d',
    (copy) => {
      const { intake, recorder, ledger } = open(REPLIES);
      intake.take(1, write(stamp), 5_500, copy);
      intake.takeAnswer(1, stamp, 5_500, copy);
      expect(ledger.totals()).toMatchObject({ delivered: 0, unexpected: 2 });
      expect(valuesOf(recorder)).toEqual({});
    },
  );

  it('is not one of those to another request', () => {
    const { intake, ledger } = open(REPLIES);
    // A fourth reply to request 0 must not pass for the first to request 1.
    for (const copy of [0, 1, 2, 3]) intake.take(1, write(stamp), 5_500, copy);
    intake.take(1, write({ ...stamp, seq: 1 }), 5_600, 0);
    expect(ledger.totals()).toMatchObject({ delivered: 4, duplicated: 0, unexpected: 1 });
  });

  it('never counts as sent within a process or between two', () => {
    const { intake, recorder } = open(REPLIES);
    intake.isSameNode = () => true;
    intake.take(1, write(stamp), 5_500);
    expect(Object.keys(valuesOf(recorder)).sort()).toEqual(['reply', 'reply_actual']);
  });
});

describe('an answer of which the stamp is known', () => {
  it('is timed and accounted for like a message that was read', () => {
    const { intake, recorder, ledger, window } = open(ACK);
    intake.takeAnswer(1, stamp, 5_500);
    intake.takeAnswer(1, stamp, 5_600);
    expect(valuesOf(recorder)).toEqual({ ack: [500], ack_actual: [400] });
    expect(ledger.totals()).toMatchObject({ delivered: 1, duplicated: 1 });
    expect(window.total).toBe(2);
  });

  it('of the warm-up is kept apart', () => {
    const { intake, recorder, ledger } = open(ACK);
    intake.takeAnswer(1, { ...stamp, measured: false }, 5_500);
    expect(valuesOf(recorder)).toEqual({ warmup: [500] });
    expect(ledger.totals().delivered).toBe(0);
  });
});

describe('several streams', () => {
  /** Stream 0 is delivered, stream 1 pinged and stream 2 echoed. */
  function openThree() {
    const opened = open();
    const { ledger } = opened;
    for (const stream of [1, 2]) ledger.open(1, stream);
    const recorder = new Recorder();
    const intake = new Intake({
      headline: 'echo_text',
      routes: [
        DELIVERY,
        { series: 'ping_pong', copies: 1, broadcast: null },
        { series: 'echo_text', copies: 1, broadcast: null },
      ],
      recorder,
      ledger,
      fanout: new FanoutTracker({ expected: () => 2, onClosed: () => {}, quietNs: 1e9 }),
      window: opened.window,
      startedNs: 0,
      lateAfterNs: LATE_AFTER_NS,
    });
    return { intake, recorder, ledger };
  }

  it('are each recorded in their own series, and only the headline from actual sending too', () => {
    const { intake, recorder } = openThree();
    for (const stream of [0, 1, 2]) intake.take(1, write({ ...stamp, stream }), 5_500 + stream);
    expect(valuesOf(recorder)).toEqual({
      delivery: [500],
      ping_pong: [501],
      echo_text: [502],
      echo_text_actual: [402],
    });
  });

  it('that there are not are unexpected', () => {
    const { intake, recorder, ledger } = openThree();
    intake.take(1, write({ ...stamp, stream: 3 }), 5_500);
    expect(ledger.totals()).toMatchObject({ delivered: 0, unexpected: 1 });
    expect(valuesOf(recorder)).toEqual({});
  });
});

describe('a delivery', () => {
  it.each([
    ['within one process', true, { delivery_same_node: [500] }],
    ['between two processes', false, { delivery_cross_node: [500] }],
    ['where nobody knows', null, {}],
  ])('%s is recorded beside all deliveries', (_, isSame, recorded) => {
    const { intake, recorder } = open();
    intake.isSameNode = (stream, receiver) => (stream === 0 && receiver === 2 ? isSame : null);
    intake.take(2, write(stamp), 5_500);
    expect(valuesOf(recorder)).toEqual({ delivery: [500], delivery_actual: [400], ...recorded });
  });

  it('that is a further copy is recorded nowhere', () => {
    const { intake, recorder } = open();
    intake.isSameNode = () => true;
    intake.take(2, write(stamp), 5_500);
    intake.take(2, write(stamp), 5_900);
    expect(valuesOf(recorder)).toMatchObject({ delivery: [500], delivery_same_node: [500] });
  });

  it('is found in whatever the server made of the payload', () => {
    const { intake, recorder } = open();
    intake.take(1, { from: 'ann', text: `ann says: ${write(stamp)}` }, 5_500);
    expect(valuesOf(recorder)).toMatchObject({ delivery: [500] });
  });
});

describe('a closed broadcast', () => {
  it.each<[number[], object]>([
    [[7], { fanout_first: [7], fanout_median: [7], fanout_last: [7], fanout_skew: [0] }],
    [[1, 9], { fanout_first: [1], fanout_median: [1], fanout_last: [9], fanout_skew: [8] }],
    [[1, 5, 9], { fanout_first: [1], fanout_median: [5], fanout_last: [9], fanout_skew: [8] }],
    [[], {}],
  ])('of latencies %j gives first, median and last receiver and the skew', (latenciesNs, expected) => {
    const recorder = new Recorder();
    const broadcast = { stream: 0, seq: 0, expected: 3, latenciesNs: Float64Array.from(latenciesNs) };
    recordBroadcast(recorder, broadcast, FANOUT_SERIES);
    expect(valuesOf(recorder)).toEqual(expected);
  });

  it('of replies gives the first and the last alone', () => {
    const recorder = new Recorder();
    const broadcast = { stream: 0, seq: 0, expected: 3, latenciesNs: Float64Array.of(1, 5, 9) };
    recordBroadcast(recorder, broadcast, REPLY_SERIES);
    expect(valuesOf(recorder)).toEqual({ reply_first: [1], reply_last: [9] });
  });
});
