import { describe, expect, it } from 'vitest';
import { Observer } from '../../src/generator/observer.ts';
import { FakeConnection } from './fake-connection.ts';
import { makeContext, valuesOf, WALL_NS } from './made-worker.ts';

/** The observer of three clients, measuring from `startNs` to `endNs`. */
function open({ startNs = 0, endNs = Number.POSITIVE_INFINITY } = {}) {
  const layout = { rooms: [[], [], []], streams: [] };
  const { context, time } = makeContext({ layout, headline: 'push_skew', measuring: { startNs, endNs } });
  const observer = new Observer(context);
  const takeArrivals = (nowNs: number) => {
    time.moveTo(nowNs);
    return observer.take().pushes;
  };
  return { observer, window: context.window, takeArrivals, take: () => valuesOf(context.recorder) };
}

describe('an observer', () => {
  it('records the time between two pushes to the same client, and none before the second', () => {
    const { observer, take } = open();
    observer.receive(1, 'a', 100);
    observer.receive(2, 'a', 150);
    expect(take()).toEqual({});
    observer.receive(1, 'b', 1100);
    observer.receive(2, 'b', 1350);
    expect(take()).toEqual({ push_gap: [1000, 1200] });
  });

  it('keeps gaps that end in the warm-up apart', () => {
    const { observer, take } = open({ startNs: 1000 });
    observer.receive(1, 'a', 100);
    observer.receive(1, 'b', 999);
    observer.receive(1, 'c', 1000);
    expect(take()).toEqual({ warmup: [899], push_gap: [1] });
  });

  it('records no gap that ends in the drain', () => {
    const { observer, take } = open({ endNs: 1000 });
    observer.receive(1, 'a', 900);
    observer.receive(1, 'b', 999);
    observer.receive(1, 'c', 1000);
    expect(take()).toEqual({ push_gap: [99] });
  });

  it('reports of each push when it came first and last, and how many clients it reached', () => {
    const { observer, takeArrivals } = open();
    observer.receive(1, 'a', 100);
    observer.receive(2, 'a', 130);
    observer.receive(1, 'b', 140);
    observer.receive(3, 'a', 170);
    expect(takeArrivals(200)).toEqual([
      { key: 'a', firstNs: 100, lastNs: 170, reached: 3, duplicated: 0 },
      { key: 'b', firstNs: 140, lastNs: 140, reached: 1, duplicated: 0 },
    ]);
    expect(takeArrivals(300)).toEqual([]);
  });

  it('reports only clients that it has not reported, with the first time of all', () => {
    const { observer, takeArrivals } = open();
    observer.receive(1, 'a', 100);
    takeArrivals(110);
    observer.receive(2, 'a', 500);
    expect(takeArrivals(600)).toEqual([{ key: 'a', firstNs: 100, lastNs: 500, reached: 1, duplicated: 0 }]);
  });

  it('counts a push that comes twice as a duplicate, which ends no gap and makes the push no longer', () => {
    const { observer, take, takeArrivals } = open();
    observer.receive(1, 'a', 100);
    observer.receive(2, 'a', 130);
    observer.receive(1, 'a', 900);
    expect(takeArrivals(1000)).toEqual([{ key: 'a', firstNs: 100, lastNs: 130, reached: 2, duplicated: 1 }]);
    observer.receive(1, 'b', 1100);
    expect(take()).toEqual({ push_gap: [1000] });
  });

  it('reports a duplicate that comes after it has reported the push', () => {
    const { observer, takeArrivals } = open();
    observer.receive(1, 'a', 100);
    takeArrivals(110);
    observer.receive(1, 'a', 500);
    expect(takeArrivals(600)).toEqual([{ key: 'a', firstNs: 100, lastNs: 100, reached: 0, duplicated: 1 }]);
  });

  it('forgets a push that no client received for a minute, so that a long run stays small', () => {
    const { observer, takeArrivals } = open();
    observer.receive(1, 'a', 1e9);
    takeArrivals(61e9);
    observer.receive(1, 'a', 61.1e9);
    expect(takeArrivals(122e9)).toMatchObject([{ reached: 0, duplicated: 1 }]);
    observer.receive(1, 'a', 123e9);
    expect(takeArrivals(124e9)).toMatchObject([{ firstNs: 123e9, reached: 1, duplicated: 0 }]);
  });

  it('counts duplicates of a push that has reached all clients', () => {
    const { observer, takeArrivals } = open();
    for (const client of [0, 1, 2]) observer.receive(client, 'a', 100 + client);
    takeArrivals(110);
    observer.receive(1, 'a', 500);
    observer.receive(2, 'a', 600);
    expect(takeArrivals(700)).toEqual([{ key: 'a', firstNs: 100, lastNs: 102, reached: 0, duplicated: 2 }]);
  });

  it('notes every push as work of the event loop', () => {
    const { observer, window } = open();
    observer.receive(1, 'a', 100);
    observer.receive(1, 'a', 200);
    expect(window.total).toBe(2);
  });
});

const MS = 1e6;

/** Two clients that listen to pushes of their own, whose data is when the server sent them. */
function openOwn(sentAt: 'here' | 'elsewhere' = 'here') {
  const layout = { rooms: [[], []], streams: [] };
  const { context, time } = makeContext({
    layout,
    headline: 'push_skew',
    mapping: { observe: { event: ['price', 'trade'], sentAt: (data) => data as number } },
    target: { pushes: { areOwn: true, sentAt } },
    measuring: { startNs: 1000 * MS, endNs: 3000 * MS },
  });
  const observer = new Observer(context);
  const connections = [new FakeConnection(), new FakeConnection()];
  for (const [client, connection] of connections.entries()) observer.listen(client, connection);
  const push = (client: number, atMs: number, data: unknown, event = 'price') => {
    time.moveTo(atMs * MS);
    connections[client]?.receive(event, data);
  };
  /** The wall time of a time of the run, in milliseconds. */
  const wallMs = (atMs: number) => Number(WALL_NS / 1_000_000n) + atMs;
  /** The recorded values in milliseconds, as exact as a histogram keeps them. */
  const take = () => {
    const series = Object.entries(valuesOf(context.recorder));
    return Object.fromEntries(
      series.map(([name, valuesNs]) => [name, valuesNs.map((ns) => Math.round(ns / MS))]),
    );
  };
  return { context, observer, push, wallMs, take };
}

describe('pushes to one client each', () => {
  it('are counted as they arrive, and have gaps and latencies in steps of the server’s clock', () => {
    const { context, observer, push, wallMs, take } = openOwn();
    expect(context.plan.headline).toBe('push_latency');
    push(0, 900.5, wallMs(899));
    push(0, 1200, wallMs(1197));
    push(1, 1200.7, wallMs(1197), 'trade');
    push(1, 2300, wallMs(2300));
    push(1, 3000, wallMs(2999));
    expect(observer.take()).toEqual({
      pushes: [],
      ownPushes: [
        { second: 0, count: 2 },
        { second: 1, count: 1 },
      ],
      pushResolutionNs: MS,
    });
    expect(take()).toEqual({
      warmup: [1],
      push_latency: [0, 3, 3],
      push_gap: [299, 1099],
    });
  });

  it('count as failed where their time is of another clock, or is none', () => {
    const { context, push, wallMs, take } = openOwn();
    push(0, 1200, wallMs(1300));
    push(0, 1300, wallMs(1300 - 3.7e6));
    push(0, 1400, 'soon');
    expect(context.failed.take()).toMatchObject([
      { reason: 'sentAt returned a time that is not within the hour before the receipt', count: 2 },
      { reason: expect.stringMatching(/^sentAt returned "soon"; expected seconds/), count: 1 },
    ]);
    expect(Object.keys(take())).toEqual(['push_gap']);
  });

  it('have no latency where the server is on another host', () => {
    const { context, push, wallMs, take } = openOwn('elsewhere');
    expect(context.plan.headline).toBe('push_gap');
    push(0, 1200, wallMs(1000));
    push(0, 1300, wallMs(1000));
    expect(take()).toMatchObject({ push_gap: [100] });
  });
});
