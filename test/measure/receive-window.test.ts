import { setImmediate as nextIteration } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ReceiveWindow } from '../../src/measure/recorder.ts';
import { realTimers } from '../../src/measure/timers.ts';

/** A window on the real event loop, with a clock that only a test moves. */
function open() {
  const clock = { ns: 0, nowNs: () => clock.ns };
  const closed: Array<[lengthNs: number, messages: number]> = [];
  const window = new ReceiveWindow(clock, realTimers, (lengthNs, messages) =>
    closed.push([lengthNs, messages]),
  );
  const noteAt = (ns: number) => {
    clock.ns = ns;
    window.note(ns);
  };
  return { clock, window, closed, noteAt };
}

describe('a receive window', () => {
  it('lasts from the first message of an iteration of the event loop to its end', async () => {
    const { clock, closed, noteAt } = open();
    noteAt(1_000);
    noteAt(1_200);
    noteAt(1_900);
    clock.ns = 2_500;
    expect(closed).toEqual([]);
    await nextIteration();
    expect(closed).toEqual([[1_500, 3]]);
  });

  it('covers messages that are handled in microtasks and next ticks of the same iteration', async () => {
    const { clock, closed, noteAt } = open();
    noteAt(10);
    process.nextTick(() => noteAt(clock.ns + 10));
    queueMicrotask(() => noteAt(clock.ns + 10));
    await nextIteration();
    expect(closed).toEqual([[20, 3]]);
  });

  it('is a new one in each iteration', async () => {
    const { closed, noteAt } = open();
    noteAt(100);
    await nextIteration();
    noteAt(5_000);
    noteAt(5_007);
    await nextIteration();
    expect(closed).toEqual([
      [0, 1],
      [7, 2],
    ]);
  });

  it('is not opened when nothing is received', async () => {
    const { closed, clock } = open();
    clock.ns = 99;
    await nextIteration();
    expect(closed).toEqual([]);
  });

  it('counts all messages at once', async () => {
    const { window, noteAt } = open();
    expect(window.total).toBe(0);
    noteAt(1);
    noteAt(2);
    expect(window.total).toBe(2);
    await nextIteration();
    noteAt(3);
    expect(window.total).toBe(3);
  });
});
