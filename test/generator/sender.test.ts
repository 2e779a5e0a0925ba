import { describe, expect, it } from 'vitest';
import type { Layout, Operation } from '../../src/contract/scenario.ts';
import { Sender } from '../../src/generator/sender.ts';
import { Recorder } from '../../src/measure/recorder.ts';
import type { Stamp } from '../../src/measure/stamp.ts';

/** Clients 0 to 3, of which some are connected, and a sender for the streams of clients 0 and 1. */
function open(operation: Operation, { connected = [0, 1, 2, 3], mine = [0, 1] } = {}) {
  const clock = { ns: 0, nowNs: () => clock.ns };
  const performed: Array<{ readonly client: number; readonly stamp: Stamp }> = [];
  const layout: Layout = {
    rooms: [[], [], [], []],
    streams: [
      { sender: 0, operation, receivers: [0, 1, 2, 3] },
      { sender: 1, operation, receivers: [0, 1] },
    ],
  };
  const recorder = new Recorder();
  const sender = new Sender({
    clock,
    layout,
    recorder,
    clients: new Set(mine),
    audience: [4, 2],
    perform: ({ sender: client }, stamp) => {
      if (!connected.includes(client)) return false;
      performed.push({ client, stamp });
      return true;
    },
  });
  return { sender, performed, recorder, clock };
}

const publish: Operation = { kind: 'publish', scope: 'room', room: 'room-0' };

describe('a sender', () => {
  it('takes the streams in turn, each numbered without gaps, stamped with intended and actual time', () => {
    const { sender, performed, clock } = open(publish);
    for (const index of [0, 1, 2]) {
      clock.ns = index * 1000 + 7;
      sender.send(index, index * 1000, true);
    }
    expect(performed.map(({ client }) => client)).toEqual([0, 1, 0]);
    expect(performed.map(({ stamp }) => stamp)).toEqual([
      { stream: 0, seq: 0, intendedNs: 0, actualNs: 7, measured: true },
      { stream: 1, seq: 0, intendedNs: 1000, actualNs: 1007, measured: true },
      { stream: 0, seq: 1, intendedNs: 2000, actualNs: 2007, measured: true },
    ]);
    expect(sender.sentByStream()).toEqual([
      { stream: 0, sent: 2 },
      { stream: 1, sent: 1 },
    ]);
  });

  it('leaves to other workers what their clients send', () => {
    const { sender, performed } = open(publish, { mine: [1, 2] });
    for (const index of [0, 1, 2, 3]) sender.send(index, index, true);
    expect(performed.map(({ client }) => client)).toEqual([1, 1]);
    expect(sender.sentByStream()).toEqual([{ stream: 1, sent: 2 }]);
  });

  it('counts what was intended, sent and owed in each second of the schedule, and records its lag', () => {
    const { sender, recorder, clock } = open(publish);
    sender.measureStartNs = 10e9;
    clock.ns = 10e9 + 5;
    sender.send(0, 10e9, true);
    sender.send(1, 10e9, true);
    clock.ns = 12e9;
    sender.send(2, 11e9, true);
    expect(sender.takeBySecond()).toEqual([
      [0, { intended: 2, sent: 2, expected: 6 }],
      [1, { intended: 1, sent: 1, expected: 4 }],
    ]);
    expect(sender.takeBySecond()).toEqual([]);
    expect(recorder.take().series['send_lag']?.counts).toEqual(Float64Array.of(2, 1));
  });

  it('counts nothing in the warm-up', () => {
    const { sender, performed, recorder } = open(publish);
    sender.send(0, 0, false);
    sender.send(2, 0, false);
    expect(performed).toMatchObject([{ stamp: { measured: false } }, { stamp: { measured: false } }]);
    expect(sender.sentByStream()).toEqual([]);
    expect(sender.takeBySecond()).toEqual([]);
    expect(recorder.take().series).toEqual({});
    sender.send(4, 0, true);
    expect(performed[2]).toMatchObject({ stamp: { seq: 0, measured: true } });
  });

  it('counts a message of a client that is gone as intended and unsent, and leaves no gap for it', () => {
    const { sender, performed } = open(publish, { connected: [1, 2, 3] });
    sender.send(0, 0, true);
    sender.send(1, 0, true);
    expect(performed).toHaveLength(1);
    expect(sender.takeBySecond()).toEqual([[0, { intended: 2, sent: 1, expected: 2 }]]);
    expect(sender.unsent.take()).toEqual([{ reason: 'the sender was not connected', count: 1 }]);
    expect(sender.sentByStream()).toEqual([{ stream: 1, sent: 1 }]);
  });

  it('gives up what can only be sent after the run', () => {
    const { sender, performed, clock } = open(publish);
    sender.sendBeforeNs = 1000;
    clock.ns = 1000;
    sender.send(0, 0, true);
    clock.ns = 1001;
    sender.send(2, 0, true);
    expect(performed).toHaveLength(1);
    expect(sender.unsent.take()).toEqual([{ reason: 'the generator was too late', count: 1 }]);
    expect(sender.takeBySecond()).toEqual([[0, { intended: 2, sent: 1, expected: 4 }]]);
  });
});
