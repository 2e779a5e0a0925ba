import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStable } from '../../src/run/warm-up.ts';

describe('latency in a warm-up', () => {
  it.each<[boolean, string, ReadonlyArray<number | null>]>([
    [false, 'nothing was seen', []],
    [false, 'two windows agree', [100, 100]],
    [true, 'three windows are the same', [100, 100, 100]],
    [true, 'three windows lie within 5 % of the smallest', [100, 105, 102]],
    [false, 'three windows lie further apart', [100, 106, 102]],
    [true, 'the last three agree after a wild start', [9000, 400, null, 100, 101, 102]],
    [false, 'the last three disagree after three that agreed', [100, 100, 100, 200]],
    [false, 'a window in between is empty', [100, 100, null, 100]],
    [false, 'the last window is empty', [100, 100, 100, null]],
    [false, 'it drifts by 4 % a window', [100, 104, 108]],
  ])('is stable: %s, when %s', (expected, _, medians) => {
    expect(isStable(medians)).toBe(expected);
  });

  const medianNs = fc.integer({ min: 1, max: 1e9 });

  it('is judged by its last three windows alone, in any order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(medianNs), { maxLength: 8 }),
        fc.tuple(medianNs, medianNs, medianNs),
        (before, [a, b, c]) => {
          const stable = isStable([a, b, c]);
          expect(isStable([...before, a, b, c])).toBe(stable);
          expect(isStable([c, a, b])).toBe(stable);
        },
      ),
    );
  });

  it('is stable exactly when the largest of three is at most 5 % above the smallest', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.nat({ max: 10 }),
        fc.nat({ max: 10 }),
        (unit, x, y) => {
          const medians = [unit * 100, unit * (100 + x), unit * (100 + y)];
          expect(isStable(medians)).toBe(Math.max(x, y) <= 5);
        },
      ),
    );
  });
});
