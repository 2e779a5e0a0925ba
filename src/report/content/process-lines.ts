import type { ProcessTelemetry } from '../../result/run-result.ts';
import type { ResultView } from '../../result/view.ts';
import type { Line } from '../charts.ts';

type ChartedSample = ProcessTelemetry['samples'][number];

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

/** One value of a process; null where the sample has no such value. */
type Measure = (sample: ChartedSample) => number | null;

/** How the values of several processes become one. */
type Combine = (values: readonly number[]) => number;

/**
 * Several processes as one line, at the times of the process with the most samples. Moments at which one of the living
 * processes was not sampled are left out.
 */
function pointsOf(processes: readonly ProcessTelemetry[], measure: Measure, combine: Combine) {
  const [longest] = processes.toSorted((a, b) => b.samples.length - a.samples.length);
  const followed = processes.map(follow);
  const points = (longest?.samples ?? []).flatMap(({ atMs, lengthMs }) => {
    const middleMs = atMs - lengthMs / 2;
    const living = followed.map((at) => at(middleMs)).filter((moment) => moment !== 'ended');
    const samples = living.filter((moment) => moment !== null);
    if (samples.length < living.length || samples.length === 0) return [];
    const values = samples.map(measure).filter((value) => value !== null);
    return [{ x: middleMs / 1000, y: values.length === 0 ? null : combine(values) }];
  });
  return { x: points.map(({ x }) => x), y: points.map(({ y }) => y) };
}

/** Two lines for each run: the processes of its server, and those of its generator. */
export function processLines(views: readonly ResultView[], measure: Measure, combine: Combine): Line[] {
  return views
    .flatMap(({ result: { telemetry } }, run): Line[] => [
      { run, style: 'solid', label: 'server', ...pointsOf(telemetry.servers, measure, combine) },
      { run, style: 'dashed', label: 'generator', ...pointsOf(telemetry.workers, measure, combine) },
    ])
    .filter(({ y }) => y.some((value) => value !== null));
}
