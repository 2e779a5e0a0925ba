import { describe, expect, it } from 'vitest';
import { EffectiveSums } from '../../../src/result/merge/effective-sums.ts';

const stored = (count: number, effectiveSamples: Record<string, number>) => ({
  ...{ count, meanNs: 0, stdDeviationNs: 0, histogram: '' },
  effectiveSamples,
});

describe('the effective number of samples of a merge', () => {
  it('is no higher than that of one shard where both may have seen the same stalls', () => {
    const sums = new EffectiveSums();
    sums.add({ ack: stored(1000, { p50: 400, p99: 100 }) });
    sums.add({ ack: stored(1000, { p50: 400, p99: 25 }) });
    // Standard errors of 1/10 and 1/5 are 3/20 on average.
    const { p50, p99 } = sums.joined('ack', false);
    expect(p50).toBeCloseTo(400, 6);
    expect(p99).toBeCloseTo((20 / 3) ** 2, 6);
  });

  it('is 0 where one shard knows nothing of a quantile, and unknown where one has no number', () => {
    const sums = new EffectiveSums();
    sums.add({ ack: stored(1000, { p50: 400, p90: 0 }) });
    sums.add({ ack: stored(10, { p90: 5 }) });
    expect(sums.joined('ack', false)).toEqual({ p90: 0 });
    expect(sums.joined('connect', false)).toEqual({});
  });

  it('takes the smaller part of the values for what is recorded anew', () => {
    const sums = new EffectiveSums();
    sums.add({ fanout_last: stored(1000, { p50: 500 }) });
    sums.add({ fanout_last: stored(1000, { p50: 200 }) });
    expect(sums.rebuilt('fanout_last', 900)).toEqual({ p50: 180 });
  });

  it('includes values between hosts where these were added', () => {
    const sums = new EffectiveSums();
    sums.add({ delivery: stored(100, { p50: 100 }), delivery_across_hosts: stored(300, { p50: 25 }) });
    expect(sums.joined('delivery', false)['p50']).toBeCloseTo(100, 6);
    expect(sums.joined('delivery', true)['p50']).toBeCloseTo((0.25 / 10 + 0.75 / 5) ** -2, 6);
  });
});
