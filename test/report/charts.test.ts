import { describe, expect, it } from 'vitest';
import {
  type Axis,
  LINEAR_AXIS,
  type Line,
  type LineChart,
  type LineGroup,
  thinOut,
} from '../../src/report/charts.ts';
import { runChartGroup } from '../../src/report/content/run-chart-group.ts';
import { runCharts } from '../../src/report/content/run-charts.ts';
import { logarithmicScale, type Scale, scaleOf } from '../../src/report/render/scale.ts';
import type { ProcessTelemetry, RunResult } from '../../src/result/run-result.ts';
import { NsHistogram, type ResultView, viewResult } from '../../src/result/view.ts';
import { makeResult, results } from './fixture.ts';

const [sample] = results.valid().telemetry.servers[0]?.samples ?? [];

/** A process with so much CPU, in percent of a core, in each second from `firstMs` on. */
function processOf(pid: number, firstMs: number, ...percent: number[]): ProcessTelemetry {
  if (sample === undefined) throw new Error('the fixture has no telemetry');
  const samples = percent.map((value, second) => ({
    ...sample,
    atMs: firstMs + (second + 1) * 1000,
    cpuMs: value * 10,
    loopDelayP99Ns: value * 1e6,
    rssBytes: value * 1024 ** 2,
  }));
  return { role: `server ${pid}`, pid, source: 'probe', rssBeforeBytes: null, samples };
}

function serversOf(...servers: ProcessTelemetry[]): RunResult {
  return { ...results.valid(), telemetry: { servers, workers: [] } };
}

const chartOf = (title: string, views: readonly ResultView[]) =>
  runCharts(views).find((chart) => chart.title === title);

/** The points of the line with a label. */
function pointsOf(
  chart: LineChart | undefined,
  label: string,
): Array<[x: number | undefined, y: number | null]> {
  const line = chart?.lines.find((each) => each.label === label);
  return (line?.y ?? []).map((y, index) => [line?.x[index], y]);
}

describe('the charts of processes', () => {
  const several = [viewResult(serversOf(processOf(1, 0, 10, 20), processOf(2, 0, 30, 5)))];

  it('add the CPU and memory of all processes of the server', () => {
    expect(pointsOf(chartOf('CPU', several), 'server')).toEqual([
      [0.5, 40],
      [1.5, 25],
    ]);
    expect(pointsOf(chartOf('Memory (RSS)', several), 'server')).toEqual([
      [0.5, 40],
      [1.5, 25],
    ]);
  });

  it('show the event-loop delay of the slowest of them', () => {
    expect(pointsOf(chartOf('Event-loop delay, p99', several), 'server')).toEqual([
      [0.5, 30],
      [1.5, 20],
    ]);
  });

  it('count a process while it lived', () => {
    const replaced = serversOf(
      processOf(1, 0, 10, 10, 10, 10, 10, 10),
      processOf(2, 0, 7),
      processOf(3, 4000, 5, 5),
    );
    expect(pointsOf(chartOf('CPU', [viewResult(replaced)]), 'server')).toEqual([
      [0.5, 17],
      // It is unknown whether the second process lived on after its last sample.
      [3.5, 10],
      [4.5, 15],
      [5.5, 15],
    ]);
  });

  it('have no line without values', () => {
    const views = [viewResult(results.foreign())];
    expect(chartOf('Event-loop delay, p99', views)?.lines.map(({ label }) => label)).toEqual(['generator']);
    expect(chartOf('CPU', views)?.lines.map(({ label }) => label)).toEqual(['server', 'generator']);
  });
});

describe('a long line', () => {
  const line = (y: ReadonlyArray<number | null>): Line => ({
    run: 0,
    style: 'solid',
    colour: 0,
    label: 'p99',
    x: y.map((_, index) => index),
    y,
  });

  it('is unchanged up to 999 points', () => {
    const short = line(Array.from({ length: 999 }, (_, index) => index % 7));
    expect(thinOut(short)).toBe(short);
  });

  it('keeps its largest and smallest values and its gaps at their places', () => {
    const y: Array<number | null> = Array.from({ length: 86_400 }, (_, index) => 100 + (index % 13));
    y[12_345] = 1e6;
    y[54_321] = -5;
    y[70_000] = null;
    const thin = thinOut(line(y));
    expect(thin.x.length).toBeLessThan(1000);
    expect(thin.x).toEqual(thin.x.toSorted((a, b) => a - b));
    const at = (x: number) => thin.y[thin.x.indexOf(x)];
    expect([at(12_345), at(54_321), at(70_000)]).toEqual([1e6, -5, null]);
  });
});

describe('a run of two days', () => {
  const SECONDS = 172_800;
  const short = makeResult({ seconds: 2, clients: 2, rateHz: 5 });

  it('is drawn with at most 999 points a line', () => {
    const [interval, second = interval] = short.intervals;
    const lengthen = (process: ProcessTelemetry): ProcessTelemetry => ({
      ...process,
      samples: Array.from({ length: SECONDS }, (_, at) => ({
        ...(process.samples[at % 2] ?? process.samples[0]),
        atMs: (at + 1) * 1000,
      })) as ProcessTelemetry['samples'],
    });
    const result: RunResult = {
      ...short,
      timing: { ...short.timing, measureMs: SECONDS * 1000 },
      intervals: Array.from({ length: 48 }, (_, at) => ({
        ...(at % 2 === 0 ? interval : second),
        startMs: at * 3_600_000,
        lengthMs: 3_600_000,
      })) as RunResult['intervals'],
      telemetry: {
        servers: short.telemetry.servers.map(lengthen),
        workers: short.telemetry.workers.map(lengthen),
      },
    };
    const charts = runCharts([viewResult(result)]);
    expect(charts.map(({ title }) => title)).toContain('Memory (RSS)');
    for (const { lines } of charts) for (const { x } of lines) expect(x.length).toBeLessThan(1000);
    // Counts of an hour are shown per second.
    const sent = charts.find(({ title }) => title === 'Sent')?.lines.find(({ label }) => label === 'sent');
    expect(sent?.y[0]).toBeCloseTo((interval?.sent ?? 0) / 3600, 6);
    expect(sent?.x[0]).toBe(1800);
  });
});

describe('an axis', () => {
  const texts = ({ ticks }: Scale) => ticks.map(({ text }) => text);
  const axis = (parts: Partial<Axis>): Axis => ({ ...LINEAR_AXIS, range: 'zero', ...parts });

  it('is labelled at round numbers, and few of them', () => {
    expect(texts(logarithmicScale(45, 2200))).toEqual(['50', '100', '200', '500', '1,000', '2,000']);
    expect(texts(logarithmicScale(45, 110_000))).toEqual([
      '100',
      '300',
      '1,000',
      '3,000',
      '10,000',
      '30,000',
      '100,000',
    ]);
    expect(texts(logarithmicScale(790, 1140))).toEqual(['800', '900', '1,000', '1,100']);
    expect(texts(scaleOf(axis({}), [0.9]))).toEqual(['0', '0.2', '0.4', '0.6', '0.8', '1']);
    expect(texts(scaleOf(axis({}), [103]))).toEqual(['0', '50', '100', '150']);
    expect(texts(scaleOf(axis({ range: 'fit', minStep: 1 }), [0, 2]))).toEqual(['0', '1', '2']);
    expect(texts(scaleOf(axis({ range: 'fit' }), [1.1, 1.4]))).toEqual(['1.1', '1.2', '1.3', '1.4']);
    expect(texts(scaleOf(axis({ scale: 'logarithmic', range: 'fit' }), [0.9, 1.45]))).toEqual([
      '1',
      '1.2',
      '1.4',
    ]);
  });

  it('runs from 0 at its beginning to 1 at its end', () => {
    expect([10, 100, 1000].map(logarithmicScale(10, 1000).at)).toEqual([0, 0.5, 1]);
    expect([0, 75, 150].map(scaleOf(axis({}), [103]).at)).toEqual([0, 0.5, 1]);
  });

  it('has a width where all values are alike, or there are none', () => {
    for (const scale of ['linear', 'logarithmic'] as const) {
      for (const range of ['zero', 'fit'] as const) {
        const { at, ticks } = scaleOf(axis({ scale, range }), [7, 7]);
        expect(at(7)).toBeGreaterThan(0);
        expect(at(7)).toBeLessThan(1);
        expect(ticks.length).toBeGreaterThan(0);
      }
    }
    expect(texts(scaleOf(axis({}), []))[0]).toBe('0');
  });
});

describe('the charts of a group', () => {
  const group = (...given: RunResult[]) =>
    runChartGroup(
      given.map(viewResult),
      given.map((_, run) => ({ label: `run ${run}`, colour: run })),
      given.length,
    );

  it('have lines that are flat as text, and name runs and lines that differ', () => {
    expect(group(makeResult({ seconds: 3 })).flat).toEqual([
      ['Sent', '100/s'],
      ['Delivered', '2,000/s'],
    ]);
    const two = group(makeResult({ seconds: 3 }), makeResult({ seconds: 3, rateHz: 50 }));
    expect(two.flat[0]).toEqual(['Sent', 'run 0: 100/s; run 1: 50.0/s']);
    const lossy = makeResult({ seconds: 1, lost: 30 });
    expect(group(lossy).flat[1]).toEqual(['Delivered', 'expected 2,000/s, delivered 1,970/s']);
  });

  it('draw a line whose values differ by more than 2 %', () => {
    const result = makeResult({ seconds: 3 });
    const sent = (values: readonly number[]) => ({
      ...result,
      intervals: result.intervals.map((interval, at) => ({ ...interval, sent: values[at] ?? 0 })),
    });
    const titles = ({ charts }: LineGroup) => charts.map(({ title }) => title);
    expect(titles(group(sent([100, 99, 98])))).not.toContain('Sent');
    expect(titles(group(sent([100, 99, 97])))).toContain('Sent');
  });

  it('count every value of every interval in the heat map, between the smallest and the largest', () => {
    const result = makeResult({ seconds: 3 });
    const { heatMap } = group(result);
    if (heatMap === null) throw new Error('the run has latencies');
    const [columns = []] = heatMap.runs;
    const histograms = result.intervals.map(({ series }) => NsHistogram.decode(series['delivery'] ?? ''));
    expect(columns.map(({ counts }) => counts.reduce((sum, count) => sum + count, 0))).toEqual(
      histograms.map(({ count }) => count),
    );
    expect(columns.map(({ fromS, toS }) => [fromS, toS])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    const top = heatMap.lowest * heatMap.ratio ** heatMap.bands;
    expect(Math.max(...histograms.map(({ maxNs }) => maxNs / 1e6))).toBeLessThan(top);
    expect(Math.max(...histograms.map(({ maxNs }) => maxNs / 1e6))).toBeGreaterThan(
      top / heatMap.ratio / 1.01,
    );
  });

  it('merge neighbouring columns of a long run', () => {
    const [interval] = makeResult({ seconds: 1 }).intervals;
    const intervals = Array.from({ length: 600 }, (_, at) => ({ ...interval, startMs: at * 1000 }));
    const long = { ...makeResult({ seconds: 1 }), intervals: intervals as RunResult['intervals'] };
    const [columns = []] = group(long).heatMap?.runs ?? [];
    expect(columns).toHaveLength(150);
    expect(columns[1]).toMatchObject({ fromS: 4, toS: 8 });
  });

  it('mark pauses of 10 ms, stalls of 50 ms, losses and disconnects, at most 40 of a kind', () => {
    const result = makeResult({ seconds: 2, lost: 7 });
    const marked = (gcMaxMs: number, loopDelayMaxNs: number) => ({
      ...result,
      disconnects: [{ atMs: 1000, count: 1 }],
      telemetry: {
        workers: [],
        servers: [processOf(1, 0, 10)].map((process) => ({
          ...process,
          samples: process.samples.map((each) => ({ ...each, gcMaxMs, loopDelayMaxNs })),
        })),
      },
    });
    expect(group(marked(9.9, 49e6)).marks.map(({ text }) => text)).toEqual([
      '7 lost',
      '1 client disconnected',
    ]);
    expect(group(marked(10, 50e6)).marks.map(({ kind, fromS, text }) => [kind, fromS, text])).toEqual([
      ['gc', 0.5, 'GC pause of 10.0 ms, server 1'],
      ['stall', 0.5, 'event loop held up for 50.0 ms, server 1'],
      ['loss', 1.5, '7 lost'],
      ['disconnect', 1.5, '1 client disconnected'],
    ]);
    const disconnects = Array.from({ length: 100 }, (_, at) => ({ atMs: at * 1000, count: at + 1 }));
    const many = group({ ...makeResult({ seconds: 2 }), disconnects }).marks;
    expect(many).toHaveLength(40);
    expect(many[0]?.text).toBe('61 clients disconnected');
  });
});
