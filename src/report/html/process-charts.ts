import type { ProcessTelemetry, RunResult } from '../../result/schema.ts';
import type { ResultView } from '../../result/view.ts';
import { type Chart, type Line, makeChart } from './chart.ts';

type Sample = ProcessTelemetry['samples'][number];

/** One figure of a process, and how that of several generator processes becomes one. */
interface Measure {
  readonly of: (sample: Sample) => number;
  readonly together: (values: readonly number[]) => number;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const most = (values: readonly number[]) => Math.max(...values);

const CPU: Measure = { of: ({ cpuMs, lengthMs }) => cpuMs / lengthMs, together: sum };
const DELAY: Measure = { of: ({ loopDelayP99Ns }) => loopDelayP99Ns, together: most };
const RSS: Measure = { of: ({ rssBytes }) => rssBytes, together: sum };

const middleS = ({ atMs, lengthMs }: Sample) => (atMs - lengthMs / 2) / 1000;

function serverLine({ telemetry }: RunResult, run: number, { of }: Measure): Line {
  const samples = telemetry.server?.samples ?? [];
  return { run, style: 'solid', label: 'server', x: samples.map(middleS), y: samples.map(of) };
}

/** What a process did at a moment; undefined when it was not sampled then. */
function sampleAt({ samples }: ProcessTelemetry, atMs: number): Sample | undefined {
  return samples.find((sample) => sample.atMs - sample.lengthMs <= atMs && atMs < sample.atMs);
}

/** All generator processes as one, at the times of the first; a moment that one of them lacks is left out. */
function generatorLine({ telemetry }: RunResult, run: number, { of, together }: Measure): Line {
  const { workers } = telemetry;
  const moments = (workers[0]?.samples ?? [])
    .map((sample) => sample.atMs - sample.lengthMs / 2)
    .map((ms) => ({
      ms,
      samples: workers.map((worker) => sampleAt(worker, ms)).filter((found) => found !== undefined),
    }))
    .filter(({ samples }) => samples.length === workers.length);
  return {
    run,
    style: 'dashed',
    label: 'generator',
    x: moments.map(({ ms }) => ms / 1000),
    y: moments.map(({ samples }) => together(samples.map(of))),
  };
}

function processLines(views: readonly ResultView[], measure: Measure): Line[] {
  return views.flatMap(({ result }, run) => [
    serverLine(result, run, measure),
    generatorLine(result, run, measure),
  ]);
}

/** CPU of the server and of all generator processes together. */
export function cpuChart(views: readonly ResultView[]): Chart | null {
  return makeChart({
    title: 'CPU',
    note: '100 % is one core. All generator processes together.',
    xAxis: 'seconds',
    kind: 'share',
    lines: processLines(views, CPU),
  });
}

/** Event-loop delay of the server and of the worst generator process. */
export function loopDelayChart(views: readonly ResultView[]): Chart | null {
  return makeChart({
    title: 'Event-loop delay, p99',
    note: 'How late a timer fires. The worst of the generator processes.',
    xAxis: 'seconds',
    kind: 'duration',
    lines: processLines(views, DELAY),
  });
}

/** Resident memory of the server and of all generator processes together. */
export function memoryChart(views: readonly ResultView[]): Chart | null {
  return makeChart({
    title: 'Memory (RSS)',
    note: 'All generator processes together.',
    xAxis: 'seconds',
    kind: 'bytes',
    lines: processLines(views, RSS),
  });
}
