import { describe, expect, it } from 'vitest';
import {
  type ChangePoint,
  findChanges,
  MIN_SEGMENT,
  permutationsFor,
  valuesNeeded,
} from '../../src/stats/change-points.ts';
import { chance, draw, exponentialNoise, normalNoise, shareOf } from './noise.ts';

const places = (count: number) => Array.from({ length: count }, (_, index) => index);

function changesIn(values: readonly number[], alpha = 0.05): ChangePoint[] {
  return findChanges(values, { alpha, seed: 1, places: places(values.length) });
}

const startsIn = (values: readonly number[]) => changesIn(values).map(({ at }) => at);

describe('the false-alarm rate', () => {
  it.each([
    ['normal', normalNoise, 0.05],
    ['exponential', exponentialNoise, 0.05],
    ['exponential', exponentialNoise, 0.2],
  ] as const)('of %s values without a change is at most alpha, and near it: %#', (_, noiseOf, alpha) => {
    const trials = 250;
    const noise = noiseOf(11);
    const share = shareOf(trials, () => changesIn(draw(noise, 14), alpha).length > 0);
    expect(Math.abs(share - alpha)).toBeLessThan(chance(alpha, trials));
  });

  it('is at most alpha where most values are equal', () => {
    const noise = normalNoise(3);
    const rare = () => draw(noise, 20).map((value) => (value > 1 ? Math.round(value * 5) : 0));
    expect(shareOf(150, () => changesIn(rare()).length > 0)).toBeLessThan(0.05 + chance(0.05, 150));
  });
});

/** The share of trials in which exactly these changes are found, each at most one value from its place. */
function shareFound(
  levels: ReadonlyArray<readonly [count: number, mean: number]>,
  expected: readonly number[],
) {
  const noise = normalNoise(7);
  return shareOf(20, () => {
    const found = startsIn(levels.flatMap(([count, mean]) => draw(noise, count, mean)));
    return (
      found.length === expected.length &&
      found.every((at, index) => Math.abs(at - (expected[index] ?? -9)) <= 1)
    );
  });
}

describe('a change of four standard deviations', () => {
  it('is found at its place', () => {
    expect(
      shareFound(
        [
          [12, 0],
          [12, 4],
        ],
        [12],
      ),
    ).toBeGreaterThan(0.75);
  });

  it('is found where the latest values have changed', () => {
    expect(
      shareFound(
        [
          [20, 0],
          [5, 4],
        ],
        [20],
      ),
    ).toBeGreaterThan(0.75);
  });

  it('is found where a later change takes it back', () => {
    expect(
      shareFound(
        [
          [10, 0],
          [8, 4],
          [10, 0],
        ],
        [10, 18],
      ),
    ).toBeGreaterThan(0.75);
  });

  it('is found before another one in the same direction', () => {
    expect(
      shareFound(
        [
          [10, 0],
          [10, 4],
          [10, 8],
        ],
        [10, 20],
      ),
    ).toBeGreaterThan(0.75);
  });
});

describe('findChanges', () => {
  const step = [...draw(normalNoise(1), 10), ...draw(normalNoise(2), 10, 8)];

  it('finds the same changes in the same values', () => {
    expect(changesIn(step)).toEqual([{ at: 10, p: 1 / (permutationsFor(0.05) + 1) }]);
    expect(changesIn(step)).toEqual(changesIn(step));
  });

  it('takes an outlier for no change, and finds a change beside one', () => {
    const noise = draw(normalNoise(4), 20);
    expect(startsIn(noise.map((value, index) => (index === 9 ? 50 : value)))).toEqual([]);
    const [at, ...others] = startsIn(step.map((value, index) => (index === 3 ? 500 : value)));
    expect(others).toEqual([]);
    expect(Math.abs((at ?? 0) - 10)).toBeLessThanOrEqual(1);
  });

  it('finds nothing in equal values, and a step between two constant levels', () => {
    expect(changesIn(Array.from({ length: 30 }, () => 7))).toEqual([]);
    expect(startsIn([...Array.from({ length: 9 }, () => 0), ...Array.from({ length: 9 }, () => 3)])).toEqual([
      9,
    ]);
  });

  it('places changes only where they may be', () => {
    const found = findChanges(step, { alpha: 0.05, seed: 1, places: [4, 8, 12, 16] });
    expect(found.map(({ at }) => at)).toHaveLength(1);
    expect([8, 12]).toContain(found[0]?.at);
    expect(findChanges(step, { alpha: 0.05, seed: 1, places: [] })).toEqual([]);
  });

  it('refuses values that are not finite, and an alpha that is no probability', () => {
    expect(() => changesIn([1, Number.NaN])).toThrow('values[1] is NaN');
    expect(() => changesIn([1, 2], 1)).toThrow('alpha is 1');
  });
});

describe('valuesNeeded', () => {
  it.each([0.05, 0.01])('is the number from which a clear step is significant at %d', (alpha) => {
    const count = valuesNeeded(alpha);
    const halves = (size: number) =>
      places(size).map((index) => (index < Math.floor(size / 2) ? index : 1000 + index));
    expect(changesIn(halves(count + 2), alpha)).toHaveLength(1);
    expect(changesIn(halves(count - 2), alpha)).toEqual([]);
  });

  it('is at least two segments', () => {
    expect(valuesNeeded(0.9)).toBe(2 * MIN_SEGMENT);
  });
});
