import { describe, expect, it } from 'vitest';
import { chat, type Mapping } from '../../src/contract/mapping.ts';
import type { User } from '../../src/contract/scenario.ts';
import { findStamp } from '../../src/measure/stamp.ts';
import { openWorker } from './made-worker.ts';

/** Clients 0 and 1, whose iterations do what a test says; 0 publishes to both, 1 only to itself. */
async function open(steps: (user: User) => Promise<void>, mapping: Mapping = chat) {
  const operation = { kind: 'steps' } as const;
  const worker = await openWorker({
    streams: [
      { sender: 0, operation, receivers: [0, 1] },
      { sender: 1, operation, receivers: [1] },
    ],
    headline: 'iteration',
    mapping,
    steps,
  });
  const running = worker.operations.get('steps');
  return {
    ...worker,
    connections: [worker.connectionOf(0), worker.connectionOf(1), worker.connectionOf(2)] as const,
    pending: () => running?.pending,
    finish: () => running?.finish?.(true),
  };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('an iteration', () => {
  it('lasts from when it was due until its last step is done', async () => {
    const step = Promise.withResolvers<void>();
    const { perform, pending, time, take } = await open(() => step.promise);
    time.moveTo(1100);
    perform(0, 1000, true);
    expect(pending()).toBe(1);
    time.moveTo(1900);
    step.resolve();
    await settle();
    expect(pending()).toBe(0);
    expect(take()).toEqual({
      iteration: [900],
      iteration_unstalled: [900],
      iteration_actual: [800],
      send_lag: [100],
    });
  });

  it('begins when it is due, whether the one before is over or not', async () => {
    const begun: Array<[client: number, iteration: number]> = [];
    const { perform, pending, messages } = await open((user) => {
      begun.push([user.client.number, user.iteration]);
      return new Promise(() => {});
    });
    for (const index of [0, 1, 2, 3, 4]) perform(index, 1000, true);
    expect(begun).toEqual([
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
      [0, 2],
    ]);
    expect(pending()).toBe(5);
    expect(messages.takeBySecond()).toEqual([{ second: 0, intended: 5, sent: 5, expected: 0, delivered: 0 }]);
  });

  it('of the warm-up is kept apart: its length, its values, and that it failed', async () => {
    const { perform, pending, time, take, failed, messages } = await open(async (user) => {
      user.record('own', 5);
      user.publish('everyone');
      time.moveTo(1300);
      if (user.client.number === 1) throw new Error('sold out');
    });
    perform(0, 1000, false);
    perform(1, 1000, false);
    expect(pending()).toBe(0);
    await settle();
    expect(take()).toEqual({ warmup: [300] });
    expect(failed.take()).toEqual([]);
    expect(messages.byStream()).toEqual([]);
  });

  it('that throws has failed with its message, and has no length', async () => {
    const { perform, pending, failed, take } = await open(async ({ client, iteration }) => {
      if (client.number === 0) throw new Error(iteration === 1 ? 'no stock' : 'sold out');
    });
    for (const index of [0, 1, 2, 4]) perform(index, 1000, true);
    await settle();
    expect(failed.take()).toEqual([
      { reason: 'sold out', count: 2 },
      { reason: 'no stock', count: 1 },
    ]);
    expect(take()['iteration']).toHaveLength(1);
    expect(pending()).toBe(0);
  });

  it('whose wait times out has failed with what it waited for', async () => {
    const ended = Promise.withResolvers<void>();
    const { perform, failed, window, time } = await open((user) =>
      user
        .call('history')
        .then(() => {})
        .finally(ended.resolve),
    );
    perform(0, 1000, true);
    await time.run(ended.promise);
    await settle();
    expect(failed.take()).toEqual([{ reason: 'no acknowledgement of history within 0.05 s', count: 1 }]);
    expect(window.total).toBe(0);
  });

  it('that is not over at the end is counted as failed, and all of them at once', async () => {
    const { perform, failed, finish } = await open(() => new Promise(() => {}));
    perform(0, 1000, false);
    finish();
    expect(failed.take()).toEqual([]);
    perform(0, 1000, true);
    perform(1, 1000, true);
    finish();
    expect(failed.take()).toEqual([
      { reason: 'the iteration was not over at the end of the drain', count: 2 },
    ]);
  });

  it('fails when it records into a series that is not the scenario’s', async () => {
    const { perform, failed, take } = await open(async (user) => {
      user.record(user.iteration === 0 ? 'delivery' : 'toString', 5);
    });
    perform(0, 1000, true);
    perform(2, 1000, true);
    await settle();
    expect(failed.take()).toEqual([
      { reason: 'the scenario made-up records into "delivery", which is not among its series', count: 1 },
      { reason: 'the scenario made-up records into "toString", which is not among its series', count: 1 },
    ]);
    expect(take()).not.toHaveProperty('delivery');
  });

  it('records whole nanoseconds', async () => {
    const { perform, take } = await open(async (user) => user.record('own', 41.7));
    perform(0, 1000, true);
    await settle();
    expect(take()['own']).toEqual([42]);
  });
});

describe('what an iteration publishes', () => {
  it('is numbered over all iterations of its client, due with its step, and expected by the receivers', async () => {
    const { perform, connections, time, messages } = await open(async (user) => {
      user.publish('everyone');
      time.moveTo(time.nowNs() + 30);
      user.publish('everyone');
    });
    time.moveTo(1100);
    perform(0, 1000, true);
    perform(2, 1100, true);
    perform(1, 1160, true);
    const stamps = connections[0].sent.map(({ data }) => findStamp(data));
    expect(stamps.map((stamp) => [stamp?.stream, stamp?.seq, stamp?.intendedNs])).toEqual([
      [0, 0, 1000],
      [0, 1, 1130],
      [0, 2, 1100],
      [0, 3, 1160],
    ]);
    expect(messages.byStream()).toEqual([
      { stream: 0, sent: 4, rejected: 0 },
      { stream: 1, sent: 2, rejected: 0 },
    ]);
    // Three iterations; four messages to two receivers and two to one.
    expect(messages.takeBySecond()).toEqual([
      { second: 0, intended: 3, sent: 3, expected: 10, delivered: 0 },
    ]);
  });

  it('does not dilute the lag of iterations', async () => {
    const { perform, time, take } = await open(async (user) => {
      for (let message = 0; message < 9; message++) user.publish('everyone');
    });
    time.moveTo(5000);
    perform(0, 1000, true);
    await settle();
    expect(take()['send_lag']).toEqual([4000]);
  });

  it('is timed as a delivery where it arrives', async () => {
    const { perform, connections, time, ledger, take } = await open(async (user) => {
      user.publish('everyone');
    });
    perform(0, 1000, true);
    const { message } = connections[0].dataOf() as { message: unknown };
    time.moveTo(1400);
    connections[1].receive('receive_message', message);
    expect(take()['delivery']).toEqual([400]);
    expect(ledger.totals()).toMatchObject({ delivered: 1, unexpected: 0 });
  });

  it('over a target that does not say how is not sent: the iteration fails', async () => {
    const { perform, failed, messages } = await open(
      async (user) => {
        user.publish('everyone');
      },
      { delivery: chat.delivery },
    );
    perform(0, 1000, true);
    await settle();
    expect(failed.take()).toEqual([{ reason: 'the target does not declare publish', count: 1 }]);
    expect(messages.byStream()).toEqual([]);
    expect(messages.takeBySecond()).toEqual([{ second: 0, intended: 1, sent: 1, expected: 0, delivered: 0 }]);
  });
});

describe('what an iteration requests', () => {
  it('is stamped, timed from when it was due, and in no account', async () => {
    const { perform, connections, time, ledger, take, window } = await open((user) => user.request());
    time.moveTo(1100);
    perform(0, 1000, true);
    expect(findStamp(connections[0].dataOf())).toMatchObject({ intendedNs: 1000, actualNs: 1100 });
    time.moveTo(1500);
    connections[0].acknowledge(connections[0].dataOf());
    await settle();
    expect(take()).toMatchObject({ ack: [500], ack_actual: [400], iteration: [500] });
    expect(ledger.totals()).toMatchObject({ delivered: 0, unexpected: 0 });
    // Handling the reply cost the event loop time.
    expect(window.total).toBe(1);
  });

  it('over a connection of its own goes into a series of the scenario, and ends with it', async () => {
    const { perform, connections, time, take } = await open(async (user) => {
      const connection = await user.open();
      await connection.request('own');
    });
    perform(0, 1000, true);
    await settle();
    time.moveTo(1200);
    connections[2].acknowledge();
    await settle();
    expect(take()).toMatchObject({ own: [200] });
    expect(connections.map(({ closed }) => closed)).toEqual([false, false, true]);
    expect(connections[0].sent).toEqual([]);
  });

  it('fails with the reason of the server that does not take another connection', async () => {
    const { perform, failed } = await open(async (user) => {
      await user.open();
      await user.open();
    });
    perform(0, 1000, true);
    await settle();
    expect(failed.take()).toEqual([{ reason: 'refused', count: 1 }]);
  });
});
