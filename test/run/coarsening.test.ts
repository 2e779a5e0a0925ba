import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CoarseningList } from '../../src/run/coarsening.ts';

describe('a coarsening list', () => {
  it('keeps every value until it is full, then merges the oldest two', () => {
    const list = new CoarseningList<string>(4, (a, b) => a + b);
    for (const value of 'abcde') list.push(value);
    expect(list.values).toEqual(['ab', 'c', 'd', 'e']);
    for (const value of 'fgh') list.push(value);
    expect(list.values).toEqual(['ab', 'cd', 'ef', 'gh']);
    expect(list.grain).toBe(2);
    list.push('i');
    expect(list.values).toEqual(['abcd', 'ef', 'gh', 'i']);
    list.push('j');
    expect(list.values).toEqual(['abcd', 'ef', 'gh', 'ij']);
  });

  it('takes values of several parts, and completes one that has fewer', () => {
    const list = new CoarseningList<string>(2, (a, b) => a + b);
    for (const value of 'abc') list.push(value);
    expect([list.values, list.grain]).toEqual([['ab', 'c'], 1]);
    list.push('d');
    expect([list.values, list.grain]).toEqual([['ab', 'cd'], 2]);
    list.push('ef', 2);
    expect(list.values).toEqual(['abcd', 'ef']);
  });

  it('never holds more than its maximum, loses nothing and stays even', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), fc.nat({ max: 2000 }), (max, count) => {
        const list = new CoarseningList<number[]>(max, (a, b) => [...a, ...b]);
        for (let value = 0; value < count; value++) list.push([value]);
        expect(list.values.length).toBeLessThanOrEqual(max);
        expect(list.values.flat()).toEqual(Array.from({ length: count }, (_, value) => value));
        const lengths = list.values.slice(0, -1).map(({ length }) => length);
        expect(Math.max(1, ...lengths)).toBeLessThanOrEqual(2 * Math.min(list.grain, ...lengths));
      }),
      { numRuns: 100 },
    );
  });
});
