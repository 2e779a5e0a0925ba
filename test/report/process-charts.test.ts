import { describe, expect, it } from 'vitest';
import { cpuChart, loopDelayChart, memoryChart } from '../../src/report/content/process-charts.ts';
import type { Chart } from '../../src/report/render/page/chart.ts';
import type { ProcessTelemetry, RunResult } from '../../src/result/run-result.ts';
import { viewResult } from '../../src/result/view.ts';
import { results } from './fixture.ts';

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
  return { role: `server ${pid}`, pid, source: 'probe', samples };
}

function serversOf(...servers: ProcessTelemetry[]): RunResult {
  return { ...results.valid(), telemetry: { servers, workers: [] } };
}

/** The points of the line with a label. */
function pointsOf(chart: Chart | null, label: string): Array<[x: number | undefined, y: number | null]> {
  const line = chart?.lines.find((each) => each.label === label);
  return (line?.y ?? []).map((y, index) => [line?.x[index], y]);
}

describe('the charts of processes', () => {
  const several = [viewResult(serversOf(processOf(1, 0, 10, 20), processOf(2, 0, 30, 5)))];

  it('add the CPU and memory of all processes of the server', () => {
    expect(pointsOf(cpuChart(several), 'server')).toEqual([
      [0.5, 40],
      [1.5, 25],
    ]);
    expect(pointsOf(memoryChart(several), 'server')).toEqual([
      [0.5, 40],
      [1.5, 25],
    ]);
  });

  it('show the event-loop delay of the worst of them', () => {
    expect(pointsOf(loopDelayChart(several), 'server')).toEqual([
      [0.5, 30],
      [1.5, 20],
    ]);
  });

  it('count a process for as long as it lived', () => {
    const replaced = serversOf(
      processOf(1, 0, 10, 10, 10, 10, 10, 10),
      processOf(2, 0, 7),
      processOf(3, 4000, 5, 5),
    );
    expect(pointsOf(cpuChart([viewResult(replaced)]), 'server')).toEqual([
      [0.5, 17],
      // Whether the second process lived on for a while after its last sample, nobody knows.
      [3.5, 10],
      [4.5, 15],
      [5.5, 15],
    ]);
  });

  it('have no line for what is not known', () => {
    const views = [viewResult(results.foreign())];
    expect(loopDelayChart(views)?.lines.map(({ label }) => label)).toEqual(['generator']);
    expect(cpuChart(views)?.lines.map(({ label }) => label)).toEqual(['server', 'generator']);
  });
});
