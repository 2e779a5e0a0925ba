import { describe, expect, it } from 'vitest';
import { type StartFigure, startsDiffer } from '../../src/result/repeated.ts';
import { explainedWidths, medianInterval, medianOverStarts, STARTS_NEEDED } from '../../src/stats/starts.ts';
import { BUSY, DIED, makeRepeated } from '../report/repeated-fixture.ts';

/** The whole numbers from 1 to `count`. */
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** The probability of at most `successes` in `trials` tosses of a coin, by Pascal's triangle. */
function coinCdf(successes: number, trials: number): number {
  let row = [1];
  for (let toss = 0; toss < trials; toss++)
    row = [...row, 0].map((each, index) => each + (row[index - 1] ?? 0));
  return row.slice(0, successes + 1).reduce((sum, each) => sum + each, 0) / 2 ** trials;
}

describe('the interval of the median of starts', () => {
  it.each([
    [2, 0.5],
    [3, 0.75],
    [4, 0.875],
    [5, 0.9375],
  ])('is the range of %i starts, with the level %d', (count, level) => {
    expect(medianInterval(upTo(count))).toEqual({ lower: 1, upper: count, level });
  });

  it('has at least 95 % from six starts on, and no narrower one has', () => {
    expect(STARTS_NEEDED).toBe(6);
    for (const count of upTo(60).slice(5)) {
      const interval = medianInterval(upTo(count).toReversed());
      const rank = interval?.lower ?? 0;
      expect(interval?.upper).toBe(count + 1 - rank);
      expect(interval?.level).toBeCloseTo(1 - 2 * coinCdf(rank - 1, count), 4);
      expect(1 - 2 * coinCdf(rank - 1, count)).toBeGreaterThanOrEqual(0.95);
      expect(1 - 2 * coinCdf(rank, count)).toBeLessThan(0.95);
    }
  });

  it('does not exist for one start', () => {
    expect(medianInterval([1])).toBeNull();
  });
});

it('the median over starts needs a value in more than half of them', () => {
  expect(medianOverStarts([3, 1, null, 2])).toBe(2);
  expect(medianOverStarts([3, 1, null, null])).toBeNull();
});

it('intervals explain as much as the range of normal variables (Harter 1960)', () => {
  for (const count of [2, 3, 4, 5]) expect(explainedWidths(count)).toBe(1);
  // The 95 % points of the range for 10, 20 and 100 are 4.474, 5.012 and 6.085.
  for (const [count, range] of [
    [10, 4.474],
    [20, 5.012],
    [100, 6.085],
  ] as const)
    expect(explainedWidths(count) * 3.92).toBeCloseTo(range, 2);
});

describe('figures of starts', () => {
  const figureOf = (name: string, { figures } = makeRepeated()) =>
    figures.find(({ metric }) => metric === name) as StartFigure;

  it('are medians of the values of every start', () => {
    const figure = figureOf('delivery.p50');
    const values = figure.values.map(({ value }) => value ?? 0);
    expect(figure.values.map(({ start }) => start)).toEqual([1, 2, 3, 4, 5]);
    expect(figure.median).toBe(values.toSorted((a, b) => a - b)[2]);
    expect(figure).toMatchObject({ lower: Math.min(...values), upper: Math.max(...values), level: 0.9375 });
    expect(figure.spread).toBe(Math.max(...values) / Math.min(...values));
  });

  it('have the intervals of their own samples', () => {
    for (const { value, lower, upper } of figureOf('delivery.p50').values) {
      expect(lower).toBeLessThan(value ?? 0);
      expect(upper).toBeGreaterThan(value ?? 0);
    }
    expect(figureOf('server_rss').withinRun).toBeNull();
  });

  it('differ where a start is slower by more than an interval, and agree otherwise', () => {
    expect(startsDiffer(figureOf('delivery.p50', makeRepeated({ starts: [1, 1, 1.5] })))).toBe(true);
    expect(startsDiffer(figureOf('delivery.p50', makeRepeated({ starts: [1, 1, 1] })))).toBe(false);
    expect(startsDiffer(figureOf('server_rss'))).toBeNull();
  });

  it('leave out invalid starts', () => {
    const repeated = makeRepeated({ starts: [1, 50, 1], invalid: { 2: BUSY } });
    expect(figureOf('delivery.p50', repeated).values.map(({ start }) => start)).toEqual([1, 3]);
    expect(repeated.excluded).toEqual([{ start: 2, reasons: [BUSY] }]);
    expect(repeated.invalid).toEqual([]);
  });

  it('are those of few samples where there are few', () => {
    const p99 = figureOf('delivery.p99', makeRepeated({ starts: [1, 1, 1] }));
    expect(p99).toMatchObject({ median: null, lower: null, spread: null });
  });
});

describe('a repeated run', () => {
  const codes = (repeated = makeRepeated()) => repeated.invalid.map(({ code }) => code);

  it('is valid while more than half of its starts are', () => {
    expect(codes(makeRepeated({ invalid: { 1: BUSY, 3: BUSY } }))).toEqual([]);
    expect(makeRepeated({ invalid: { 1: BUSY, 3: BUSY, 5: BUSY } }).invalid).toEqual([
      {
        code: 'excluded_starts',
        message: `3 of 5 starts are invalid, and more than half must be valid; for example: ${BUSY.message}`,
      },
    ]);
    expect(codes(makeRepeated({ starts: [1, 1], invalid: { 2: BUSY } }))).toEqual(['excluded_starts']);
  });

  it('is invalid where the server failed by itself in one start, or did not start', () => {
    expect(makeRepeated({ invalid: { 3: DIED } }).invalid).toEqual([
      { code: 'server_died', message: `start 3: ${DIED.message}` },
    ]);
    const failed = makeRepeated({ starts: [1, 'it ended at once', 1, 1, 1] });
    expect(failed.invalid).toEqual([{ code: 'exec_failed', message: 'start 2: it ended at once' }]);
    expect(failed.figures[0]?.values.map(({ start }) => start)).toEqual([1, 3, 4, 5]);
  });

  it('is judged on the complete starts when it is stopped, and invalid without one', () => {
    const stopped = { code: 'interrupted', message: 'stopped by the user' } as const;
    const two = makeRepeated({ starts: [1, 1, 1], repeat: 5, invalid: { 3: stopped }, status: 'partial' });
    expect(codes(two)).toEqual([]);
    expect(two.figures[0]?.values).toHaveLength(2);
    const none = makeRepeated({ starts: [1], repeat: 5, invalid: { 1: stopped }, status: 'partial' });
    expect(codes(none)).toEqual(['interrupted']);
  });

  it('says when one start is not enough, and when the server was not started anew', () => {
    const messages = ({ notes } = makeRepeated()) => notes.map(({ message }) => message);
    expect(messages(makeRepeated({ starts: [1, 1, 1.5], restartsServer: false }))).toEqual([
      expect.stringMatching(
        /^starts differ by [\d.]+ % in delivery\.p50, more than one run's own interval of [\d.]+ % explains \(also in .*\): one start is not enough$/,
      ),
      'the server was already running: each start had new generator processes, but the same server process',
    ]);
    expect(messages(makeRepeated({ starts: [1, 1, 1] }))).toEqual([]);
  });

  it('judges thresholds on the medians, and counts over all starts', () => {
    const [median, lost, short] = makeRepeated({
      starts: [1, 1, 1, 9, 9],
      thresholds: ['delivery.p50<5ms', 'lost==0', 'delivery.p99<50ms'],
      run: { lost: 1 },
    }).thresholds;
    expect(median).toMatchObject({ passed: true, metIn: 3, judgedIn: 5 });
    expect(median?.detail).toMatch(/^[\d.]+ ms \([\d.]+ (ms|µs) to [\d.]+ ms\)$/);
    expect(lost).toMatchObject({ passed: false, actual: 5, detail: '5 in 5 starts', metIn: 0, judgedIn: 5 });
    expect(short).toMatchObject({ passed: null, judgedIn: 0 });
    expect(short?.detail).toContain('it needs 1,000 independent samples, the run has 200');
  });
});
