import type { ProcessTelemetry } from '../../result/run-result.ts';
import type { ResultView } from '../../result/view.ts';
import { type Line, type LineChart, makeLineChart } from '../charts.ts';
import { extent } from './table.ts';

type ChartedSample = ProcessTelemetry['samples'][number];

/** One value of a process, and how the values of several processes are combined. */
interface Measure {
  /** Null where the sample has no such value. */
  readonly of: (sample: ChartedSample) => number | null;
  readonly combine: (values: readonly number[]) => number;
}

const inTotal = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

const CPU: Measure = { of: ({ cpuMs, lengthMs }) => cpuMs / lengthMs, combine: inTotal };
const DELAY: Measure = {
  of: ({ loopDelayP99Ns }) => loopDelayP99Ns,
  combine: (values) => extent(values)?.[1] ?? 0,
};
const RSS: Measure = { of: ({ rssBytes }) => rssBytes, combine: inTotal };

/** A process without a sample for this long, or for two samples, has ended. */
const MAX_SILENCE_MS = 2000;

/** What a process did at a moment: its sample, `ended` where it did not live, null where it was not sampled. */
type Moment = ChartedSample | 'ended' | null;

/** Follows a process through time. The moments asked for must ascend. */
function follow({ samples }: ProcessTelemetry): (atMs: number) => Moment {
  const [first, last] = [samples[0], samples.at(-1)];
  let next = 0;
  return (atMs) => {
    if (first === undefined || last === undefined) return 'ended';
    const endMs = last.atMs + Math.max(MAX_SILENCE_MS, 2 * last.lengthMs);
    if (atMs < first.atMs - first.lengthMs || atMs >= endMs) return 'ended';
    while ((samples[next]?.atMs ?? Number.POSITIVE_INFINITY) <= atMs) next++;
    const sample = samples[next];
    return sample !== undefined && sample.atMs - sample.lengthMs <= atMs ? sample : null;
  };
}

function combined(samples: readonly ChartedSample[], { of, combine }: Measure): number | null {
  const values = samples.map(of).filter((value) => value !== null);
  return values.length === 0 ? null : combine(values);
}

/**
 * Several processes as one line, at the times of the process with the most samples. Moments at which one of the living
 * processes was not sampled are left out.
 */
function lineOf(processes: readonly ProcessTelemetry[], measure: Measure, look: Omit<Line, 'x' | 'y'>): Line {
  const [longest] = processes.toSorted((a, b) => b.samples.length - a.samples.length);
  const followed = processes.map(follow);
  const points = (longest?.samples ?? []).flatMap(({ atMs, lengthMs }) => {
    const middleMs = atMs - lengthMs / 2;
    const living = followed.map((at) => at(middleMs)).filter((moment) => moment !== 'ended');
    const samples = living.filter((moment) => moment !== null);
    if (samples.length < living.length || samples.length === 0) return [];
    return [{ x: middleMs / 1000, y: combined(samples, measure) }];
  });
  return { ...look, x: points.map(({ x }) => x), y: points.map(({ y }) => y) };
}

function processLines(views: readonly ResultView[], measure: Measure): Line[] {
  return views
    .flatMap(({ result: { telemetry } }, run) => [
      lineOf(telemetry.servers, measure, { run, style: 'solid', label: 'server' }),
      lineOf(telemetry.workers, measure, { run, style: 'dashed', label: 'generator' }),
    ])
    .filter(({ y }) => y.some((value) => value !== null));
}

/** CPU of all processes of the server, and of the generator. */
export function cpuChart(views: readonly ResultView[]): LineChart | null {
  return makeLineChart({
    title: 'CPU',
    note: '100 % is one core. Sum over the processes of the server, and of the generator.',
    xAxis: 'seconds',
    kind: 'share',
    lines: processLines(views, CPU),
  });
}

/** Event-loop delay of the slowest process of the server, and of the generator. */
export function loopDelayChart(views: readonly ResultView[]): LineChart | null {
  return makeLineChart({
    title: 'Event-loop delay, p99',
    note: 'How late timers fire. The slowest process of the server, and of the generator.',
    xAxis: 'seconds',
    kind: 'duration',
    lines: processLines(views, DELAY),
  });
}

/** Resident memory of all processes of the server, and of the generator. */
export function memoryChart(views: readonly ResultView[]): LineChart | null {
  return makeLineChart({
    title: 'Memory (RSS)',
    note: 'Sum over the processes of the server, and of the generator.',
    xAxis: 'seconds',
    kind: 'bytes',
    lines: processLines(views, RSS),
  });
}
