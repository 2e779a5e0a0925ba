import { describe, expect, it } from 'vitest';
import { boundResult } from '../../src/result/bound.ts';
import { MAX_INTERVALS, type RunResult } from '../../src/result/run-result.ts';
import { measuredTelemetry, receivedInTime, serverCpuPerDeliveryNs } from '../../src/result/telemetry.ts';
import { NsHistogram } from '../../src/result/view.ts';
import { makeResult, results } from '../report/fixture.ts';

const COUNTS = ['lengthMs', 'intended', 'sent', 'expected', 'delivered', 'lost'] as const;

/** Sums over all intervals, and all values of each series together. */
function inAll({ intervals }: RunResult) {
  const sums = COUNTS.map((name) => intervals.reduce((sum, each) => sum + each[name], 0));
  const series = new Map<string, NsHistogram>();
  for (const [name, encoded] of intervals.flatMap((each) => Object.entries(each.series))) {
    const merged = series.get(name) ?? new NsHistogram();
    series.set(name, merged);
    merged.add(NsHistogram.decode(encoded));
  }
  return { sums, series: [...series].map(([name, histogram]) => [name, histogram.buckets()]) };
}

/** The length of all histograms of a result. */
function charactersOf({ series, intervals }: RunResult): number {
  const totals = Object.values(series).map(({ histogram }) => histogram);
  const parts = intervals.flatMap((each) => Object.values(each.series));
  return [...totals, ...parts].reduce((sum, { length }) => sum + length, 0);
}

describe('a result that is bounded', () => {
  it('stays as it is when it is small enough', () => {
    const result = makeResult({ seconds: 20 });
    expect(boundResult(result)).toEqual(result);
    expect(boundResult(result, 10)).toEqual(result);
  });

  it('keeps its sums and histograms as one of many runs, in fewer intervals', () => {
    const result = makeResult({ seconds: 30 });
    const runs = Math.ceil((24 * 1024 ** 2) / (charactersOf(result) / 2));
    const bounded = boundResult(result, runs);
    expect(bounded.intervals.length).toBeLessThan(result.intervals.length);
    expect(bounded.intervals.length).toBeGreaterThan(1);
    expect(charactersOf(bounded) * runs).toBeLessThanOrEqual(24 * 1024 ** 2);
    expect(inAll(bounded)).toEqual(inAll(result));
    expect(receivedInTime(bounded)).toBe(receivedInTime(result));
    expect(serverCpuPerDeliveryNs(bounded)).toBeCloseTo(serverCpuPerDeliveryNs(result) ?? Number.NaN, 3);
  });

  it('does not merge the measured time with the drain', () => {
    const result = makeResult({ seconds: 4 });
    const [first] = result.intervals;
    const drain = [4, 5, 6].map((second) => ({
      ...first,
      startMs: second * 1000,
    })) as typeof result.intervals;
    const bounded = boundResult({ ...result, intervals: [...result.intervals, ...drain] }, 1e6);
    expect(bounded.intervals.map(({ startMs, lengthMs }) => [startMs, lengthMs])).toEqual([
      [0, 4000],
      [4000, 3000],
    ]);
    expect(Object.keys(bounded.intervals[0]?.series ?? {})).toEqual(['delivery']);
  });

  it('has at most 600 intervals of each part, and as many windows of the warm-up: the last', () => {
    const result = makeResult({ seconds: 2 });
    const [first] = result.intervals;
    const intervals = Array.from({ length: 2000 }, (_, second) => ({
      ...first,
      startMs: second * 1000,
      series: {},
    })) as typeof result.intervals;
    const windowMediansNs = Array.from({ length: 86_400 }, (_, second) => second);
    const bounded = boundResult({
      ...result,
      timing: { ...result.timing, measureMs: 1000e3 },
      intervals,
      warmup: { ...result.warmup, windowMediansNs },
    });
    expect(bounded.intervals.length).toBeLessThanOrEqual(2 * MAX_INTERVALS);
    expect(inAll(bounded).sums).toEqual(inAll({ ...result, intervals }).sums);
    expect(bounded.warmup.windowMediansNs).toEqual(windowMediansNs.slice(-600));
  });

  it('has at most 12,000 samples of all processes together, with the same totals', () => {
    const result = makeResult({ seconds: 10 });
    const [server] = result.telemetry.servers;
    const [sample] = server?.samples ?? [];
    if (server === undefined || sample === undefined) throw new Error('the fixture has no sample');
    const samples = Array.from({ length: 1500 }, (_, index) => ({
      ...sample,
      atMs: (index - 249) * 1000,
      lengthMs: 1000,
      cpuMs: 1 + (index % 7),
    }));
    const timing = { ...result.timing, measureMs: 1000e3 };
    const servers = Array.from({ length: 64 }, (_, pid) => ({ ...server, pid, samples }));
    const bounded = boundResult({ ...result, timing, telemetry: { servers, workers: [] } });
    const kept = bounded.telemetry.servers.map((each) => each.samples.length);
    expect(kept.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(12_000);
    expect(Math.min(...kept)).toBeGreaterThan(100);
    const [before, after] = [servers[0], bounded.telemetry.servers[0]].map(
      (each) => each && measuredTelemetry(each, timing.measureMs),
    );
    expect(after?.cpuMs).toBeCloseTo(before?.cpuMs ?? Number.NaN, 6);
    expect(after?.loopDelayMaxNs).toBe(before?.loopDelayMaxNs);
  });

  it('may be empty', () => {
    const result = results.empty();
    expect(boundResult({ ...result, telemetry: { servers: [], workers: [] } }, 400)).toMatchObject({
      intervals: result.intervals,
    });
  });
});
