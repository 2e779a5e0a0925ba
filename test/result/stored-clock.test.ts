import { describe, expect, it } from 'vitest';
import { type StoredClock, wallStepNs } from '../../src/result/stored-clock.ts';

function clockWith(startNs: string, endNs: string, boundNs = 200): StoredClock {
  return {
    originMonotonicNs: '1',
    measureStartNs: 1,
    atStart: { originWallNs: startNs, boundNs },
    atEnd: { originWallNs: endNs, boundNs },
  };
}

describe('the step of the wall clock during a run', () => {
  it.each([
    ['none', '1764360843000000000', '1764360843000000000', 0],
    ['within the error of both readings', '1764360843000000000', '1764360843000100400', 0],
    ['forward', '1764360843000000000', '1764360843001000000', 1_000_000],
    ['back by an hour', '1764360843000000000', '1764357243000000000', -3_600_000_000_000],
  ])('%s', (_, startNs, endNs, stepNs) => {
    expect(wallStepNs(clockWith(startNs, endNs))).toBe(stepNs);
  });
});
