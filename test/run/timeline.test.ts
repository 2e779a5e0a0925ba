import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NsHistogram } from '../../src/measure/histogram.ts';
import { MAX_INTERVALS } from '../../src/result/run-result.ts';
import { getOrAdd, Timeline } from '../../src/run/timeline.ts';
import { histogramOf, type Values } from './made-series.ts';

const open = (durationMs = 60_000) => new Timeline({ durationMs });

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
    expect(timeline.counts()).toEqual({ intended: 0, sent: 0, expected: 0, delivered: 0, missed: 0 });
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
    timeline.addSeries(0, { connect: sparse([[2000, 4]]) });
    expect(timeline.series.get('connect')?.count).toBe(4);
    expect(timeline.stored()).toEqual([]);
  });

  it('adds up counts that come in parts, and calls the difference lost', () => {
    const timeline = open();
    timeline.addCounts([counts(0, 10, 30), counts(1, 10, 20)]);
    timeline.addCounts([counts(1, 5, 20)]);
    expect(timeline.stored().map(({ series: _series, ...second }) => second)).toEqual([
      { startMs: 0, lengthMs: 1000, intended: 11, sent: 10, expected: 30, delivered: 30, lost: 0, missed: 0 },
      {
        startMs: 1000,
        lengthMs: 1000,
        intended: 17,
        sent: 15,
        expected: 45,
        delivered: 40,
        lost: 5,
        missed: 0,
      },
    ]);
    expect(timeline.counts()).toEqual({ intended: 28, sent: 25, expected: 75, delivered: 70, missed: 0 });
  });

  it('has lost nothing in a second in which more arrived than was known to be expected', () => {
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

  it('counts what was due before the first second into the first', () => {
    const timeline = open();
    timeline.addCounts([counts(-1, 1, 1)]);
    expect(timeline.stored()).toHaveLength(1);
    expect(timeline.counts()).toMatchObject({ sent: 1, delivered: 1 });
  });
});

describe('the length of an interval', () => {
  it.each([
    ['10 s', 10, [[1, 10]]],
    ['10 minutes', 600, [[1, 600]]],
    [
      '1 s more',
      601,
      [
        [2, 1],
        [1, 599],
      ],
    ],
    [
      '15 minutes',
      900,
      [
        [2, 300],
        [1, 300],
      ],
    ],
    ['20 minutes', 1200, [[2, 600]]],
    [
      'an hour',
      3600,
      [
        [8, 300],
        [4, 300],
      ],
    ],
    [
      '24 hours',
      86_400,
      [
        [256, 75],
        [128, 525],
      ],
    ],
  ])('after %s, old intervals are at most twice as long as new ones', (_, seconds, expected) => {
    const timeline = open(seconds * 1000);
    timeline.addCounts(Array.from({ length: seconds }, (_, second) => counts(second, 1, 3)));
    const stored = timeline.stored();
    const lengths = Map.groupBy(stored, ({ lengthMs }) => lengthMs / 1000);
    expect([...lengths].map(([lengthS, group]) => [lengthS, group.length])).toEqual(expected);
    expect(stored.length).toBeLessThanOrEqual(MAX_INTERVALS);
    expect(stored.every(({ sent, lengthMs }) => sent === lengthMs / 1000)).toBe(true);
    const ends = stored.map(({ startMs, lengthMs }) => startMs + lengthMs);
    expect(stored.map(({ startMs }) => startMs)).toEqual([0, ...ends.slice(0, -1)]);
  });

  it('is cut where the drain begins', () => {
    // After 20 minutes, new intervals have 2 s; the drain begins with 1 s again.
    const timeline = open(1_804_500);
    for (let second = 0; second < 1810; second++) {
      timeline.addCounts([counts(second, 1, 3)]);
      if (second % 600 < 10) timeline.addSeries(second, { delivery: sparse([[1000 + second, 2]]) });
      if (second % 600 === 10) timeline.encodeBefore(second - 1);
    }
    timeline.addSeries(7, { delivery: sparse([[500, 1]]) });
    const stored = timeline.stored();
    const times = stored.map(({ startMs, lengthMs }) => [startMs / 1000, lengthMs / 1000]);
    expect(times.slice(0, 2)).toEqual([
      [0, 4],
      [4, 4],
    ]);
    expect(times.slice(-7)).toEqual([
      [1802, 2],
      [1804, 1],
      [1805, 1],
      [1806, 1],
      [1807, 1],
      [1808, 1],
      [1809, 1],
    ]);
    expect(bucketsOf(stored[1]?.series['delivery']).map(({ lowestNs, count }) => [lowestNs, count])).toEqual([
      [500, 1],
      [1004, 2],
      [1005, 2],
      [1006, 2],
      [1007, 2],
    ]);
    expect(timeline.series.get('delivery')?.count).toBe(81);
  });

  it('ends where measuring was ended', () => {
    const timeline = open(60_000);
    timeline.endMeasuring(2400);
    timeline.addCounts([counts(0, 1, 3), counts(4, 1, 3)]);
    expect(timeline.stored().map(({ startMs }) => startMs)).toEqual([0, 1000, 2000, 3000, 4000]);
  });

  it('bounds what a day leaves, with the sums of all its seconds', () => {
    const day = 86_400;
    const timeline = open(day * 1000);
    const one = sparse([[1_000_000, 1]]);
    for (let second = 0; second < day + 60; second++) {
      timeline.addCounts([counts(second, 1, 3)]);
      if (second % 600 === 0) timeline.addSeries(second, { delivery: one });
      if (second % 600 === 0) timeline.encodeBefore(second);
    }
    const stored = timeline.stored();
    expect(stored.length).toBeLessThanOrEqual(2 * MAX_INTERVALS);
    const sent = stored.reduce((sum, interval) => sum + interval.sent, 0);
    const values = stored.reduce(
      (sum, { series }) => sum + bucketsOf(series['delivery']).reduce((total, { count }) => total + count, 0),
      0,
    );
    expect([sent, values]).toEqual([day + 60, day / 600 + 1]);
    expect(timeline.counts()).toEqual({
      intended: 2 * (day + 60),
      sent: day + 60,
      expected: 3 * (day + 60),
      delivered: 3 * (day + 60),
      missed: 0,
    });
    expect(JSON.stringify(stored).length).toBeLessThan(1024 ** 2);
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
