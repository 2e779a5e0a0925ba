import { describe, expect, it } from 'vitest';
import { autoregressive, fanOut, type Process, queue } from '../../scripts/interval-study/processes.ts';
import { simulateRun } from '../../scripts/interval-study/simulate.ts';
import { effectiveNumbers } from '../../src/measure/effective-samples.ts';
import { SlotSums } from '../../src/measure/slot-sums.ts';

const LENGTH = { count: 4000, rateHz: 400 };
const RUNS = 20;
/** Each of its broadcasts has 20 deliveries. */
const LENGTH_OF_FAN_OUT = { count: 500, rateHz: 100 };

/** The mean effective number of a quantile in several runs, as a part of their values. */
function meanShare(process: Process, quantile: string, length = LENGTH): number {
  const shares = Array.from({ length: RUNS }, (_, run) => {
    const { effective, sorted } = simulateRun(process, run, length);
    return (effective[quantile] ?? Number.NaN) / sorted.length;
  });
  return shares.reduce((sum, share) => sum + share, 0) / RUNS;
}

describe('the effective number of samples', () => {
  it('is that of the values where these are independent', () => {
    for (const quantile of ['p50', 'p90', 'p99'])
      expect(meanShare(autoregressive(0), quantile)).toBeGreaterThan(0.9);
  });

  it.each([0.5, 0.8])('is what theory says of the median of an autoregressive process: %f', (memory) => {
    // Whether two normal values lie on one side of the median: Sheppard (1899).
    const correlationAt = (lag: number) => (2 / Math.PI) * Math.asin(memory ** lag);
    let factor = 1;
    for (let lag = 1; lag < 200; lag++) factor += 2 * correlationAt(lag);
    const share = meanShare(autoregressive(memory), 'p50');
    // It is reduced a little, because the variance is an estimate.
    expect(share * factor).toBeGreaterThan(0.8);
    expect(share * factor).toBeLessThan(1.1);
  });

  it('counts the broadcasts where their receivers share everything, and the deliveries where they share nothing', () => {
    const shared = meanShare({ ...fanOut(0, 0.5), run: sharedLatency }, 'p50', LENGTH_OF_FAN_OUT) * 20;
    expect(shared).toBeGreaterThan(0.8);
    expect(shared).toBeLessThan(1.2);
    expect(meanShare(fanOut(0, 0), 'p50', LENGTH_OF_FAN_OUT)).toBeGreaterThan(0.8);
  });

  it('is 0 for the tail of a queue that a run sees too little of', () => {
    const { effective } = simulateRun(queue(0.9), 1, LENGTH);
    expect(effective['p50']).toBeLessThan(150);
    expect(effective['p99']).toBe(0);
  });

  it('is that of the values for the tail of a run of which the median alone drifts', () => {
    const { effective } = simulateRun(driftingMedian, 1, LENGTH);
    expect(effective['p50']).toBeLessThan(100);
    for (const quantile of ['p90', 'p95', 'p99'])
      expect(effective[quantile]).toBeGreaterThan(0.7 * LENGTH.count);
  });

  it('is unknown in a run of few messages, and where all latencies are alike', () => {
    expect(simulateRun(autoregressive(0), 1, { count: 30, rateHz: 100 }).effective).toEqual({});
    expect(effectiveNumbers(new SlotSums(), 0)).toEqual({});
  });
});

/** Broadcasts whose 20 receivers all have one latency. */
const sharedLatency: Process['run'] = (draws, count, rateHz) =>
  autoregressive(0)
    .run(draws, count, rateHz)
    .map(({ dueNs, latenciesNs: [latencyNs = 0] }) => ({
      dueNs,
      latenciesNs: Array.from({ length: 20 }, () => latencyNs),
    }));

/** Messages of which every fifth, at random, takes longer than the others, which take longer all the time. */
const driftingMedian: Process = {
  name: 'drifting median',
  quantileNs: null,
  run: (draws, count, rateHz) =>
    Array.from({ length: count }, (_, message) => ({
      dueNs: (message * 1e9) / rateHz,
      latenciesNs: [1e6 * (draws.uniform() < 0.2 ? 5 + draws.exponential(1) : 1 + message / count)],
    })),
};
