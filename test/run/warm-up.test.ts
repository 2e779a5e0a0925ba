import { describe, expect, it } from 'vitest';
import { isStable } from '../../src/run/warm-up.ts';
import { draw, normalNoise } from '../stats/noise.ts';

const noisy = (count: number) => draw(normalNoise(2), count, 20).map((value) => value * 100);

describe('latency in a warm-up', () => {
  it.each<[boolean | null, string, ReadonlyArray<number | null>]>([
    [null, 'nothing was seen', []],
    [null, 'there are fewer than sixteen windows', noisy(15)],
    [true, 'sixteen windows are noise', noisy(16)],
    [true, 'all are the same', noisy(16).fill(100)],
    [true, 'the last sixteen are noise after a wild start', [9e6, 400, null, 7e6, ...noisy(16)]],
    [true, 'it drifts by 4 % in all', Array.from({ length: 16 }, (_, at) => 1000 + 40 * (at / 15))],
    [false, 'it drifts by 20 % in all', Array.from({ length: 16 }, (_, at) => 1000 + 200 * (at / 15))],
    [false, 'it has just fallen to half', [...noisy(30), ...noisy(6).map((median) => median / 2)]],
    [false, 'a window is empty', [...noisy(15), null, ...noisy(10)]],
  ])('is stable: %s, when %s', (expected, _, medians) => {
    expect(isStable(medians)).toBe(expected);
  });
});
