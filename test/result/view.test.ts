import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { largest, median } from '../../src/result/order-statistics.ts';
import type { ProcessTelemetry } from '../../src/result/run-result.ts';
import { NOT_RECEIVING } from '../../src/result/stored-telemetry.ts';
import {
  generatorCpuPerDeliveryNs,
  measuredTelemetry,
  serverCpuPerDeliveryNs,
  serverRssBytes,
} from '../../src/result/telemetry.ts';
import { measuredIntervals, NsHistogram, samplesNeeded, viewResult } from '../../src/result/view.ts';
import { makeResult } from '../report/fixture.ts';
import { storedSeries } from '../run/made-series.ts';

describe('the samples that a quantile needs', () => {
  it.each([
    [0, 10],
    [0.5, 20],
    [0.9, 100],
    [0.95, 200],
    [0.99, 1_000],
    [0.999, 10_000],
    [0.9999, 100_000],
    [0.99999, 1_000_000],
    // 10 / 0.3 = 33.3, and a third of a sample is not one.
    [0.7, 34],
  ])('for %d are %d', (quantile, needed) => {
    expect(samplesNeeded(quantile)).toBe(needed);
  });

  it('are exactly the whole number at or above 10 / (1 - q), for every percentile to p99.999', () => {
    fc.assert(
      fc.property(fc.nat({ max: 99_999 }), (perHundredThousand) => {
        const needed = samplesNeeded(perHundredThousand / 1e5);
        const beyond = 100_000 - perHundredThousand;
        // In whole numbers: needed x beyond >= 10 x 100,000, and one less would not do.
        expect(needed * beyond).toBeGreaterThanOrEqual(1_000_000);
        expect((needed - 1) * beyond).toBeLessThan(1_000_000);
      }),
      { numRuns: 2000, examples: [[99_998], [99_999], [99_900], [99_000], [90_000]] },
    );
  });
});

describe('a view', () => {
  // 300 broadcasts to 5 clients.
  const result = makeResult({ clients: 5, rateHz: 100, seconds: 3 });
  const view = viewResult(result);
  /** The same deliveries of another number of broadcasts. */
  const withBroadcasts = (broadcasts: number) => ({
    ...result,
    series: { ...result.series, fanout_last: storedSeries([[1e6, broadcasts]]) },
  });

  it('has a histogram of every series that was recorded, and null for the others', () => {
    expect(view.histogram('delivery')?.count).toBe(1500);
    expect(view.histogram('fanout_last')?.count).toBe(300);
    expect(view.histogram('ack')).toBeNull();
  });

  it.each([
    ['delivery', 300],
    ['delivery_actual', 300],
    ['receive_uncertainty', 300],
    ['fanout_last', 300],
    ['send_lag', 300],
    ['connect', 5],
    ['ack', 0],
  ])('counts the independent samples of %s: %d', (series, samples) => {
    expect(view.samples(series)).toBe(samples);
  });

  it('counts no more samples than values where few broadcasts arrived', () => {
    expect(viewResult(withBroadcasts(5000)).samples('delivery')).toBe(1500);
  });

  it('reports a quantile of deliveries only with enough broadcasts for an interval, however many the deliveries', () => {
    expect(view.quantileNs('delivery', 0.95)).toBe(view.histogram('delivery')?.quantileNs(0.95));
    expect(view.quantileNs('delivery', 0.99)).toBeNull();
    const enough = viewResult(withBroadcasts(368));
    expect(enough.quantileNs('delivery', 0.99)).toBe(view.histogram('delivery')?.quantileNs(0.99));
    expect(viewResult(withBroadcasts(367)).quantileNs('delivery', 0.99)).toBeNull();
  });

  it('reports no quantile of what was not recorded', () => {
    expect(view.quantileNs('ack', 0.5)).toBeNull();
  });

  it('takes every request for a sample of its own', () => {
    const requests = viewResult(makeResult({ scenario: 'ack-roundtrip', rateHz: 500, seconds: 2 }));
    expect(requests.samples('ack')).toBe(1000);
    expect(requests.quantileNs('ack', 0.99)).toBe(requests.histogram('ack')?.quantileNs(0.99));
  });
});

type Sample = ProcessTelemetry['samples'][number];

function sampleOf(part: Partial<Sample>): Sample {
  return {
    atMs: 1000,
    lengthMs: 1000,
    cpuMs: 0,
    loopUtilization: 0,
    pacingShare: 0,
    runQueueWaitMs: 0,
    loopDelayP50Ns: 0,
    loopDelayP99Ns: 0,
    loopDelayMaxNs: 0,
    gcCount: 0,
    gcTotalMs: 0,
    gcMaxMs: 0,
    rssBytes: 0,
    heapUsedBytes: 0,
    heapAfterGcBytes: null,
    rssMeanBytes: null,
    bufferedBytes: 0,
    ...NOT_RECEIVING,
    ...part,
  };
}

function telemetryOf(...samples: ReadonlyArray<Partial<Sample>>): ProcessTelemetry {
  return { role: 'server', pid: 1, source: 'probe', rssBeforeBytes: null, samples: samples.map(sampleOf) };
}

describe('measured telemetry', () => {
  it('weighs a sample by how much of it lies in the measured time', () => {
    const telemetry = telemetryOf(
      // A quarter of it lies after the start.
      { atMs: 250, cpuMs: 400, loopUtilization: 0.4, pacingShare: 0.1, gcTotalMs: 8 },
      { atMs: 1250, cpuMs: 600, loopUtilization: 0.6, pacingShare: 0.1, gcTotalMs: 2 },
      // Three quarters of it lie before the end.
      { atMs: 2250, cpuMs: 200, loopUtilization: 0.2, pacingShare: 0.3, gcTotalMs: 4 },
    );
    const measured = measuredTelemetry(telemetry, 2000);
    expect(measured?.cpuMs).toBeCloseTo(0.25 * 400 + 600 + 0.75 * 200, 9);
    expect(measured?.cpuRatio).toBeCloseTo(850 / 2000, 9);
    expect(measured?.loopUtilization).toBeCloseTo((0.25 * 0.4 + 0.6 + 0.75 * 0.2) / 2, 9);
    // More pacing than utilisation is no negative work.
    expect(measured?.workUtilization).toBeCloseTo((0.25 * 0.3 + 0.5 + 0) / 2, 9);
    expect(measured?.gcTotalMs).toBeCloseTo(2 + 2 + 3, 9);
  });

  it('takes the highest peak of the samples that touch the measured time, and of no other', () => {
    const peak = (value: number) => ({
      loopDelayP99Ns: value,
      loopDelayMaxNs: 2 * value,
      gcMaxMs: value,
      rssBytes: value,
      bufferedBytes: value,
    });
    const telemetry = telemetryOf(
      { atMs: 0, ...peak(900) },
      { atMs: 1000, ...peak(5) },
      { atMs: 2500, ...peak(7) },
      { atMs: 3500, ...peak(900) },
    );
    expect(measuredTelemetry(telemetry, 2000)).toMatchObject({
      loopDelayP99Ns: 7,
      loopDelayMaxNs: 14,
      gcMaxMs: 7,
      rssMaxBytes: 7,
      bufferedMaxBytes: 7,
    });
  });

  it('is null without a sample in the measured time', () => {
    expect(measuredTelemetry(telemetryOf(), 2000)).toBeNull();
    expect(measuredTelemetry(telemetryOf({ atMs: 0 }, { atMs: 3000 }), 2000)).toBeNull();
  });

  it('is null, and not 0, for values that the samples do not have', () => {
    const inconclusive = {
      loopUtilization: null,
      loopDelayMaxNs: null,
      gcTotalMs: null,
      bufferedBytes: null,
    };
    const telemetry = telemetryOf({ ...inconclusive, cpuMs: 250, rssBytes: 9 });
    expect(measuredTelemetry(telemetry, 1000)).toMatchObject({
      cpuRatio: 0.25,
      rssMaxBytes: 9,
      loopUtilization: null,
      workUtilization: null,
      loopDelayMaxNs: null,
      gcTotalMs: null,
      bufferedMaxBytes: null,
    });
  });

  it('takes the peak of the samples that have the value', () => {
    const telemetry = telemetryOf(
      { atMs: 1000, bufferedBytes: null },
      { atMs: 2000, bufferedBytes: 5 },
      { atMs: 3000, bufferedBytes: 0 },
    );
    expect(measuredTelemetry(telemetry, 3000)?.bufferedMaxBytes).toBe(5);
  });

  it('of a steady load is the same, wherever its samples begin', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (offsetMs) => {
        const samples = [0, 1, 2, 3, 4].map((second) => ({
          atMs: offsetMs + second * 1000,
          cpuMs: 300,
          loopUtilization: 0.4,
          pacingShare: 0.1,
        }));
        const measured = measuredTelemetry(telemetryOf(...samples), 3000);
        expect(measured?.cpuMs).toBeCloseTo(900, 6);
        expect(measured?.cpuRatio).toBeCloseTo(0.3, 9);
        expect(measured?.workUtilization).toBeCloseTo(0.3, 9);
      }),
    );
  });
});

describe("the server's CPU time for one delivery", () => {
  // 2 s x 50 messages x 4 clients.
  const result = makeResult({ clients: 4, rateHz: 50, seconds: 2 });
  const server = telemetryOf(
    { atMs: 1000, cpuMs: 300 },
    { atMs: 2000, cpuMs: 500 },
    { atMs: 3000, cpuMs: 900 },
  );
  const withServer = { ...result, telemetry: { servers: [server], workers: [] } };

  it('is its CPU time over the deliveries of the measured time', () => {
    // 800 ms for 400 deliveries; what was used in the drain is left out.
    expect(serverCpuPerDeliveryNs(withServer)).toBeCloseTo(2e6, 3);
  });

  it('leaves out what was delivered of later seconds', () => {
    const [first] = result.intervals;
    if (first === undefined) throw new Error('the fixture has no interval');
    const intervals = [...result.intervals, { ...first, startMs: 2000 }];
    expect(serverCpuPerDeliveryNs({ ...withServer, intervals })).toBeCloseTo(2e6, 3);
  });

  it('is over the deliveries, too, where visits are the headline and most of them end later', () => {
    const [first, second] = result.intervals;
    if (first === undefined || second === undefined) throw new Error('the fixture has two intervals');
    const later = { ...second, series: { iteration: first.series['delivery'] ?? '' }, startMs: 2000 };
    const iterations = {
      ...withServer,
      headline: 'iteration',
      series: {
        ...result.series,
        iteration: { count: 200, meanNs: 1, stdDeviationNs: 0, histogram: '', effectiveSamples: {} },
      },
      intervals: [...result.intervals, later],
    };
    expect(serverCpuPerDeliveryNs(iterations)).toBeCloseTo(2e6, 3);
  });

  it('is scaled up when telemetry covers only a part of the measured time', () => {
    const half = { ...server, samples: server.samples.slice(0, 1) };
    // 300 ms in the one second that is known: 600 ms in two.
    expect(serverCpuPerDeliveryNs({ ...result, telemetry: { servers: [half], workers: [] } })).toBeCloseTo(
      1.5e6,
      3,
    );
  });

  it('is that of all its processes together', () => {
    const servers = [server, telemetryOf({ atMs: 1000, cpuMs: 100 }, { atMs: 2000, cpuMs: 100 })];
    // 800 + 200 ms for 400 deliveries.
    expect(serverCpuPerDeliveryNs({ ...result, telemetry: { servers, workers: [] } })).toBeCloseTo(2.5e6, 3);
  });

  it('counts a process that was replaced by another for as long as it lived', () => {
    const servers = [telemetryOf({ atMs: 1000, cpuMs: 300 }), telemetryOf({ atMs: 2000, cpuMs: 500 })];
    expect(serverCpuPerDeliveryNs({ ...result, telemetry: { servers, workers: [] } })).toBeCloseTo(2e6, 3);
  });

  it('is null without telemetry or deliveries', () => {
    expect(serverCpuPerDeliveryNs({ ...result, telemetry: { servers: [], workers: [] } })).toBeNull();
    expect(serverCpuPerDeliveryNs({ ...withServer, intervals: [] })).toBeNull();
    const intervals = result.intervals.map((interval) => ({ ...interval, series: {} }));
    expect(serverCpuPerDeliveryNs({ ...withServer, intervals })).toBeNull();
  });
});

describe("the generator's CPU time for one delivery", () => {
  const result = makeResult({ clients: 4, rateHz: 50, seconds: 2 });
  const worker = telemetryOf({ atMs: 1000, cpuMs: 60 }, { atMs: 2000, cpuMs: 100 });
  const server = telemetryOf({ atMs: 2000, cpuMs: 800 });

  it('is that of all its processes together, without the server', () => {
    // Twice 160 ms for 400 deliveries.
    const telemetry = { servers: [server], workers: [worker, worker] };
    expect(generatorCpuPerDeliveryNs({ ...result, telemetry })).toBeCloseTo(0.8e6, 3);
  });

  it('is null without telemetry of the generator', () => {
    const telemetry = { servers: [server], workers: [] };
    expect(generatorCpuPerDeliveryNs({ ...result, telemetry })).toBeNull();
  });
});

describe('the memory of the server', () => {
  const result = makeResult({ clients: 4, rateHz: 50, seconds: 2 });
  const rssOf = (...servers: ReturnType<typeof telemetryOf>[]) =>
    serverRssBytes({ ...result, telemetry: { servers, workers: [] } });

  it('is that of all its processes at one time, not the sum of their peaks', () => {
    const early = telemetryOf({ atMs: 1000, rssBytes: 50 }, { atMs: 2000, rssBytes: 10 });
    const late = telemetryOf({ atMs: 1000, rssBytes: 10 }, { atMs: 2000, rssBytes: 70 });
    expect(rssOf(early, late)).toBe(80);
    expect(rssOf(early)).toBe(50);
  });

  it('of processes that are sampled at other times counts each as long as its sample lasts', () => {
    const whole = telemetryOf({ atMs: 1000, rssBytes: 50 }, { atMs: 2000, rssBytes: 10 });
    const half = telemetryOf({ atMs: 1500, rssBytes: 40 });
    expect(rssOf(whole, half)).toBe(90);
  });

  it('is not that of a process and of the one that replaced it', () => {
    expect(rssOf(telemetryOf({ atMs: 1000, rssBytes: 50 }), telemetryOf({ atMs: 2000, rssBytes: 60 }))).toBe(
      60,
    );
  });

  it('is that of the measured time only, and null without telemetry', () => {
    expect(rssOf(telemetryOf({ atMs: 1000, rssBytes: 5 }, { atMs: 5000, rssBytes: 99 }))).toBe(5);
    expect(rssOf()).toBeNull();
  });
});

describe('the view of a result', () => {
  const result = makeResult({ clients: 4, rateHz: 50, seconds: 3 });

  it('is made once, and decodes each interval once', () => {
    const view = viewResult(result);
    expect(viewResult(result)).toBe(view);
    expect(view.intervals('delivery')).toBe(view.intervals('delivery'));
    expect(view.histogram('delivery')).toBe(view.histogram('delivery'));
  });

  it('has the figures of each interval, and null where a series has no value', () => {
    const [first] = result.intervals;
    const histogram = NsHistogram.decode(first?.series['delivery'] ?? '');
    const intervals = result.intervals.map((interval, index) =>
      index === 1 ? { ...interval, series: {} } : interval,
    );
    const [one, two] = viewResult({ ...result, intervals }).intervals('delivery');
    expect(two).toBeNull();
    expect(one).toEqual({
      startMs: 0,
      lengthMs: 1000,
      count: histogram.count,
      p50Ns: histogram.quantileNs(0.5),
      p90Ns: histogram.quantileNs(0.9),
      p95Ns: histogram.quantileNs(0.95),
      p99Ns: histogram.quantileNs(0.99),
      p999Ns: histogram.quantileNs(0.999),
      maxNs: histogram.maxNs,
      bands: expect.any(Array),
    });
    const inBands = one?.bands.map(([band, inBand]) => {
      const within = histogram
        .buckets()
        .filter(({ lowestNs }) => lowestNs >= 10 ** (band / 10) && lowestNs < 10 ** ((band + 1) / 10));
      return [inBand, within.reduce((sum, bucket) => sum + bucket.count, 0)];
    });
    expect(inBands?.every(([inBand, within]) => inBand === within)).toBe(true);
    expect(inBands?.reduce((sum, [inBand = 0]) => sum + inBand, 0)).toBe(histogram.count);
  });

  it('takes intervals of any length', () => {
    const [first, second] = result.intervals;
    if (first === undefined || second === undefined) throw new Error('the fixture has two intervals');
    const intervals = [
      { ...first, lengthMs: 2000 },
      { ...second, startMs: 2000, lengthMs: 2000 },
      { ...second, startMs: 4000, lengthMs: 2000 },
    ];
    const long = { ...result, intervals, timing: { ...result.timing, measureMs: 4000 } };
    expect(measuredIntervals(viewResult(long)).map(({ startMs }) => startMs)).toEqual([0, 2000]);
  });
});

describe('order statistics', () => {
  it.each([
    [[3], 3],
    [[1, 9], 5],
    [[9, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[], Number.NaN],
  ])('the median of %o is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it('the largest of any number of values is found, and null of none', () => {
    const many = Array.from({ length: 500_000 }, (_, index) => (index % 3 === 0 ? null : index));
    expect(largest(many)).toBe(499_999);
    expect(largest([null, -2, null])).toBe(-2);
    expect(largest([null])).toBeNull();
  });
});
