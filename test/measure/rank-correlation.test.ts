import { describe, expect, it } from 'vitest';
import { Draws } from '../../scripts/interval-study/processes.ts';
import { rankCorrelation } from '../../src/measure/rank-correlation.ts';

function correlated(memory: number, count: number): Float64Array {
  const draws = new Draws(3);
  let state = draws.normal();
  return Float64Array.from({ length: count }, () => {
    state = memory * state + Math.sqrt(1 - memory ** 2) * draws.normal();
    return Math.exp(10 * state);
  });
}

describe('the rank correlation of successive values', () => {
  it.each([0.5, 0.9])('is that of the process, however far its values spread: %f', (memory) => {
    const found = rankCorrelation(correlated(memory, 20_000));
    for (const { lag, correlation } of found?.lags ?? []) {
      // Spearman's correlation of normal values: Pearson, "On further methods of determining correlation" (1907).
      expect(correlation).toBeCloseTo((6 / Math.PI) * Math.asin(memory ** lag / 2), 1);
    }
    expect(found?.lags.map(({ lag }) => lag)).toEqual([1, 10, 100, 1000]);
    expect(found?.noise).toBeCloseTo(1.96 / Math.sqrt(20_000), 6);
    const { withinNoiseFrom } = found ?? {};
    expect(memory ** (withinNoiseFrom ?? 0)).toBeLessThan(0.15);
    expect(memory ** ((withinNoiseFrom ?? 0) / 5)).toBeGreaterThan(0.15);
  });

  it('is within noise from the next value where values are independent', () => {
    const found = rankCorrelation(correlated(0, 20_000));
    expect(found?.withinNoiseFrom).toBe(1);
    expect(found?.lags.every(({ correlation }) => Math.abs(correlation) < 0.03)).toBe(true);
  });

  it('is negative where high and low values alternate, and shares the ranks of equal values', () => {
    const found = rankCorrelation(Float64Array.from({ length: 40 }, (_, index) => index % 2));
    expect(found?.lags).toEqual([
      { lag: 1, correlation: -39 / 40 },
      { lag: 10, correlation: 30 / 40 },
    ]);
    expect(found?.withinNoiseFrom).toBeNull();
  });

  it('is unknown for few values, and for those that are all the same', () => {
    expect(rankCorrelation(Float64Array.from({ length: 19 }, (_, index) => index))).toBeNull();
    expect(rankCorrelation(new Float64Array(100).fill(7))).toBeNull();
  });
});
