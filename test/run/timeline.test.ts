import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NsHistogram } from '../../src/measure/histogram.ts';
import { getOrAdd, Timeline } from '../../src/run/timeline.ts';
import { histogramOf, type Values } from './made-series.ts';

const open = (durationMs = 60_000, drainMs = 5000) => new Timeline({ durationMs, drainMs });

const sparse = (values: Values) => histogramOf(values).toSparse();

/** Buckets of a stored second's series; empty when it has none. */
function bucketsOf(encoded: string | undefined) {
  return encoded === undefined ? [] : NsHistogram.decode(encoded).buckets();
}

const counts = (second: number, sent: number, delivered: number) => ({
  second,
  intended: sent + 1,
  sent,
  expected: 3 * sent,
  delivered,
});

describe('a timeline', () => {
  it('is empty before anything is added', () => {
    const timeline = open();
    expect(timeline.stored()).toEqual([]);
    expect(timeline.counts()).toEqual({ intended: 0, sent: 0, expected: 0, delivered: 0 });
    expect(timeline.series.size).toBe(0);
  });

  it('keeps a series in its second and in the whole', () => {
    const timeline = open();
    timeline.addSeries(0, { delivery: sparse([[1000, 2]]), send_lag: sparse([[5, 1]]) });
    timeline.addSeries(2, { delivery: sparse([[1500, 3]]) });
    expect(timeline.series.get('delivery')?.buckets()).toEqual([
      { lowestNs: 1000, highestNs: 1000, count: 2 },
      { lowestNs: 1500, highestNs: 1500, count: 3 },
    ]);
    const stored = timeline.stored();
    expect(stored.map(({ startMs, lengthMs }) => [startMs, lengthMs])).toEqual([
      [0, 1000],
      [1000, 1000],
      [2000, 1000],
    ]);
    expect(stored.map(({ series }) => Object.keys(series))).toEqual([
      ['delivery', 'send_lag'],
      [],
      ['delivery'],
    ]);
    expect(bucketsOf(stored[2]?.series['delivery'])).toEqual([{ lowestNs: 1500, highestNs: 1500, count: 3 }]);
  });

  it('keeps what lies before the first second in the whole alone', () => {
    const timeline = open();
    timeline.addTotal('connect', sparse([[2000, 4]]));
    expect(timeline.series.get('connect')?.count).toBe(4);
    expect(timeline.stored()).toEqual([]);
  });

  it('adds up counts that come in parts, and calls the difference lost', () => {
    const timeline = open();
    timeline.addCounts([counts(0, 10, 30), counts(1, 10, 20)]);
    timeline.addCounts([counts(1, 5, 20)]);
    expect(timeline.stored().map(({ series: _series, ...second }) => second)).toEqual([
      { startMs: 0, lengthMs: 1000, intended: 11, sent: 10, expected: 30, delivered: 30, lost: 0 },
      { startMs: 1000, lengthMs: 1000, intended: 17, sent: 15, expected: 45, delivered: 40, lost: 5 },
    ]);
    expect(timeline.counts()).toEqual({ intended: 28, sent: 25, expected: 75, delivered: 70 });
  });

  it('has lost nothing in a second in which more arrived than is known to be owed', () => {
    const timeline = open();
    timeline.addCounts([counts(0, 1, 4)]);
    expect(timeline.stored()[0]).toMatchObject({ expected: 3, delivered: 4, lost: 0 });
  });

  it('adds what comes late to a second that was encoded', () => {
    const timeline = open();
    timeline.addSeries(0, { delivery: sparse([[1000, 2]]) });
    timeline.addSeries(1, { delivery: sparse([[1100, 1]]) });
    timeline.encodeBefore(2);
    timeline.addSeries(0, { delivery: sparse([[1200, 1]]), send_lag: sparse([[7, 1]]) });
    const [first] = timeline.stored();
    expect(bucketsOf(first?.series['delivery'])).toEqual([
      { lowestNs: 1000, highestNs: 1000, count: 2 },
      { lowestNs: 1200, highestNs: 1200, count: 1 },
    ]);
    expect(bucketsOf(first?.series['send_lag'])).toEqual([{ lowestNs: 7, highestNs: 7, count: 1 }]);
  });

  it('stores the same, whenever its seconds are encoded', () => {
    const step = fc.record({
      second: fc.nat({ max: 4 }),
      name: fc.constantFrom('delivery', 'send_lag'),
      valueNs: fc.integer({ min: 1, max: 2047 }),
      encodeBefore: fc.option(fc.nat({ max: 5 })),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const [eager, lazy] = [open(), open()];
        for (const { second, name, valueNs, encodeBefore } of steps) {
          for (const timeline of [eager, lazy])
            timeline.addSeries(second, { [name]: sparse([[valueNs, 1]]) });
          if (encodeBefore !== null) eager.encodeBefore(encodeBefore);
        }
        const read = (timeline: Timeline) =>
          timeline
            .stored()
            .map(({ series }) => ['delivery', 'send_lag'].map((name) => bucketsOf(series[name])));
        expect(read(eager)).toEqual(read(lazy));
        expect(
          read(lazy)
            .flat(2)
            .reduce((sum, { count }) => sum + count, 0),
        ).toBe(steps.length);
      }),
      { numRuns: 50 },
    );
  });

  it('counts what lies before the first second, by a late word on when that is, into the first', () => {
    const timeline = open();
    timeline.addCounts([counts(-1, 1, 1)]);
    expect(timeline.stored()).toHaveLength(1);
    expect(timeline.counts()).toMatchObject({ sent: 1, delivered: 1 });
  });
});

describe('getOrAdd', () => {
  it('makes a value once', () => {
    const map = new Map<string, number[]>();
    getOrAdd(map, 'a', () => []).push(1);
    getOrAdd(map, 'a', () => []).push(2);
    expect(map.get('a')).toEqual([1, 2]);
  });
});
