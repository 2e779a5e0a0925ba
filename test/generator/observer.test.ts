import { describe, expect, it } from 'vitest';
import { Observer } from '../../src/generator/observer.ts';
import { makeContext, valuesOf } from './made-worker.ts';

/** The observer of three clients, measuring from `startNs` to `endNs`. */
function open({ startNs = 0, endNs = Number.POSITIVE_INFINITY } = {}) {
  const layout = { rooms: [[], [], []], streams: [] };
  const { context, time } = makeContext({ layout, headline: 'push_skew', measuring: { startNs, endNs } });
  const observer = new Observer(context);
  const takeArrivals = (nowNs: number) => {
    time.moveTo(nowNs);
    return observer.takeArrivals();
  };
  return { observer, window: context.window, takeArrivals, take: () => valuesOf(context.recorder) };
}

describe('an observer', () => {
  it('records the time between two pushes to the same client, and none before the second', () => {
    const { observer, take } = open();
    observer.take(1, 'a', 100);
    observer.take(2, 'a', 150);
    expect(take()).toEqual({});
    observer.take(1, 'b', 1100);
    observer.take(2, 'b', 1350);
    expect(take()).toEqual({ push_gap: [1000, 1200] });
  });

  it('keeps gaps that end in the warm-up apart', () => {
    const { observer, take } = open({ startNs: 1000 });
    observer.take(1, 'a', 100);
    observer.take(1, 'b', 999);
    observer.take(1, 'c', 1000);
    expect(take()).toEqual({ warmup: [899], push_gap: [1] });
  });

  it('records no gap that ends in the drain', () => {
    const { observer, take } = open({ endNs: 1000 });
    observer.take(1, 'a', 900);
    observer.take(1, 'b', 999);
    observer.take(1, 'c', 1000);
    expect(take()).toEqual({ push_gap: [99] });
  });

  it('reports of each push when it came first and last, and how many clients it reached', () => {
    const { observer, takeArrivals } = open();
    observer.take(1, 'a', 100);
    observer.take(2, 'a', 130);
    observer.take(1, 'b', 140);
    observer.take(3, 'a', 170);
    expect(takeArrivals(200)).toEqual([
      { key: 'a', firstNs: 100, lastNs: 170, reached: 3, duplicated: 0 },
      { key: 'b', firstNs: 140, lastNs: 140, reached: 1, duplicated: 0 },
    ]);
    expect(takeArrivals(300)).toEqual([]);
  });

  it('reports only clients that it has not reported, with the first time of all', () => {
    const { observer, takeArrivals } = open();
    observer.take(1, 'a', 100);
    takeArrivals(110);
    observer.take(2, 'a', 500);
    expect(takeArrivals(600)).toEqual([{ key: 'a', firstNs: 100, lastNs: 500, reached: 1, duplicated: 0 }]);
  });

  it('counts a push that comes twice as a duplicate, which ends no gap and makes the push no longer', () => {
    const { observer, take, takeArrivals } = open();
    observer.take(1, 'a', 100);
    observer.take(2, 'a', 130);
    observer.take(1, 'a', 900);
    expect(takeArrivals(1000)).toEqual([{ key: 'a', firstNs: 100, lastNs: 130, reached: 2, duplicated: 1 }]);
    observer.take(1, 'b', 1100);
    expect(take()).toEqual({ push_gap: [1000] });
  });

  it('reports a duplicate that comes after it has reported the push', () => {
    const { observer, takeArrivals } = open();
    observer.take(1, 'a', 100);
    takeArrivals(110);
    observer.take(1, 'a', 500);
    expect(takeArrivals(600)).toEqual([{ key: 'a', firstNs: 100, lastNs: 100, reached: 0, duplicated: 1 }]);
  });

  it('forgets a push that no client received for a minute, so that a long run stays small', () => {
    const { observer, takeArrivals } = open();
    observer.take(1, 'a', 1e9);
    takeArrivals(61e9);
    observer.take(1, 'a', 61.1e9);
    expect(takeArrivals(122e9)).toMatchObject([{ reached: 0, duplicated: 1 }]);
    observer.take(1, 'a', 123e9);
    expect(takeArrivals(124e9)).toMatchObject([{ firstNs: 123e9, reached: 1, duplicated: 0 }]);
  });

  it('counts duplicates of a push that has reached all clients', () => {
    const { observer, takeArrivals } = open();
    for (const client of [0, 1, 2]) observer.take(client, 'a', 100 + client);
    takeArrivals(110);
    observer.take(1, 'a', 500);
    observer.take(2, 'a', 600);
    expect(takeArrivals(700)).toEqual([{ key: 'a', firstNs: 100, lastNs: 102, reached: 0, duplicated: 2 }]);
  });

  it('notes every push as work of the event loop', () => {
    const { observer, window } = open();
    observer.take(1, 'a', 100);
    observer.take(1, 'a', 200);
    expect(window.total).toBe(2);
  });
});
