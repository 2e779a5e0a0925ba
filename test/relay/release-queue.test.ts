import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Releasable, ReleaseQueue } from '../../src/relay/release-queue.ts';

/** A queue over a time that is set by hand, with the wake-ups that it has asked for. */
function madeQueue() {
  const wakes: Array<{ readonly dueNs: number; readonly callback: () => void }> = [];
  const released: number[] = [];
  let nowNs = 0;
  const queue = new ReleaseQueue({
    wakeAt: (dueNs, callback) => wakes.push({ dueNs, callback }),
    isAtHand: (dueNs) => dueNs <= nowNs,
    reach: () => nowNs,
  });
  const waitingAt = (dueNs: number): Releasable => ({ dueNs, release: () => released.push(dueNs) });
  /** Runs all wake-ups up to a time, the earliest first. */
  const runUntil = (untilNs: number) => {
    for (;;) {
      const [next] = wakes.toSorted((a, b) => a.dueNs - b.dueNs);
      if (next === undefined || next.dueNs > untilNs) return;
      wakes.splice(wakes.indexOf(next), 1);
      nowNs = Math.max(nowNs, next.dueNs);
      next.callback();
    }
  };
  return { queue, wakes, released, waitingAt, runUntil };
}

describe('a queue of releases', () => {
  it('releases everything in the order of its times, each at its time', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { maxLength: 50 }), (times) => {
        const { queue, released, waitingAt, runUntil, wakes } = madeQueue();
        for (const time of times) queue.add(waitingAt(time));
        const middle = times.toSorted((a, b) => a - b).filter((time) => time <= 500);
        runUntil(500);
        expect(released).toEqual(middle);
        runUntil(1000);
        expect(released).toEqual(times.toSorted((a, b) => a - b));
        expect(wakes).toEqual([]);
      }),
    );
  });

  it('sets no further wake-up for what is later than the next one', () => {
    const { queue, wakes, waitingAt } = madeQueue();
    for (const time of [50, 60, 70, 50]) queue.add(waitingAt(time));
    expect(wakes.map(({ dueNs }) => dueNs)).toEqual([50]);
    queue.add(waitingAt(40));
    expect(wakes.map(({ dueNs }) => dueNs)).toEqual([50, 40]);
  });

  it('takes what a release adds', () => {
    const { queue, released, waitingAt, runUntil } = madeQueue();
    queue.add({
      dueNs: 10,
      release() {
        released.push(10);
        queue.add(waitingAt(20));
        queue.add(waitingAt(10));
      },
    });
    runUntil(100);
    expect(released).toEqual([10, 10, 20]);
  });
});
