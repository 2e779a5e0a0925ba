import { describe, expect, it } from 'vitest';
import type { Scope } from '../../src/contract/scenario.ts';
import type { OperationWorker } from '../../src/generator/operations/operation.ts';
import type { OnAnswer } from '../../src/generator/replies.ts';
import { TargetCalls } from '../../src/generator/target-calls.ts';
import { IteratingUser } from '../../src/generator/user.ts';
import type { Reading } from '../../src/measure/payload.ts';
import { Receipts, type ReceiptTime } from '../../src/measure/receipts.ts';
import { Recorder } from '../../src/measure/recorder.ts';
import type { Stamp } from '../../src/measure/stamp.ts';
import { VirtualTime } from '../support/virtual-time.ts';
import { FakeConnection } from './fake-connection.ts';

const DUE_NS = 1_000_000;
const MS = 1e6;

/** An iteration of client 4 that was due at 1 ms and begins at 1.2 ms; requests are replied to when a test says so. */
function open({ timeoutMs = 5000 } = {}) {
  const clock = { ns: DUE_NS + 200_000, nowNs: () => clock.ns };
  const time = new VirtualTime();
  const connection = new FakeConnection();
  const another = new FakeConnection();
  const upgraded = Promise.withResolvers<void>();
  const published: Array<[intendedNs: number, scope: Scope, room: string | null]> = [];
  const requested: Array<{
    over: unknown;
    intendedNs: number;
    reply: (stamp?: Stamp, state?: Reading['state'], arrival?: ReceiptTime) => void;
  }> = [];
  const recorded: Array<[series: string, valueNs: number]> = [];
  const lagsNs: number[] = [];
  let received = 0;
  let over: unknown = null;
  let stopped = 0;
  // The parts of a worker that a user calls, which note what they are asked for.
  const worker = {
    scenario: { name: 'made-up', series: { shopping: '', basket: '', ack_upgraded: '', own: '' } },
    layout: { streams: [0, 1, 2, 3, 4, 5] },
    plan: { connectTimeoutMs: timeoutMs, scenarioOptions: { items: 3 }, target: { allowRemote: null } },
    target: {
      clientOf: (number: number) => ({ number, values: { name: 'ann' } }),
      mapping: { request: () => ({ event: 'ask', data: '', reply: { event: 'answer' } }) },
    },
    write: () => '',
    clock,
    timers: time,
    recorder: {
      record: (_: 'send_lag', valueNs: number) => {
        lagsNs.push(valueNs);
      },
      recordDue: (series: string, valueNs: number) => {
        recorded.push([series, valueNs]);
      },
    },
    receipts: new Receipts({
      clock,
      window: {
        note: () => {
          received += 1;
        },
        noteLatency: () => {},
      },
      onStamped: () => {
        received += 1;
      },
      onLatency: () => {},
    }),
    receiver: {
      listenForReply: (_client: number, connection: unknown) => {
        over = connection;
      },
      refusals: null,
      replies: {
        noteAsked() {},
        expect: (_client: number, _event: unknown, waiting: { stamp: Stamp; onAnswer: OnAnswer }) => {
          const { stamp: sent, onAnswer } = waiting;
          const { intendedNs } = sent;
          const reply = (stamp = sent, state: Reading['state'] = 'intact', arrival?: ReceiptTime) =>
            onAnswer({ kind: 'accepted', reading: { stamp, state }, mayLackPayload: true }, arrival);
          requested.push({ over, intendedNs, reply });
          return () => {
            stopped += 1;
          };
        },
      },
    },
    messages: {
      calls: new TargetCalls({ clock: { nowNs: () => clock.ns }, recorder: new Recorder() }, () => {}),
      sendNext: (stream: number, intendedNs: number, measured: boolean, perform: (stamp: Stamp) => void) =>
        perform({ stream, seq: 0, intendedNs, actualNs: clock.ns, measured }),
    },
    pool: {
      openAnother: async (_client: number, _change: unknown, onReady: (connection: unknown) => void) => {
        onReady(another);
        return { connection: another, upgraded: upgraded.promise };
      },
    },
  };
  const user = new IteratingUser({
    worker: worker as unknown as OperationWorker,
    sender: 4,
    stamp: { stream: 4, seq: 7, intendedNs: DUE_NS, actualNs: clock.ns, measured: true },
    connection,
    publishing: {
      publish: (_sender, _connection, { intendedNs }, scope, room) => {
        published.push([intendedNs, scope, room]);
        return `message ${published.length}`;
      },
    },
  });
  return {
    user,
    clock,
    connection,
    another,
    upgraded,
    published,
    requested,
    recorded,
    lagsNs,
    receivedCount: () => received,
    stoppedCount: () => stopped,
    time,
  };
}

describe('a user', () => {
  it('knows who it is, what was asked for and which iteration it is on', () => {
    const { user } = open();
    expect(user.client).toEqual({ number: 4, values: { name: 'ann' } });
    expect(user.options).toEqual({ items: 3 });
    expect(user.iteration).toBe(7);
    // Arrivals take the six streams in turn; this is the eighth of stream 4.
    expect(user.arrival).toBe(7 * 6 + 4);
  });

  it('does its first step when its iteration was due, and the next ones when it comes to them', () => {
    const { user, clock, published } = open();
    expect(user.publish('everyone')).toBe('message 1');
    clock.ns += 50;
    expect(user.publish('room', 'here')).toBe('message 2');
    expect(published).toEqual([
      [DUE_NS, 'everyone', null],
      [DUE_NS + 200_050, 'room', 'here'],
    ]);
  });

  it.each<[string, (user: IteratingUser) => unknown]>([
    ['emitted', (user) => user.emit('typing')],
    ['called', (user) => void user.call('history').catch(() => {})],
    ['requested', (user) => void user.request().catch(() => {})],
  ])('has used up when its iteration was due once it has %s', (_, step) => {
    const { user, clock, published } = open({ timeoutMs: 1 });
    step(user);
    clock.ns += 50;
    user.publish('everyone');
    expect(published).toEqual([[clock.ns, 'everyone', null]]);
  });

  it('goes on after thinking when the thinking should have been over, and reports how late that is', async () => {
    const { user, clock, published, lagsNs, time } = open();
    user.publish('everyone');
    const thinkingFromNs = clock.ns;
    const thinking = user.think(5);
    clock.ns += 12 * MS;
    await time.run(thinking);
    user.publish('everyone');
    clock.ns += 10;
    user.publish('everyone');
    expect(published.map(([intendedNs]) => intendedNs)).toEqual([
      DUE_NS,
      thinkingFromNs + 5 * MS,
      thinkingFromNs + 12 * MS + 10,
    ]);
    expect(lagsNs).toEqual([7 * MS]);
  });

  it('is never due before it acts, when a timer fires early', async () => {
    const { user, clock, published, lagsNs, time } = open();
    const thinking = user.think(5);
    clock.ns += 4.5 * MS;
    await time.run(thinking);
    user.publish('everyone');
    expect(published).toEqual([[clock.ns, 'everyone', null]]);
    expect(lagsNs).toEqual([0]);
  });

  it('sends any event, with anything', () => {
    const { user, connection } = open();
    user.emit('typing');
    user.emit('typed', { keys: 3 });
    expect(connection.sent).toEqual([
      { event: 'typing', data: undefined, reply: null },
      { event: 'typed', data: { keys: 3 }, reply: null },
    ]);
  });
});

describe('a request of a user', () => {
  it('is recorded from when it was due and from when it was sent', async () => {
    const { user, clock, connection, requested, recorded, receivedCount } = open();
    const replied = user.request();
    expect(requested).toMatchObject([{ over: connection, intendedNs: DUE_NS }]);
    clock.ns += 300;
    requested[0]?.reply();
    await replied;
    expect(recorded).toEqual([
      ['ack', 200_300],
      ['ack_actual', 300],
    ]);
    expect(receivedCount()).toBe(1);
  });

  it('fails when the reply is not the one to it, and records nothing', async () => {
    const { user, requested, recorded } = open();
    const replied = user.request();
    requested[0]?.reply(undefined, 'corrupted');
    await expect(replied).rejects.toThrow('the reply to a request has another payload than the request');
    expect(recorded).toEqual([]);
  });

  it('fails when it is not replied to in time, and records nothing', async () => {
    const { user, recorded, time, stoppedCount } = open({ timeoutMs: 20 });
    await expect(time.run(user.request())).rejects.toThrow('no reply to a request within 0.02 s');
    expect(recorded).toEqual([]);
    // Nothing waits for a late reply.
    expect(stoppedCount()).toBe(1);
  });
});

describe('a call', () => {
  it('gives what the server acknowledges with', async () => {
    const { user, connection, receivedCount } = open();
    const called = user.call('history', { last: 20 });
    expect(connection.sent).toMatchObject([{ event: 'history', data: { last: 20 } }]);
    connection.acknowledge(['a', 'b']);
    expect(await called).toEqual(['a', 'b']);
    expect(receivedCount()).toBe(1);
  });

  it('fails when it is not acknowledged in time', async () => {
    const { user, time } = open({ timeoutMs: 20 });
    await expect(time.run(user.call('history'))).rejects.toThrow(
      'no acknowledgement of history within 0.02 s',
    );
  });
});

describe('waiting for an event', () => {
  it('gives the data of each event of this name that has come since the iteration began, once', async () => {
    const { user, connection, clock, recorded } = open();
    connection.receive('joined', 'before');
    connection.receive('left', 'other');
    clock.ns += 100;
    expect(await user.time('own', () => user.next('joined'))).toBe('before');
    const both = [user.next('joined'), user.next('joined')];
    connection.receive('joined', 'first');
    connection.receive('joined', 'second');
    expect(await Promise.all(both)).toEqual(['first', 'second']);
    expect(await user.next('left')).toBe('other');
    // What had come already takes no time: that of the step counts from when the iteration was due.
    expect(recorded).toEqual([['own', 200_100]]);
  });

  it('tells what has come since the call from what came before', async () => {
    const { user, connection } = open();
    connection.receive('said', 'old');
    const fresh = user.next('said', (_data, isNew) => isNew);
    connection.receive('said', 'new');
    expect(await fresh).toBe('new');
    expect(await user.next('said')).toBe('old');
  });

  it('keeps the last 100 of each name, and says that older ones were forgotten', async () => {
    const { user, connection, time } = open({ timeoutMs: 20 });
    connection.receive('ready', 1);
    for (let tick = 0; tick < 101; tick++) connection.receive('tick', tick);
    expect(await user.next('tick')).toBe(1);
    expect(await user.next('ready')).toBe(1);
    await expect(time.run(user.next('gone'))).rejects.toThrow(
      'no event gone (more came than are kept, and the oldest were forgotten) within 0.02 s',
    );
  });

  it('ends with the iteration', async () => {
    const { user, connection } = open();
    expect(connection.anyHandlers).toBe(1);
    await user.leave();
    expect(connection.anyHandlers).toBe(0);
  });

  it('passes over those that are not meant', async () => {
    const { user, connection } = open();
    const own = user.next('message', (data) => String(data).includes('mine'));
    for (const message of ['yours', 'theirs', 'mine 1', 'mine 2']) connection.receive('message', message);
    expect(await own).toBe('mine 1');
  });

  it('fails when what says what is meant does', async () => {
    const { user, connection } = open();
    const own = user.next('message', (data) => (data as { text: string }).text.includes('mine'));
    connection.receive('message', {});
    await expect(own).rejects.toThrow('undefined');
  });

  it('fails when none comes in time', async () => {
    const { user, connection, time } = open({ timeoutMs: 20 });
    const joined = user.next('joined', (data) => data === 'ann');
    connection.receive('joined', 'bob');
    await expect(time.run(joined)).rejects.toThrow('no event joined within 0.02 s');
  });

  it('makes what comes next due when it is done', async () => {
    const { user, connection, clock, published } = open();
    const joined = user.next('joined');
    clock.ns += 400;
    connection.receive('joined', null);
    await joined;
    user.publish('everyone');
    expect(published).toEqual([[DUE_NS + 200_400, 'everyone', null]]);
  });
});

describe('timing steps', () => {
  it('begins when they were due', async () => {
    const { user, clock, recorded } = open();
    const shopping = user.time('shopping', async () => {
      clock.ns += 100;
      return 'basket';
    });
    expect(await shopping).toBe('basket');
    expect(recorded).toEqual([['shopping', 200_100]]);
  });

  it('makes its first step due with it, and what comes after due when it happens', async () => {
    const { user, clock, published } = open();
    await user.time('shopping', async () => {
      user.publish('everyone');
      clock.ns += 100;
      user.publish('everyone');
    });
    clock.ns += 100;
    user.publish('everyone');
    expect(published.map(([intendedNs]) => intendedNs)).toEqual([DUE_NS, DUE_NS + 200_100, DUE_NS + 200_200]);
  });

  it('records nothing of steps that fail', async () => {
    const { user, recorded } = open();
    await expect(user.time('shopping', () => Promise.reject(new Error('sold out')))).rejects.toThrow(
      'sold out',
    );
    expect(recorded).toEqual([]);
  });

  it('leaves a value of the scenario as it is', () => {
    const { user, recorded } = open();
    user.record('basket', 42);
    expect(recorded).toEqual([['basket', 42]]);
  });
});

describe('a connection of an iteration', () => {
  it('carries requests into the series that they name', async () => {
    const { user, another, requested, recorded, clock } = open();
    const connection = await user.open();
    const replied = connection.request('ack_upgraded');
    expect(requested).toMatchObject([{ over: another, intendedNs: DUE_NS }]);
    clock.ns += 100;
    requested[0]?.reply();
    await replied;
    expect(recorded).toEqual([['ack_upgraded', 200_100]]);
  });

  it('reports when it is on WebSocket', async () => {
    const { user, upgraded } = open();
    const connection = await user.open();
    upgraded.resolve();
    await connection.upgraded;
  });

  it('fails when it is not on WebSocket in time', async () => {
    const { user, time } = open({ timeoutMs: 20 });
    const connection = await user.open();
    await expect(time.run(connection.upgraded)).rejects.toThrow('no upgrade to WebSocket within 0.02 s');
  });

  it('is closed when the user leaves, and the own one of the client is not', async () => {
    const { user, connection, another } = open();
    await user.open();
    await user.leave();
    expect([connection.closed, another.closed]).toEqual([false, true]);
  });

  it('is closed when it opens after the user has left', async () => {
    const { user, another } = open();
    const opening = user.open();
    await user.leave();
    await opening;
    expect(another.closed).toBe(true);
  });
});

describe('the steps of a user over a connection of its iteration', () => {
  it('go over that connection, and the first is timed from when the iteration was due', async () => {
    const { user, connection, another, recorded, clock } = open();
    const own = await user.open();
    const greeted = own.next('welcome', (data) => data === 'ann');
    const joined = user.time('basket', () => own.call('join', 'room-1'));
    own.emit('typing', true);
    expect(another.sent).toMatchObject([
      { event: 'join', data: 'room-1' },
      { event: 'typing', data: true },
    ]);
    expect(connection.sent).toEqual([]);
    clock.ns += 100;
    another.sent[0]?.reply?.('welcome');
    expect(await joined).toBe('welcome');
    expect(recorded).toEqual([['basket', 200_100]]);
    another.receive('welcome', 'bob');
    another.receive('welcome', 'ann');
    expect(await greeted).toBe('ann');
  });

  it('see what came with the answer to the handshake', async () => {
    const { user, another } = open();
    const opening = user.open();
    another.receive('hello', 'ann');
    const own = await opening;
    expect(await own.next('hello')).toBe('ann');
  });

  it('fail at once when the server drops it, and afterwards', async () => {
    const { user, another } = open();
    const own = await user.open();
    const waits = [own.next('welcome'), own.call('join')];
    another.drop('transport close');
    for (const wait of waits)
      await expect(wait).rejects.toThrow('the connection was dropped: transport close');
    expect(() => own.emit('typing')).toThrow('the connection was dropped: transport close');
    await expect(own.call('join')).rejects.toThrow('the connection was dropped: transport close');
    expect(another.sent).toHaveLength(1);
  });

  it('end with its close', async () => {
    const { user, another } = open();
    const own = await user.open();
    await own.close();
    expect(another.closed).toBe(true);
    expect(() => own.emit('typing')).toThrow('the scenario has closed the connection');
  });
});

describe('steps that are left behind', () => {
  it('do not end the process when they fail later', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', note);
    try {
      const { user, time } = open({ timeoutMs: 10 });
      const connection = await user.open();
      void user.next('joined');
      void user.call('history');
      void user.request();
      void connection.request('own');
      void connection.upgraded;
      void user.time('shopping', () => Promise.reject(new Error('sold out')));
      // Begun last, so that the others have failed before.
      await expect(time.run(user.next('left'))).rejects.toThrow('no event left');
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});
