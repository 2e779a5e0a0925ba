import { describe, expect, it } from 'vitest';
import type { Layout, Operation } from '../../src/contract/scenario.ts';
import { SentMessages } from '../../src/generator/sent-messages.ts';
import type { MeasureWindow } from '../../src/measure/clock.ts';
import { Ledger } from '../../src/measure/ledger.ts';
import type { Stamp } from '../../src/measure/stamp.ts';
import { makeContext, valuesOf } from './made-worker.ts';

/** The messages of clients 0 and 1, to four receivers and to two. */
function open(operation: Operation, measuring: Partial<MeasureWindow> = {}) {
  const stamps: Stamp[] = [];
  const layout: Layout = {
    rooms: [[], [], [], []],
    streams: [
      { sender: 0, operation, receivers: [0, 1, 2, 3] },
      { sender: 1, operation, receivers: [0, 1] },
    ],
  };
  const { context, time } = makeContext({ layout, measuring, steps: async () => {} });
  const members = [0, 1, 2, 3].map((client) => ({ client, node: null }));
  context.audience.open(members, context.clients, new Ledger());
  const messages = new SentMessages(context);
  const send = (index: number, intendedNs: number, measured = true) =>
    messages.begin(index, intendedNs, measured).send((stamp) => stamps.push(stamp));
  const { failed } = context;
  return { messages, stamps, send, time, failed, values: () => valuesOf(context.recorder) };
}

const publish: Operation = { kind: 'publish', scope: 'room', room: 'room-0' };

describe('messages that are due', () => {
  it('are stamped once they are due, where they begin early', () => {
    const layout: Layout = {
      rooms: [[], []],
      streams: [{ sender: 0, operation: publish, receivers: [1] }],
    };
    const { context, time } = makeContext({ layout });
    const messages = new SentMessages(context, (dueNs) => {
      time.moveTo(dueNs);
      return dueNs;
    });
    const stamps: Stamp[] = [];
    time.moveTo(900);
    messages.begin(0, 1000, true).send((stamp) => stamps.push(stamp));
    expect(stamps).toEqual([{ stream: 0, seq: 0, intendedNs: 1000, actualNs: 1000, measured: true }]);
  });

  it('are of the streams in turn, each numbered without gaps, stamped with intended and actual time', () => {
    const { messages, stamps, send, time } = open(publish);
    for (const index of [0, 1, 2]) {
      time.moveTo(index * 1000 + 7);
      send(index, index * 1000);
    }
    expect(stamps).toEqual([
      { stream: 0, seq: 0, intendedNs: 0, actualNs: 7, measured: true },
      { stream: 1, seq: 0, intendedNs: 1000, actualNs: 1007, measured: true },
      { stream: 0, seq: 1, intendedNs: 2000, actualNs: 2007, measured: true },
    ]);
    expect(messages.byStream()).toEqual([
      { stream: 0, sent: 2, rejected: 0 },
      { stream: 1, sent: 1, rejected: 0 },
    ]);
  });

  it('are counted in the second in which they were intended: intended, sent and expected', () => {
    const { messages, send, time, values } = open(publish, { startNs: 10e9 });
    time.moveTo(10e9 + 5);
    send(0, 10e9);
    send(1, 10e9);
    time.moveTo(12e9);
    send(2, 11e9);
    expect(messages.takeBySecond()).toEqual([
      { second: 0, intended: 2, sent: 2, expected: 6, delivered: 0 },
      { second: 1, intended: 1, sent: 1, expected: 4, delivered: 0 },
    ]);
    expect(messages.takeBySecond()).toEqual([]);
    expect(values()['send_lag']).toHaveLength(3);
  });

  it('are not counted in the warm-up', () => {
    const { messages, stamps, send, values } = open(publish);
    send(0, 0, false);
    send(2, 0, false);
    messages.begin(2, 0, false).drop('the sender was not connected');
    expect(stamps).toMatchObject([{ measured: false }, { measured: false }]);
    expect(messages.byStream()).toEqual([]);
    expect(messages.takeBySecond()).toEqual([]);
    expect(messages.unsent.take()).toEqual([]);
    expect(values()).toEqual({});
    send(4, 0);
    expect(stamps[2]).toMatchObject({ seq: 0, measured: true });
  });

  it('leave no gap when they are dropped, and count as intended and unsent', () => {
    const { messages, stamps, send } = open(publish);
    messages.begin(0, 0, true).drop('the sender was not connected');
    send(2, 0);
    expect(stamps).toMatchObject([{ stream: 0, seq: 0 }]);
    expect(messages.takeBySecond()).toEqual([{ second: 0, intended: 2, sent: 1, expected: 4, delivered: 0 }]);
    expect(messages.unsent.take()).toEqual([{ reason: 'the sender was not connected', count: 1 }]);
  });

  it('leave no gap when they cannot be sent, and count as failed and unsent', () => {
    const { messages, stamps, send, failed } = open(publish);
    const fails = () => {
      throw new Error('no such room');
    };
    messages.begin(0, 0, true).send(fails);
    messages.begin(0, 0, false).send(fails);
    send(2, 0);
    expect(stamps).toMatchObject([{ stream: 0, seq: 0 }]);
    expect(messages.takeBySecond()).toEqual([{ second: 0, intended: 2, sent: 1, expected: 4, delivered: 0 }]);
    expect(failed.take()).toEqual([{ reason: 'no such room', count: 1 }]);
    expect(messages.unsent.take()).toEqual([{ reason: 'no such room', count: 1 }]);
  });

  it('are given up when they could only be sent after the run', () => {
    const { messages, stamps, send, time } = open(publish, { sendBeforeNs: 1000 });
    time.moveTo(1000);
    send(0, 0);
    time.moveTo(1001);
    send(2, 0);
    expect(stamps).toHaveLength(1);
    expect(messages.unsent.take()).toEqual([{ reason: 'the generator was too late', count: 1 }]);
    expect(messages.takeBySecond()).toEqual([{ second: 0, intended: 2, sent: 1, expected: 4, delivered: 0 }]);
  });

  it('that wait to be sent are stamped when they are, and their waiting is send lag', () => {
    const { messages, stamps, time, values } = open(publish);
    const message = messages.begin(0, 0, true);
    messages.takeBySecond();
    time.moveTo(700);
    message.send((stamp) => stamps.push(stamp));
    expect(stamps).toMatchObject([{ intendedNs: 0, actualNs: 700 }]);
    expect(values()).toEqual({ send_lag: [700] });
    expect(messages.takeBySecond()).toEqual([{ second: 0, intended: 0, sent: 1, expected: 4, delivered: 0 }]);
  });
});

it('an iteration has the number of its turn, whatever its messages are numbered', () => {
  const { messages, stamps, send } = open({ kind: 'steps' });
  for (const index of [0, 1, 2, 3]) send(index, 0);
  expect(stamps.map(({ stream, seq }) => [stream, seq])).toEqual([
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ]);
  messages.sendNext(0, 0, true, (stamp) => expect(stamp.seq).toBe(0));
  expect(messages.byStream()).toEqual([{ stream: 0, sent: 1, rejected: 0 }]);
});
