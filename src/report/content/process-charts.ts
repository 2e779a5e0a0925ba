import type { ProcessTelemetry } from '../../result/run-result.ts';
import type { ResultView } from '../../result/view.ts';
import { type Chart, type Line, makeChart } from '../render/page/chart.ts';

type Sample = ProcessTelemetry['samples'][number];

/** One figure of a process, and how that of several becomes one. */
interface Measure {
  /** Null where the sample does not tell. */
  readonly of: (sample: Sample) => number | null;
  readonly together: (values: readonly number[]) => number;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const most = (values: readonly number[]) => Math.max(...values);

const CPU: Measure = { of: ({ cpuMs, lengthMs }) => cpuMs / lengthMs, together: sum };
const DELAY: Measure = { of: ({ loopDelayP99Ns }) => loopDelayP99Ns, together: most };
const RSS: Measure = { of: ({ rssBytes }) => rssBytes, together: sum };

/** A process that is not sampled for longer than this has ended. */
const LONGEST_SAMPLE_MS = 2000;

/** What a process did at a moment; undefined when it was not sampled then. */
function sampleAt({ samples }: ProcessTelemetry, atMs: number): Sample | undefined {
  return samples.find((sample) => sample.atMs - sample.lengthMs <= atMs && atMs < sample.atMs);
}

/** Whether a process was there at a moment, sampled or not. */
function livedAt({ samples }: ProcessTelemetry, atMs: number): boolean {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) return false;
  return first.atMs - first.lengthMs <= atMs && atMs < last.atMs + LONGEST_SAMPLE_MS;
}

/** What all processes that lived at a moment did then; empty when one of them was not sampled. */
function samplesAt(processes: readonly ProcessTelemetry[], atMs: number): Sample[] {
  const living = processes.filter((process) => livedAt(process, atMs));
  const samples = living.map((process) => sampleAt(process, atMs)).filter((sample) => sample !== undefined);
  return samples.length === living.length ? samples : [];
}

function figureOf(samples: readonly Sample[], { of, together }: Measure): number | null {
  const values = samples.map(of).filter((value) => value !== null);
  return values.length === 0 ? null : together(values);
}

/** Some processes as one, at the times of the one that was sampled most. */
function lineOf(processes: readonly ProcessTelemetry[], measure: Measure, look: Omit<Line, 'x' | 'y'>): Line {
  const [longest] = processes.toSorted((a, b) => b.samples.length - a.samples.length);
  const points = (longest?.samples ?? [])
    .map((sample) => sample.atMs - sample.lengthMs / 2)
    .map((ms) => ({ ms, samples: samplesAt(processes, ms) }))
    .filter(({ samples }) => samples.length > 0);
  return {
    ...look,
    x: points.map(({ ms }) => ms / 1000),
    y: points.map(({ samples }) => figureOf(samples, measure)),
  };
}

function processLines(views: readonly ResultView[], measure: Measure): Line[] {
  return views
    .flatMap(({ result: { telemetry } }, run) => [
      lineOf(telemetry.servers, measure, { run, style: 'solid', label: 'server' }),
      lineOf(telemetry.workers, measure, { run, style: 'dashed', label: 'generator' }),
    ])
    .filter(({ y }) => y.some((value) => value !== null));
}

/** CPU of all processes of the server, and of the generator, together. */
export function cpuChart(views: readonly ResultView[]): Chart | null {
  return makeChart({
    title: 'CPU',
    note: '100 % is one core. All processes of the server together, and all of the generator.',
    xAxis: 'seconds',
    kind: 'share',
    lines: processLines(views, CPU),
  });
}

/** Event-loop delay of the worst process of the server, and of the generator. */
export function loopDelayChart(views: readonly ResultView[]): Chart | null {
  return makeChart({
    title: 'Event-loop delay, p99',
    note: 'How late a timer fires. The worst of the processes of the server, and of the generator.',
    xAxis: 'seconds',
    kind: 'duration',
    lines: processLines(views, DELAY),
  });
}

/** Resident memory of all processes of the server, and of the generator, together. */
export function memoryChart(views: readonly ResultView[]): Chart | null {
  return makeChart({
    title: 'Memory (RSS)',
    note: 'All processes of the server together, and all of the generator.',
    xAxis: 'seconds',
    kind: 'bytes',
    lines: processLines(views, RSS),
  });
}
