import { describe, expect, it } from 'vitest';
import { chat, type Mapping } from '../../src/contract/mapping.ts';
import { everyClient, type Operation, type User } from '../../src/contract/scenario.ts';
import { Observer } from '../../src/generator/observer.ts';
import type { Arrival } from '../../src/wire/sockets/stream.ts';
import type { FakeConnection } from './fake-connection.ts';
import { makeContext, openWorker, valuesOf } from './made-worker.ts';

const DUE_NS = 1000;
/** When the kernel received it, and how much later the process handles it. */
const RECEIVED_NS = 1500;
const HANDLED_NS = 9000;

function arrival(changes: Partial<Arrival> = {}): Arrival {
  return { receivedNs: RECEIVED_NS, clock: 'kernel', sinceNs: 0, uncertaintyNs: 0, ...changes };
}

type Receive = (connection: FakeConnection, arrival: Arrival | undefined) => void;

const delivered: Receive = (connection, by) => {
  const data = connection.dataOf() as { message?: unknown };
  connection.receive('receive_message', data.message, by);
};
const acknowledged: Receive = (connection, by) => connection.acknowledge(connection.dataOf(), by);
const AS_EVENT: Mapping = {
  ...chat,
  request: ({ payload }) => ({ event: 'ask', data: payload, reply: { event: 'answer' } }),
};
const ACKNOWLEDGED: Mapping = {
  ...chat,
  publish: ({ payload }) => ({ event: 'say', data: payload, reply: 'acknowledgement' }),
};

/** Performs an operation that is due at 1 us, and receives what comes back; returns what was recorded. */
async function recorded(
  operation: Operation,
  headline: string,
  receive: Receive,
  by: Arrival | undefined,
  mapping: Mapping = chat,
) {
  const streams = everyClient(2).map((sender) => ({ sender, operation, receivers: everyClient(2) }));
  const worker = await openWorker({ streams, mapping, headline });
  worker.time.moveTo(DUE_NS);
  worker.perform(0, DUE_NS);
  worker.time.moveTo(HANDLED_NS);
  receive(worker.connectionOf(0), by);
  return worker.take();
}

describe('what is received', () => {
  it.each<[what: string, Operation, series: string, Receive, Mapping?]>([
    ['a delivery', { kind: 'publish', scope: 'everyone', room: null }, 'delivery', delivered],
    [
      'the acknowledgement of a message',
      { kind: 'publish', scope: 'everyone', room: null },
      'ack',
      acknowledged,
      ACKNOWLEDGED,
    ],
    ['an acknowledgement', { kind: 'request' }, 'ack', acknowledged],
    [
      'a reply as an event',
      { kind: 'request' },
      'ack',
      (connection, by) => connection.receive('answer', connection.dataOf(), by),
      AS_EVENT,
    ],
    [
      'the reply to a question of the server',
      { kind: 'ask-me' },
      'ack',
      (connection, by) => connection.acknowledge({ answer: connection.dataOf(), roundTripNs: 7 }, by),
    ],
    [
      'an echo',
      { kind: 'echo' },
      'ack',
      (connection, by) => connection.receive('echo', connection.dataOf(), by),
    ],
    ['a pong', { kind: 'ping' }, 'ack', (connection, by) => connection.pings[0]?.(by)],
    [
      'a streamed reply',
      { kind: 'stream-reply', replies: 3 },
      'reply',
      (connection, by) => {
        const { message } = connection.dataOf() as { message: unknown };
        connection.receive('events', { item: 1, message }, by);
      },
    ],
  ])('is timed when the kernel received it, and not when it is handled: %s', async (...row) => {
    const [, operation, series, receive, mapping] = row;
    const { [series]: byKernel } = await recorded(operation, series, receive, arrival(), mapping);
    expect(byKernel).toEqual([RECEIVED_NS - DUE_NS]);
    const { [series]: byProcess } = await recorded(operation, series, receive, undefined, mapping);
    expect(byProcess).toEqual([HANDLED_NS - DUE_NS]);
  });

  it('has no error and no stall where the kernel read its time, however late it is handled', async () => {
    const operation: Operation = { kind: 'publish', scope: 'everyone', room: null };
    const values = await recorded(operation, 'delivery', delivered, arrival());
    expect(values).toMatchObject({ receive_uncertainty: [0], delivery_unstalled: [RECEIVED_NS - DUE_NS] });
  });

  it('may have come earlier where it shares the time of a later message', async () => {
    const operation: Operation = { kind: 'publish', scope: 'everyone', room: null };
    const values = await recorded(operation, 'delivery', delivered, arrival({ uncertaintyNs: 200 }));
    expect(values).toMatchObject({
      delivery: [500],
      receive_uncertainty: [200],
      delivery_unstalled: [300],
    });
  });

  it('pushed by the server is timed by the kernel too', () => {
    const mapping: Mapping = { observe: { event: 'tick', key: String } };
    const { context, time } = makeContext({
      layout: { rooms: [[], []], streams: [] },
      headline: 'push_skew',
      mapping,
    });
    const observer = new Observer(context);
    const listeners: Array<(data: unknown, by: Arrival) => void> = [];
    observer.listen(0, { on: (_: string, handler: never) => listeners.push(handler) } as never);
    time.moveTo(HANDLED_NS);
    listeners[0]?.('a', arrival({ receivedNs: 1000 }));
    listeners[0]?.('b', arrival({ receivedNs: 4000 }));
    expect(valuesOf(context.recorder)).toMatchObject({ push_gap: [3000], receive_uncertainty: [0, 0] });
  });
});

/** Has client 0 begin steps that were due at 1 us. */
async function runSteps(steps: (user: User) => Promise<void>, mapping: Mapping = chat) {
  const streams = [{ sender: 0, operation: { kind: 'steps' as const }, receivers: [0, 1] }];
  const worker = await openWorker({ streams, mapping, headline: 'iteration', steps });
  worker.time.moveTo(DUE_NS);
  worker.perform(0, DUE_NS);
  const ended = Promise.withResolvers<void>();
  return { ...worker, connection: worker.connectionOf(0), ended };
}

describe('a user whose messages the kernel times', () => {
  it.each<[what: string, (user: User) => Promise<unknown>, Receive]>([
    ['call', (user) => user.call('history'), (connection, by) => connection.acknowledge('reply', by)],
    ['next', (user) => user.next('joined'), (connection, by) => connection.receive('joined', 'ann', by)],
    ['request', (user) => user.request(), acknowledged],
  ])('ends an iteration when what it waited for arrived: %s', async (_, step, receive) => {
    const ended = Promise.withResolvers<void>();
    const { connection, time, take } = await runSteps(async (user) => {
      await user.time('own', async () => void (await step(user)));
      ended.resolve();
    });
    time.moveTo(HANDLED_NS);
    receive(connection, arrival());
    await ended.promise;
    await Promise.resolve();
    expect(take()).toMatchObject({
      own: [RECEIVED_NS - DUE_NS],
      iteration: [RECEIVED_NS - DUE_NS],
      iteration_actual: [RECEIVED_NS - DUE_NS],
    });
  });

  it('has its next step due when what it waited for arrived, so that noticing it late is send lag', async () => {
    const ended = Promise.withResolvers<void>();
    const { connection, time, take } = await runSteps(async (user) => {
      await user.call('history');
      void user.request();
      ended.resolve();
    });
    time.moveTo(HANDLED_NS);
    connection.acknowledge('reply', arrival());
    await ended.promise;
    connection.acknowledge(connection.dataOf(1), arrival({ receivedNs: HANDLED_NS + 300 }));
    await new Promise((resolve) => setImmediate(resolve));
    expect(take()).toMatchObject({
      // The lag of beginning the iteration, and of the request.
      send_lag: [0, HANDLED_NS - RECEIVED_NS],
      ack: [HANDLED_NS + 300 - RECEIVED_NS],
      ack_actual: [300],
    });
  });

  it('goes on when it asks for what had arrived before', async () => {
    const ended = Promise.withResolvers<void>();
    const { connection, time, take } = await runSteps(async (user) => {
      await user.call('history');
      await user.time('own', () => user.next('joined'));
      ended.resolve();
    });
    time.moveTo(HANDLED_NS);
    connection.receive('joined', 'ann', arrival({ receivedNs: RECEIVED_NS - 100 }));
    connection.acknowledge('reply', arrival());
    await ended.promise;
    await Promise.resolve();
    // The step was due when the reply arrived, and began when that was noticed.
    expect(take()).toMatchObject({
      own: [HANDLED_NS - RECEIVED_NS],
      send_lag: [0, HANDLED_NS - RECEIVED_NS],
    });
  });

  it('thinks from when what it waited for arrived', async () => {
    const { connection, time, take } = await runSteps(async (user) => {
      await user.call('history');
      await user.think(0.0095);
    });
    time.moveTo(HANDLED_NS);
    connection.acknowledge('reply', arrival());
    await time.run(time.sleep(1));
    expect(take()).toMatchObject({ iteration: [10_000] });
  });
});
