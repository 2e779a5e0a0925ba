import { expect, it } from 'vitest';
import { significantGrowth } from '../../src/stats/capacity-step.ts';

it('the growth of a straight line is its whole rise', () => {
  expect(significantGrowth([1, 2, 3, 4, 5, 6, 7])).toBe(6);
});

it('one wild value neither makes nor hides a trend', () => {
  expect(significantGrowth([3, 3, 3, 3, 3, 3, 3, 3, 300])).toBeNull();
  expect(significantGrowth([1, 2, 3, 300, 5, 6, 7, 8, 9])).toBe(8);
});

it.each([
  ['nothing changes', [5, 5, 5, 5, 5, 5, 5]],
  ['it falls', [7, 6, 5, 4, 3, 2, 1]],
  ['it goes to and fro', [1, 9, 2, 8, 3, 7, 4, 6]],
  ['there are five values only', [1, 2, 3, 4, 5]],
  ['there are none', []],
])('nothing grows for sure where %s', (_, values) => {
  expect(significantGrowth(values)).toBeNull();
});

it('of random values without a trend, at most one series in a hundred is said to grow', () => {
  let state = 12345;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const trials = 4000;
  let grown = 0;
  for (let trial = 0; trial < trials; trial++) {
    if (significantGrowth(Array.from({ length: 10 }, random)) !== null) grown += 1;
  }
  // By Kendall's table, of ten values 0.46 % have a score of 29 or more, the first that is taken.
  expect(grown / trials).toBeGreaterThan(0);
  expect(grown / trials).toBeLessThan(0.01);
});
