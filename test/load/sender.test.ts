import { describe, expect, it } from 'vitest';
import type { Connection } from '../../src/drivers/driver.ts';
import { ClientPool } from '../../src/load/pool.ts';
import { Sender } from '../../src/load/sender.ts';
import { Recorder } from '../../src/measure/recorder.ts';
import { readStamp, stampWriter } from '../../src/measure/stamp.ts';
import type { Layout, Operation } from '../../src/scenario.ts';
import { chatMapping } from '../../src/target.ts';

interface Sent {
  readonly client: number;
  readonly event: string;
  readonly data: unknown;
}

/** Clients 0 to 3, of which some are connected, and a sender for the streams of clients 0 and 1. */
async function open(operation: Operation, { connected = [0, 1, 2, 3], mine = [0, 1] } = {}) {
  const sent: Sent[] = [];
  const replies: Array<(reply: unknown) => void> = [];
  const clock = { ns: 0, nowNs: () => clock.ns };
  const connectionOf = (client: number): Connection => ({
    emit: (event, data) => void sent.push({ client, event, data }),
    request: (event, data, onReply) => {
      sent.push({ client, event, data });
      replies.push(onReply);
    },
    on: () => {},
    answer: () => {},
    onDropped: () => {},
    close: async () => null,
  });
  let next = 0;
  const pool = new ClientPool({
    driver: {
      name: 'fake',
      protocol: 'ws',
      transports: ['websocket'],
      summary: '',
      connect: async () => connectionOf(connected[next++] ?? -1),
    },
    clock,
    connectOptions: () => ({ url: '', transport: 'websocket', timeoutMs: 1 }),
    onConnected: () => {},
  });
  await pool.connectAll(connected, 1e6);
  const layout: Layout = {
    rooms: [[], [], [], []],
    streams: [
      { sender: 0, operation, receivers: [0, 1, 2, 3] },
      { sender: 1, operation, receivers: [0, 1] },
    ],
  };
  const recorder = new Recorder();
  const taken: Array<[client: number, payload: unknown]> = [];
  const sender = new Sender({
    clock,
    pool,
    layout,
    mapping: chatMapping,
    writeStamp: stampWriter('text', 64),
    recorder,
    clients: new Set(mine),
    audience: [4, 2],
    onReply: (client, payload) => taken.push([client, payload]),
  });
  return { sender, sent, replies, recorder, taken, clock };
}

const publish: Operation = { kind: 'publish', scope: 'room', room: 'room-0' };

/** Stamps of what was published, in order. */
function stampsOf(sent: readonly Sent[]) {
  return sent.map(({ data }) => readStamp((data as { message: unknown }).message));
}

describe('a sender', () => {
  it('takes the streams in turn, each numbered without gaps, stamped with intended and actual time', async () => {
    const { sender, sent, clock } = await open(publish);
    for (const index of [0, 1, 2]) {
      clock.ns = index * 1000 + 7;
      sender.send(index, index * 1000, true);
    }
    expect(sent.map(({ client, event }) => [client, event])).toEqual([
      [0, 'send_message'],
      [1, 'send_message'],
      [0, 'send_message'],
    ]);
    expect(sent[0]?.data).toMatchObject({ scope: 'room', chatId: 'room-0' });
    expect(stampsOf(sent)).toEqual([
      { stream: 0, seq: 0, intendedNs: 0, actualNs: 7, measured: true },
      { stream: 1, seq: 0, intendedNs: 1000, actualNs: 1007, measured: true },
      { stream: 0, seq: 1, intendedNs: 2000, actualNs: 2007, measured: true },
    ]);
    expect(sender.sentByStream()).toEqual([
      { stream: 0, sent: 2 },
      { stream: 1, sent: 1 },
    ]);
  });

  it('leaves to other workers what their clients send', async () => {
    const { sender, sent } = await open(publish, { mine: [1, 2] });
    for (const index of [0, 1, 2, 3]) sender.send(index, index, true);
    expect(sent.map(({ client }) => client)).toEqual([1, 1]);
    expect(sender.sentByStream()).toEqual([{ stream: 1, sent: 2 }]);
  });

  it('counts what was intended, sent and owed in each second of the schedule, and records its lag', async () => {
    const { sender, recorder, clock } = await open(publish);
    sender.measureStartNs = 10e9;
    clock.ns = 10e9 + 5;
    sender.send(0, 10e9, true);
    sender.send(1, 10e9, true);
    clock.ns = 12e9;
    sender.send(2, 11e9, true);
    expect(sender.takeBySecond()).toEqual([
      [0, { intended: 2, sent: 2, owed: 6 }],
      [1, { intended: 1, sent: 1, owed: 4 }],
    ]);
    expect(sender.takeBySecond()).toEqual([]);
    expect(recorder.take().series['send_lag']?.counts).toEqual(Float64Array.of(2, 1));
  });

  it('counts nothing in the warm-up', async () => {
    const { sender, sent, recorder } = await open(publish);
    sender.send(0, 0, false);
    sender.send(2, 0, false);
    expect(stampsOf(sent)).toMatchObject([{ measured: false }, { measured: false }]);
    expect(sender.sentByStream()).toEqual([]);
    expect(sender.takeBySecond()).toEqual([]);
    expect(recorder.take().series).toEqual({});
    sender.send(4, 0, true);
    expect(stampsOf(sent)[2]).toMatchObject({ seq: 0, measured: true });
  });

  it('counts a message of a client that is gone as intended and unsent, and leaves no gap for it', async () => {
    const { sender, sent } = await open(publish, { connected: [1, 2, 3] });
    sender.send(0, 0, true);
    sender.send(1, 0, true);
    expect(sent).toHaveLength(1);
    expect(sender.takeBySecond()).toEqual([[0, { intended: 2, sent: 1, owed: 2 }]]);
    expect(sender.unsent.take()).toEqual([{ reason: 'the sender was not connected', count: 1 }]);
    expect(sender.sentByStream()).toEqual([{ stream: 1, sent: 1 }]);
  });

  it('gives up what can only be sent after the run', async () => {
    const { sender, sent, clock } = await open(publish);
    sender.sendBeforeNs = 1000;
    clock.ns = 1000;
    sender.send(0, 0, true);
    clock.ns = 1001;
    sender.send(2, 0, true);
    expect(sent).toHaveLength(1);
    expect(sender.unsent.take()).toEqual([{ reason: 'the generator was too late', count: 1 }]);
    expect(sender.takeBySecond()).toEqual([[0, { intended: 2, sent: 1, owed: 4 }]]);
  });

  it('hands the reply to a request to its sender', async () => {
    const { sender, sent, replies, taken } = await open({ kind: 'request' });
    sender.send(0, 0, true);
    sender.send(1, 0, true);
    expect(sent.map(({ event }) => event)).toEqual(['hello', 'hello']);
    replies[1]?.('second');
    replies[0]?.('first');
    expect(taken).toEqual([
      [1, 'second'],
      [0, 'first'],
    ]);
  });

  it('records what the server measured when it was told to ask, and hands on the answer', async () => {
    const { sender, replies, taken, recorder } = await open({ kind: 'ask-me' });
    sender.send(0, 0, true);
    replies[0]?.({ answer: 'here', roundTripNs: 900 });
    expect(taken).toEqual([[0, 'here']]);
    expect(recorder.take().series['ack_server']).toEqual({
      valuesNs: Float64Array.of(900),
      counts: Float64Array.of(1),
    });
  });

  it('hands on a reply that is none as nothing, so that it is counted as unexpected', async () => {
    const { sender, replies, taken, recorder } = await open({ kind: 'ask-me' });
    sender.send(0, 0, true);
    replies[0]?.(null);
    expect(taken).toEqual([[0, undefined]]);
    expect(recorder.take().series).not.toHaveProperty('ack_server');
  });
});
