import { describe, expect, it } from 'vitest';
import { defineScenario, type User } from '../../src/contract/scenario.ts';
import { chat, type Mapping } from '../../src/contract/target.ts';
import { HttpPublisher } from '../../src/generator/http-publisher.ts';
import { Iterations } from '../../src/generator/iterations.ts';
import { Performer } from '../../src/generator/performer.ts';
import { ClientPool } from '../../src/generator/pool.ts';
import { routeOf } from '../../src/generator/route.ts';
import { Sender } from '../../src/generator/sender.ts';
import { FanoutTracker } from '../../src/measure/fanout.ts';
import { Intake } from '../../src/measure/intake.ts';
import { Ledger } from '../../src/measure/ledger.ts';
import { ReasonCounts } from '../../src/measure/reason-counts.ts';
import { ReceiveWindow } from '../../src/measure/receive-window.ts';
import { Recorder } from '../../src/measure/recorder.ts';
import { findStamp } from '../../src/measure/stamp.ts';
import { planOn, targetWith } from '../support/plan.ts';
import { FakeConnection } from './fake-connection.ts';

/** Clients 0 and 1, whose visits do what a test says; 0 publishes to both, 1 to nobody but itself. */
async function open(steps: (user: User) => Promise<void>, mapping: Mapping = chat) {
  const scenario = defineScenario({
    name: 'made-up',
    summary: '',
    headline: 'iteration',
    series: { own: 'anything' },
    options: {},
    layout: () => ({
      rooms: [[], []],
      streams: [
        { sender: 0, operation: { kind: 'steps' }, receivers: [0, 1] },
        { sender: 1, operation: { kind: 'steps' }, receivers: [1] },
      ],
    }),
    steps,
  });
  const plan = planOn(targetWith(), scenario, { clients: '2', connectTimeout: '50ms' });
  const layout = scenario.layout({}, 2, { protocol: 'ws', transport: 'websocket' });
  const clock = { ns: 1000, nowNs: () => clock.ns };
  const connections = [new FakeConnection(), new FakeConnection(), new FakeConnection()] as const;
  let opened = 0;
  const pool = new ClientPool({
    driver: {
      name: 'fake',
      protocol: 'ws',
      transports: ['websocket'],
      summary: '',
      connect: async () => {
        opened += 1;
        const connection = connections[opened - 1];
        if (connection === undefined) throw new Error('refused');
        return connection;
      },
    },
    clock,
    connectOptions: () => ({ url: '', transport: 'websocket', timeoutMs: 1 }),
    onOpened: (client, connection) => performer.listen(client, connection),
    onUpgraded: () => {},
  });
  const recorder = new Recorder();
  const ledger = new Ledger();
  for (const [receiver, stream] of [
    [0, 0],
    [1, 0],
    [1, 1],
  ] as const)
    ledger.open(receiver, stream);
  const window = new ReceiveWindow(clock, () => {});
  const connectOptions = () => ({ url: '', transport: 'websocket' as const, timeoutMs: 1 });
  const clientOf = (number: number) => ({ number, values: {} });
  const made = { mapping, clientOf, headersOf: () => ({}), connectOptions };
  const performer = new Performer({
    clock,
    plan,
    target: made,
    pool,
    recorder,
    intake: new Intake({
      headline: 'iteration',
      routes: layout.streams.map((stream) => routeOf(stream, 'iteration')),
      recorder,
      ledger,
      fanout: new FanoutTracker({ expected: (stream) => 2 - stream, onClosed: () => {}, quietNs: 1e9 }),
      window,
      startedNs: 0,
      lateAfterNs: 1e9,
    }),
    publisher: new HttpPublisher({ baseUrl: 'http://127.0.0.1:1', tls: {}, timeoutMs: 1000 }),
    isStreaming: false,
    onFailed: () => {},
  });
  const failed = new ReasonCounts();
  const sender: Sender = new Sender({
    clock,
    layout,
    recorder,
    clients: new Set([0, 1]),
    audience: [2, 1],
    perform: (stream, stamp) => iterations.begin(stream, stamp),
  });
  const iterations: Iterations = new Iterations({
    scenario,
    plan,
    clock,
    target: made,
    pool,
    performer,
    recorder,
    sender,
    window,
    failed,
  });
  await pool.connectAll([0, 1], 1e6);
  return { iterations, sender, failed, clock, connections, ledger, window, take: () => valuesOf(recorder) };
}

function valuesOf(recorder: Recorder): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(recorder.take().series).map(([name, { valuesNs, counts }]) => [
      name,
      [...valuesNs].flatMap((value, i) => Array<number>(counts[i] ?? 0).fill(value)),
    ]),
  );
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a visit', () => {
  it('lasts from when it was due until its last step is done', async () => {
    const step = Promise.withResolvers<void>();
    const { sender, iterations, clock, take } = await open(() => step.promise);
    clock.ns = 1100;
    sender.send(0, 1000, true);
    expect(iterations.underWay).toBe(1);
    clock.ns = 1900;
    step.resolve();
    await settle();
    expect(iterations.underWay).toBe(0);
    expect(take()).toEqual({ iteration: [900], iteration_actual: [800], send_lag: [100] });
  });

  it('begins when it is due, whether the one before is over or not', async () => {
    const begun: Array<[client: number, iteration: number]> = [];
    const { sender, iterations } = await open((user) => {
      begun.push([user.client.number, user.iteration]);
      return new Promise(() => {});
    });
    for (const index of [0, 1, 2, 3, 4]) sender.send(index, 1000, true);
    expect(begun).toEqual([
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
      [0, 2],
    ]);
    expect(iterations.underWay).toBe(5);
    expect(sender.takeBySecond()).toEqual([[0, { intended: 5, sent: 5, expected: 0 }]]);
  });

  it('of the warm-up is kept apart: its length, its values, and that it failed', async () => {
    const { sender, iterations, clock, take, failed } = await open(async (user) => {
      user.record('own', 5);
      user.publish('everyone');
      clock.ns = 1300;
      if (user.client.number === 1) throw new Error('sold out');
    });
    sender.send(0, 1000, false);
    sender.send(1, 1000, false);
    expect(iterations.underWay).toBe(0);
    await settle();
    expect(take()).toEqual({ warmup: [300] });
    expect(failed.take()).toEqual([]);
    expect(sender.sentByStream()).toEqual([]);
  });

  it('that throws has failed with its message, and has no length', async () => {
    const { sender, iterations, failed, take } = await open(async ({ client, iteration }) => {
      if (client.number === 0) throw new Error(iteration === 1 ? 'no stock' : 'sold out');
    });
    for (const index of [0, 1, 2, 4]) sender.send(index, 1000, true);
    await settle();
    expect(failed.take()).toEqual([
      { reason: 'sold out', count: 2 },
      { reason: 'no stock', count: 1 },
    ]);
    expect(take()['iteration']).toHaveLength(1);
    expect(iterations.underWay).toBe(0);
  });

  it('that waits in vain has failed with what it waited for', async () => {
    const { sender, failed, window } = await open(async (user) => {
      await user.call('history');
    });
    sender.send(0, 1000, true);
    await expect.poll(() => failed.total).toBe(1);
    expect(failed.take()).toEqual([{ reason: 'no acknowledgement of history within 0.05 s', count: 1 }]);
    expect(window.total).toBe(0);
  });

  it('that is not over at the end is counted as failed, and all of them at once', async () => {
    const { sender, iterations, failed } = await open(() => new Promise(() => {}));
    sender.send(0, 1000, false);
    iterations.giveUp();
    expect(failed.take()).toEqual([]);
    sender.send(0, 1000, true);
    sender.send(1, 1000, true);
    iterations.giveUp();
    expect(failed.take()).toEqual([{ reason: 'the visit was not over at the end of the drain', count: 2 }]);
  });

  it('does not begin for a client that is gone', async () => {
    const { sender, iterations, connections, take } = await open(async () => {});
    connections[0].drop('transport close');
    sender.send(0, 1000, true);
    expect(iterations.underWay).toBe(0);
    expect(sender.unsent.take()).toEqual([{ reason: 'the sender was not connected', count: 1 }]);
    expect(take()).toEqual({});
  });

  it('fails when it records into a series that is not the scenario’s', async () => {
    const { sender, failed, take } = await open(async (user) => {
      user.record(user.iteration === 0 ? 'delivery' : 'toString', 5);
    });
    sender.send(0, 1000, true);
    sender.send(2, 1000, true);
    await settle();
    expect(failed.take()).toEqual([
      { reason: 'the scenario made-up records into "delivery", which is not among its series', count: 1 },
      { reason: 'the scenario made-up records into "toString", which is not among its series', count: 1 },
    ]);
    expect(take()).not.toHaveProperty('delivery');
  });

  it('records whole nanoseconds', async () => {
    const { sender, take } = await open(async (user) => user.record('own', 41.7));
    sender.send(0, 1000, true);
    await settle();
    expect(take()['own']).toEqual([42]);
  });
});

describe('what a visit publishes', () => {
  it('is numbered over all visits of its client, due with its step, and owed to the receivers', async () => {
    const { sender, connections, clock } = await open(async (user) => {
      user.publish('everyone');
      clock.ns += 30;
      user.publish('everyone');
    });
    clock.ns = 1100;
    sender.send(0, 1000, true);
    sender.send(2, 1100, true);
    sender.send(1, 1160, true);
    const stamps = connections[0].sent.map(({ data }) => findStamp(data));
    expect(stamps.map((stamp) => [stamp?.stream, stamp?.seq, stamp?.intendedNs])).toEqual([
      [0, 0, 1000],
      [0, 1, 1130],
      [0, 2, 1100],
      [0, 3, 1160],
    ]);
    expect(sender.sentByStream()).toEqual([
      { stream: 0, sent: 4 },
      { stream: 1, sent: 2 },
    ]);
    // Three visits; four messages to two receivers and two to one.
    expect(sender.takeBySecond()).toEqual([[0, { intended: 3, sent: 3, expected: 10 }]]);
  });

  it('does not thin out how late visits begin', async () => {
    const { sender, clock, take } = await open(async (user) => {
      for (let message = 0; message < 9; message++) user.publish('everyone');
    });
    clock.ns = 5000;
    sender.send(0, 1000, true);
    await settle();
    expect(take()['send_lag']).toEqual([4000]);
  });

  it('is timed as a delivery where it arrives', async () => {
    const { sender, connections, clock, ledger, take } = await open(async (user) => {
      user.publish('everyone');
    });
    sender.send(0, 1000, true);
    const { message } = connections[0].dataOf() as { message: unknown };
    clock.ns = 1400;
    connections[1].receive('receive_message', message);
    expect(take()['delivery']).toEqual([400]);
    expect(ledger.totals()).toMatchObject({ delivered: 1, unexpected: 0 });
  });

  it('over a target that does not say how is not sent: the visit fails', async () => {
    const { sender, failed } = await open(
      async (user) => {
        user.publish('everyone');
      },
      { delivery: chat.delivery },
    );
    sender.send(0, 1000, true);
    await settle();
    expect(failed.take()).toEqual([{ reason: 'the target does not declare publish', count: 1 }]);
    expect(sender.sentByStream()).toEqual([]);
    expect(sender.takeBySecond()).toEqual([[0, { intended: 1, sent: 1, expected: 0 }]]);
  });
});

describe('what a visit asks', () => {
  it('is stamped, timed from when it was due, and in nobody’s account', async () => {
    const { sender, connections, clock, ledger, take, window } = await open((user) => user.request());
    clock.ns = 1100;
    sender.send(0, 1000, true);
    expect(findStamp(connections[0].dataOf())).toMatchObject({ intendedNs: 1000, actualNs: 1100 });
    clock.ns = 1500;
    connections[0].acknowledge(connections[0].dataOf());
    await settle();
    expect(take()).toMatchObject({ ack: [500], ack_actual: [400], iteration: [500] });
    expect(ledger.totals()).toMatchObject({ delivered: 0, unexpected: 0 });
    // Handling the reply cost the event loop time.
    expect(window.total).toBe(1);
  });

  it('over a connection of its own goes into a series of the scenario, and ends with it', async () => {
    const { sender, connections, clock, take } = await open(async (user) => {
      const connection = await user.open();
      await connection.request('own');
    });
    sender.send(0, 1000, true);
    await settle();
    clock.ns = 1200;
    connections[2].acknowledge();
    await settle();
    expect(take()).toMatchObject({ own: [200] });
    expect(connections.map(({ closed }) => closed)).toEqual([false, false, true]);
    expect(connections[0].sent).toEqual([]);
  });

  it('fails with the reason of the server that does not take another connection', async () => {
    const { sender, failed } = await open(async (user) => {
      await user.open();
      await user.open();
    });
    sender.send(0, 1000, true);
    await settle();
    expect(failed.take()).toEqual([{ reason: 'refused', count: 1 }]);
  });
});
