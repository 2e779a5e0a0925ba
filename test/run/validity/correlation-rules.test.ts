import { describe, expect, it } from 'vitest';
import { viewResult } from '../../../src/result/view.ts';
import { noteCorrelation } from '../../../src/run/validity/correlation-rules.ts';
import { makeResult } from '../../report/fixture.ts';

/** The note of a run of 100 requests a second with these effective numbers. */
function noteOf(effectiveSamples: Record<string, number>, seconds = 10): string | null {
  const result = makeResult({ scenario: 'ack-roundtrip', clients: 10, rateHz: 100, seconds });
  const { ack } = result.series;
  if (ack === undefined) throw new Error('there is no series ack');
  expect(ack.count).toBe(100 * seconds);
  return (
    noteCorrelation(
      viewResult({ ...result, series: { ...result.series, ack: { ...ack, effectiveSamples } } }),
    )?.message ?? null
  );
}

describe('the note of correlated samples', () => {
  it.each<[string, Record<string, number>, string | null]>([
    ['nothing where their correlation is unknown', {}, null],
    ['nothing where half of them count', { p50: 1000, p90: 500, p95: 1000, p99: 800 }, null],
    [
      'as how many they count',
      { p50: 499.6, p90: 73.2, p95: 1000, p99: 1000 },
      'successive requests are correlated: 1,000 count as 500 independent ones for p50, 73 independent ones for p90',
    ],
    [
      'which quantiles have too few of them',
      { p50: 310, p90: 0, p95: 0, p99: 300 },
      'successive requests are correlated: 1,000 count as 310 independent ones for p50, and are too few for p90, p95 and p99',
    ],
    [
      'that they are too few for all',
      { p50: 0 },
      'successive requests are correlated: 1,000 are too few for p50',
    ],
  ])('says %s', (_, effective, message) => {
    expect(noteOf(effective)).toBe(message);
  });

  it('says nothing of a quantile that fewer than ten values lie beyond', () => {
    expect(noteOf({ p99: 0 }, 5)).toBeNull();
    expect(noteOf({ p95: 0 }, 5)).toBe('successive requests are correlated: 500 are too few for p95');
  });
});
