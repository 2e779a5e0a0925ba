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

/** All generator processes as one; a second in which one of them is missing is left out. */
function generatorLine({ telemetry }: RunResult, run: number, { of, together }: Measure): Line {
  const { workers } = telemetry;
  const bySecond = Map.groupBy(
    workers.flatMap(({ samples }) => samples),
    ({ atMs }) => Math.round(atMs / 1000),
  );
  const whole = [...bySecond].filter(([, samples]) => samples.length === workers.length);
  return {
    run,
    style: 'dashed',
    label: 'generator',
    x: whole.map(([second]) => second - 0.5),
    y: whole.map(([, samples]) => together(samples.map(of))),
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
