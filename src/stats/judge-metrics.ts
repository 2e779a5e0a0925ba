import type { Design, MetricOutcome, MetricRule } from '../result/comparison.ts';
import { poolOf } from '../result/pool.ts';
import { measuredProcesses, type ResultView } from '../result/view.ts';
import { holm } from './holm.ts';
import { judgeCount } from './judge-count.ts';
import { judgeRatio, type Measured, measure } from './judge-ratio.ts';
import { isEstimated, type Metric, metricValue, parseMetric, samplesOfRound } from './metric.ts';
import type { Observed, Point } from './observed.ts';
import type { Pair } from './pairs.ts';

/** CPU time that the system accounts in ticks of 10 ms is too coarse to compare below 50 of them. */
const LEAST_TICKED_CPU_MS = 500;

export type { Observed };

/** Every metric of the design over the valid pairs, at one look. */
export function judgeMetrics(design: Design, pairs: readonly Pair[], look: number): MetricOutcome[] {
  const base = poolOf(pairs.map((pair) => pair.base));
  const head = poolOf(pairs.map((pair) => pair.head));
  const observed = design.rules.map((rule) => {
    const metric = parseMetric(rule.metric, design.ownSeries);
    const merged = { base: metricValue(metric, base), head: metricValue(metric, head) };
    return { rule, points: judgedPoints(design, rule, pairs), ...merged };
  });
  return judgeObserved(observed, design.looks[look]?.alpha ?? 0);
}

/** The same from the values alone; `alpha` is that of the look. */
export function judgeObserved(observed: readonly Observed[], alpha: number): MetricOutcome[] {
  const measured = observed.map(measure);
  const family = measured.filter(({ rule }) => rule.gating && rule.kind === 'ratio');
  const levels = (pick: (each: Measured) => number) => holm(family.map(pick), alpha);
  const regressed = levels(({ pRegressed }) => pRegressed);
  const improved = levels(({ pImproved }) => pImproved);
  const counts = measured.filter(({ rule }) => rule.gating && rule.kind === 'exact').length;
  return measured.map((each) => {
    if (each.rule.kind === 'exact') return judgeCount(each, each.rule.gating ? alpha / counts : alpha);
    const place = family.indexOf(each);
    return judgeRatio(each, regressed[place]?.level ?? alpha, improved[place]?.level ?? alpha);
  });
}

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
  if (!isEstimated(metric)) return metricValue(metric, poolOf([view]));
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
