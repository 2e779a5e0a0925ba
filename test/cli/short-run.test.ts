import { describe, expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { shortRunText } from '../../src/cli/short-run.ts';
import { forecastRun } from '../../src/run/forecast.ts';
import { parseThreshold } from '../../src/stats/thresholds.ts';
import { planFake } from '../support/fake-run.ts';

function textOf(given: Readonly<Record<string, string>>, ...expressions: readonly string[]): string | null {
  const planned = planFake(broadcastLatency, given);
  const thresholds = expressions.map((expression) => parseThreshold(expression));
  return shortRunText(planned, forecastRun(planned), thresholds);
}

describe('before a run', () => {
  it('with enough samples nothing is said', () => {
    expect(textOf({ rate: '100/s', duration: '10s' })).toBeNull();
  });

  it('with too few for p99, the duration that would do is named', () => {
    expect(textOf({ rate: '50/s', duration: '10s' })).toBe(
      'p99 of delivery needs 1,000 samples, and this run plans 500: --duration 20s suffices',
    );
  });

  it('the threshold that needs the most decides', () => {
    expect(textOf({ rate: '50/s', duration: '10s' }, 'delivery.p99.9<50ms')).toBe(
      'delivery.p99.9<50ms needs 10,000 samples, and this run plans 500: --duration 200s suffices',
    );
  });

  it('with stages, all of them are to be longer', () => {
    expect(textOf({ rate: '5s@20/s,5s@80/s' })).toBe(
      'p99 of delivery needs 1,000 samples, and this run plans 500: longer stages of --rate, 20s in all, suffice',
    );
  });

  it('where no duration would do, the rate is to be increased', () => {
    expect(textOf({ rate: '0.01/s', duration: '200s' })).toMatch(/: increase --rate$/);
  });
});
