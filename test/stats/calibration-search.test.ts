import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/result/findings.ts';
import { viewResult } from '../../src/result/view.ts';
import {
  highestCarried,
  judgeCalibrationRun,
  limitOf,
  nextRateHz,
  type TriedLoad,
} from '../../src/stats/calibration-search.ts';
import { makeResult } from '../report/fixture.ts';

const step = (rateHz: number, outcome: TriedLoad['outcome'], utilization: number | null = null) => ({
  rateHz,
  outcome,
  utilization,
});

const DESIGN = { fromHz: 100, maxSteps: 20 };

/** Searches the capacity of a worker that carries so much, and is busy in proportion. */
function search(capacityHz: number, design = DESIGN) {
  const tried: TriedLoad[] = [];
  for (let next = nextRateHz(tried, design); next !== null; next = nextRateHz(tried, design)) {
    const isCarried = next <= capacityHz;
    tried.push(step(next, isCarried ? 'carried' : 'behind', (0.7 * next) / capacityHz));
  }
  return tried;
}

describe('the search for the capacity of a worker', () => {
  it('begins with the rate of the plan', () => {
    expect(nextRateHz([], DESIGN)).toBe(100);
  });

  it.each([
    ['grows by what the utilization leaves room for', [step(100, 'carried', 0.325)], 200],
    ['grows by a factor of eight at most', [step(100, 'carried', 0.01)], 800],
    ['grows by 30 % at least', [step(100, 'carried', 0.68)], 130],
    ['doubles where the utilization is unknown', [step(100, 'carried')], 200],
    ['halves the ratio to a rate that was too high', [step(100, 'carried', 0.5), step(400, 'behind')], 200],
    ['goes down where the plan itself is too much', [step(100, 'behind')], 25],
    ['goes down where the null server was the limit', [step(100, 'server')], 25],
    ['repeats a disturbed run', [step(100, 'carried', 0.1), step(650, 'disturbed')], 650],
    ['ends when a run was disturbed twice', [step(650, 'disturbed'), step(650, 'disturbed')], null],
    ['ends within 15 %', [step(100, 'carried', 0.6), step(114, 'behind')], null],
    ['ends far below the plan', [step(0.39, 'behind')], null],
  ] as const)('%s', (_, tried, expected) => {
    expect(nextRateHz(tried, DESIGN)).toBe(expected);
  });

  it('ends at the maximum of runs', () => {
    expect(search(1e5, { fromHz: 1, maxSteps: 3 })).toHaveLength(3);
  });

  it('finds the capacity of any worker to 15 %, and says that the generator was the limit', () => {
    fc.assert(
      fc.property(fc.double({ min: 2, max: 2e5, noNaN: true }), (capacityHz) => {
        const tried = search(capacityHz);
        const found = highestCarried(tried)?.rateHz ?? 0;
        expect(found).toBeLessThanOrEqual(capacityHz);
        // Rates have three digits.
        expect(found * 1.15 * 1.01).toBeGreaterThanOrEqual(capacityHz);
        expect(limitOf(tried)).toBe('generator');
        expect(tried.length).toBeLessThanOrEqual(14);
      }),
    );
  });

  it('does not count a load that was carried above one that was not', () => {
    const tried = [step(100, 'carried'), step(200, 'behind'), step(300, 'carried')];
    expect(highestCarried(tried)?.rateHz).toBe(100);
  });

  it.each([
    ['server', [step(100, 'carried'), step(200, 'server'), step(400, 'behind')]],
    ['generator', [step(100, 'carried'), step(200, 'behind')]],
    ['disturbed', [step(100, 'carried'), step(200, 'disturbed'), step(200, 'disturbed')]],
    ['none', [step(100, 'carried'), step(200, 'carried')]],
  ] as const)('says what was the limit: %s', (limit, tried) => {
    expect(limitOf(tried)).toBe(limit);
  });
});

describe('a run on the null server', () => {
  const found = (code: Finding['code']) => ({ code, message: `because of ${code}` });
  const judged = (invalid: Finding[], findings: Finding[] = []) =>
    judgeCalibrationRun(viewResult({ ...makeResult({}), invalid, findings }));

  it.each([
    ['is carried when it is valid', [], [], 'carried', ''],
    [
      'is behind when the generator was the limit',
      ['generator_busy'],
      [],
      'behind',
      'because of generator_busy',
    ],
    [
      'is disturbed by CPU steal, whatever else',
      ['generator_busy', 'cpu_steal'],
      [],
      'disturbed',
      'because of cpu_steal',
    ],
    [
      'is disturbed when the generator was held up',
      ['generator_stalled'],
      [],
      'disturbed',
      'because of generator_stalled',
    ],
    [
      'is at the limit of the null server',
      [],
      ['server_overloaded'],
      'server',
      'because of server_overloaded',
    ],
    [
      'is at the limit of the null server that lost clients',
      ['clients_lost'],
      [],
      'server',
      'because of clients_lost',
    ],
  ] as const)('%s', (_, invalid, findings, outcome, detail) => {
    expect(judged(invalid.map(found), findings.map(found))).toMatchObject({ outcome, detail });
  });
});
