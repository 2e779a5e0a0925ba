import { describe, expect, it } from 'vitest';
import { LiveSeconds } from '../../src/run/live-seconds.ts';

const MS = 1e6;
/** One value of each of these times, in milliseconds. */
const valuesOf = (...timesMs: readonly number[]) => ({
  valuesNs: Float64Array.from(timesMs, (timeMs) => timeMs * MS),
  counts: Float64Array.from(timesMs, () => 1),
});
const NEVER = Number.NEGATIVE_INFINITY;

describe('the seconds of a run', () => {
  it('are taken once each, when all workers have reported them', () => {
    const live = new LiveSeconds(['delivery']);
    live.add(0, { delivery: valuesOf(1, 2), other: valuesOf(9) });
    live.reportUntil(1.01);
    expect(live.takeNext(2, NEVER)).toBeNull();
    live.add(0, { delivery: valuesOf(3) });
    live.reportUntil(0.99);
    const taken = live.takeNext(2, NEVER);
    expect(taken?.second).toBe(0);
    expect(taken?.latency('delivery')?.count).toBe(3);
    expect((taken?.latency('delivery')?.maxNs ?? 0) / MS).toBeCloseTo(3, 2);
    expect(taken?.latency('other')).toBeNull();
    expect(live.takeNext(2, NEVER)).toBeNull();
  });

  it('are taken without a worker that is overdue', () => {
    const live = new LiveSeconds(['delivery']);
    live.add(0, { delivery: valuesOf(1) });
    live.reportUntil(1);
    expect(live.takeNext(2, 0)).toBeNull();
    expect(live.takeNext(2, 1)?.latency('delivery')?.count).toBe(1);
    // A second in which nothing was reported is a gap, not the end.
    expect(live.takeNext(2, 2)).toMatchObject({ second: 1 });
  });

  it('leave out values that come after they were taken', () => {
    const live = new LiveSeconds(['delivery']);
    live.reportUntil(1);
    live.takeNext(1, NEVER);
    live.add(0, { delivery: valuesOf(1) });
    expect(live.hasMore).toBe(false);
  });

  it('are not completed by the end of a warm-up that was shorter than a second', () => {
    const live = new LiveSeconds(['delivery']);
    live.add(0, { delivery: valuesOf(1) });
    live.reportUntil(0.001);
    expect(live.takeNext(1, NEVER)).toBeNull();
  });

  it('are not kept where nothing is watched', () => {
    const live = new LiveSeconds([]);
    live.add(0, { delivery: valuesOf(1) });
    live.reportUntil(1);
    expect(live.hasMore).toBe(false);
  });
});
