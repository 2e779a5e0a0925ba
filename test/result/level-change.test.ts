import { describe, expect, it } from 'vitest';
import { findDrift, findUnsettled, type LevelChange } from '../../src/result/level-change.ts';
import { chance, draw, laplaceNoise, type Noise, normalNoise, shareOf } from '../stats/noise.ts';

/** Windows whose neighbours have this correlation. */
function correlated(noise: Noise, correlation: number, count: number): number[] {
  let value = noise() / Math.sqrt(1 - correlation ** 2);
  return Array.from({ length: count }, () => {
    value = correlation * value + noise();
    return value;
  });
}

const medians = (noise: Noise, count: number, level: (share: number) => number, spread: number) =>
  draw(noise, count).map((value, at) => level(at / (count - 1)) * (1 + spread * value));

const TRIALS = 1500;

describe('windows that do not drift', () => {
  it.each<[string, (noise: Noise, count: number) => number[]]>([
    ['independent', draw],
    ['of a heavy tail', (noise, count) => draw(noise, count).map((value) => value ** 3)],
    ['of noise that grows', (noise, count) => draw(noise, count).map((value, at) => value * (1 + at))],
    ['with a correlation of 0.3', (noise, count) => correlated(noise, 0.3, count)],
    ['with a correlation of 0.5', (noise, count) => correlated(noise, 0.5, count)],
    ['that take few values', (noise, count) => draw(noise, count).map((value) => Math.round(value))],
  ])('are said to in at most 1 %% of the runs: %s', (_, windows) => {
    for (const count of [16, 40]) {
      const noise = laplaceNoise(count);
      const share = shareOf(TRIALS, () => findDrift(windows(noise, count)) !== null);
      expect(share).toBeLessThan(0.01 + chance(0.01, TRIALS));
    }
  });

  it('are said to in at most 4 % of the runs with a correlation of 0.7', () => {
    const noise = normalNoise(5);
    const share = shareOf(TRIALS, () => findDrift(correlated(noise, 0.7, 40)) !== null);
    expect(share).toBeLessThan(0.04 + chance(0.04, TRIALS));
  });

  it('are not said to where all are equal, or fewer than twelve', () => {
    expect(findDrift(Array.from({ length: 40 }, () => 7))).toBeNull();
    expect(findDrift(Array.from({ length: 11 }, (_, at) => at))).toBeNull();
  });
});

describe('windows that drift', () => {
  const found = (
    level: (share: number) => number,
    kinds: ReadonlyArray<LevelChange['kind'] | undefined>,
    spread = 0.05,
  ) => {
    const noise = normalNoise(3);
    return shareOf(200, () => kinds.includes(findDrift(medians(noise, 40, level, spread))?.kind));
  };

  it('are found where they rise or fall by 20 % in all', () => {
    expect(found((share) => 1 + 0.2 * share, ['trend', 'shift'])).toBeGreaterThan(0.9);
    expect(found((share) => 1.2 - 0.2 * share, ['trend'])).toBeGreaterThan(0.75);
  });

  it('are found where a step of 30 % is in the middle, and late', () => {
    expect(found((share) => (share < 0.5 ? 1 : 1.3), ['shift'], 0.1)).toBeGreaterThan(0.9);
    expect(found((share) => (share < 0.75 ? 1 : 1.3), ['shift'])).toBeGreaterThan(0.8);
  });

  it('have the levels at both ends of a trend, and on both sides of a shift', () => {
    const noise = normalNoise(8);
    const trend = findDrift(medians(noise, 40, (share) => 10 + 10 * share, 0.01));
    expect(trend).toMatchObject({ kind: 'trend', from: expect.closeTo(11, 0), to: expect.closeTo(19, 0) });
    const shift = findDrift(medians(noise, 40, (share) => (share < 0.6 ? 10 : 5), 0.01));
    expect(shift).toMatchObject({ kind: 'shift', from: expect.closeTo(10, 0), to: expect.closeTo(5, 0) });
    expect(shift?.at).toBe(24);
  });

  it('are found where a level without any noise changes', () => {
    const step = Array.from({ length: 20 }, (_, at) => (at < 10 ? 1 : 2));
    expect(findDrift(step)).toEqual({ kind: 'shift', at: 10, from: 1, to: 2 });
  });
});

describe('the last sixteen windows of a warm-up', () => {
  it('seem to change in at most a fifth of the cases where they do not', () => {
    const noise = normalNoise(4);
    const share = shareOf(TRIALS, () => findUnsettled(draw(noise, 16)) !== null);
    expect(share).toBeLessThan(0.2);
    expect(share).toBeGreaterThan(0.05);
  });

  it('of a server that has not stabilized change, also where the noise is as large', () => {
    const settling = (share: number) => 1 + 2 * Math.exp(-2 * share);
    const noise = normalNoise(4);
    expect(shareOf(200, () => findUnsettled(medians(noise, 16, settling, 0.1)) !== null)).toBeGreaterThan(
      0.95,
    );
  });
});
