import { aggregate } from '../result/aggregate.ts';
import type { Design, MetricRule } from '../result/comparison.ts';
import { measuredProcesses, type ResultView } from '../result/view.ts';
import { isEstimated, type Metric, metricValue, parseMetric, samplesOfRound } from './metric.ts';
import type { Point } from './observed.ts';
import type { Pair } from './pairs.ts';

/** CPU time that the system accounts in ticks of 10 ms is too coarse to compare below 50 of them. */
const LEAST_TICKED_CPU_MS = 500;

/** As {@link pointsOf}; none where a larger share of the pairs lacks it, since those may be the worst. */
export function judgedPoints(design: Design, rule: MetricRule, pairs: readonly Pair[]): Point[] {
  const points = pointsOf(design, rule, pairs);
  return pairs.length - points.length > design.maxInvalidShare * pairs.length ? [] : points;
}

/** A metric in each round that has it on both sides. */
export function pointsOf(
  { ownSeries }: Pick<Design, 'ownSeries'>,
  { metric: name }: Pick<MetricRule, 'metric'>,
  pairs: readonly Pair[],
): Point[] {
  const metric = parseMetric(name, ownSeries);
  return pairs.flatMap(({ round, base, head }): Point[] => {
    const [ofBase, ofHead] = [roundValue(metric, base), roundValue(metric, head)];
    return ofBase === null || ofHead === null ? [] : [{ round, base: ofBase, head: ofHead }];
  });
}

function roundValue(metric: Metric, view: ResultView): number | null {
  if (isCpuTime(metric) && hasCoarseCpu(view)) return null;
  if (!isEstimated(metric)) return metricValue(metric, aggregate([view]));
  if (view.samples(metric.series) < samplesOfRound(metric.quantile)) return null;
  return view.histogram(metric.series)?.quantileNs(metric.quantile) ?? null;
}

function isCpuTime(metric: Metric): boolean {
  return (
    metric.kind === 'figure' && (metric.name === 'server_cpu_per_delivery' || metric.name === 'server_cpu')
  );
}

/** Whether the server was not probed and used so little CPU time that its ticks are seen. */
function hasCoarseCpu({ result }: ResultView): boolean {
  const { servers } = result.telemetry;
  const cpuMs = measuredProcesses(servers, result).reduce((sum, { measured }) => sum + measured.cpuMs, 0);
  return cpuMs < LEAST_TICKED_CPU_MS && servers.some(({ source }) => source === 'proc');
}
