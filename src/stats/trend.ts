import { aggregate } from '../result/aggregate.ts';
import type { Comparison } from '../result/comparison.ts';
import type { StoredDocument } from '../result/documents.ts';
import { type Fingerprint, loadFingerprint, measurementFingerprint } from '../result/fingerprint.ts';
import { COUNTS, FIGURES, type MetricUnit } from '../result/metrics.ts';
import { type Bounds, NO_BOUNDS, quantileBounds } from '../result/quantile-bounds.ts';
import type { Repeated } from '../result/repeated.ts';
import type { RunResult } from '../result/run-result.ts';
import type { TrendHistory, TrendPoint, TrendValue } from '../result/trend.ts';
import { type ResultView, viewResult } from '../result/view.ts';
import { isEstimated, type Metric, metricName, metricUnit, metricValue, parseMetric } from './metric.ts';
import { EVERY_QUANTILE, pairUp } from './pairs.ts';
import { boundsOverStarts, valueOverStarts } from './starts.ts';

/** A metric of a point. */
interface MeasuredMetric extends TrendValue {
  readonly metric: string;
  readonly unit: MetricUnit;
  readonly better: 'lower' | 'higher';
}

/** One point and the history that it belongs to. */
export interface TrendSample {
  readonly source: TrendHistory['source'];
  readonly scenario: string;
  readonly target: string;
  readonly plan: Fingerprint;
  readonly environment: Fingerprint;
  readonly point: TrendPoint;
  readonly measured: readonly MeasuredMetric[];
}

/** A file, or a part of it, that is in no history. */
export interface Skipped {
  readonly path: string;
  /** A predicate: `is INVALID: ...`. */
  readonly reason: string;
}

/** The samples of one document, and what was skipped of it. `asked` are names of metrics; none for the usual ones. */
export function trendSamples(
  stored: StoredDocument,
  asked: readonly string[],
): { readonly samples: readonly TrendSample[]; readonly skipped: readonly Skipped[] } {
  const { path } = stored;
  const skip = (reason: string) => ({ samples: [], skipped: [{ path, reason }] });
  switch (stored.kind) {
    case 'run': {
      const reason = whyNoPoint(stored.document);
      if (reason !== null) return skip(reason);
      return { samples: [sampleOf('run', path, [viewResult(stored.document)], asked)].flat(), skipped: [] };
    }
    case 'comparison': {
      const { judgement, status } = stored.document;
      if (judgement.verdict === 'INVALID') return skip('is INVALID');
      return status === 'partial' ? skip('ended early') : ofComparison(path, stored.document, asked);
    }
    case 'repeated': {
      const { invalid, status } = stored.document;
      if (invalid.length > 0) return skip(`is INVALID (${invalid[0]?.code})`);
      if (status === 'partial') return skip('ended early');
      return { samples: sampleOf('repeated run', path, validViews(stored.document), asked), skipped: [] };
    }
    case 'capacity':
      return skip('is a capacity search');
    case 'trend':
      return skip('is a trend');
  }
}

function validViews({ starts, excluded }: Repeated): ResultView[] {
  return starts
    .filter(({ start }) => !excluded.some((each) => each.start === start))
    .flatMap(({ result }) => (result === null ? [] : [viewResult(result)]));
}

function whyNoPoint({ invalid: [reason], status, shard }: RunResult): string | null {
  if (shard !== null) return `is one of ${shard.count} shards; sockbench merge puts them together`;
  if (reason !== undefined) return `is INVALID (${reason.code})`;
  return status === 'partial' ? 'ended early' : null;
}

/**
 * The heads of a gate, since the base is an earlier state of the server; all arms of a comparison. Arms of one plan cannot
 * be identified in other comparisons, so they are skipped.
 */
function ofComparison(path: string, { design, rounds, judgement }: Comparison, asked: readonly string[]) {
  const first = design.command === 'gate' ? 1 : 0;
  const judged = rounds.slice(0, judgement.rounds);
  const arms = design.arms.slice(first).map(({ name }, index) => {
    const arm = first + index;
    const views = pairUp(judged, EVERY_QUANTILE, arm, arm === 0 ? arm : 0).pairs.map(({ head }) => head);
    return { name, samples: sampleOf('comparison', path, views, asked) };
  });
  const keys = arms.flatMap(({ samples }) => samples.map(historyKey));
  const skipped: Skipped[] = [];
  const kept = arms.flatMap(({ name, samples }) => {
    const isAlone = samples.every(
      (sample) => keys.indexOf(historyKey(sample)) === keys.lastIndexOf(historyKey(sample)),
    );
    if (samples.length === 0) skipped.push({ path, reason: `has no valid run of ${name}` });
    if (!isAlone) skipped.push({ path, reason: `has another arm of the plan of ${name}` });
    return isAlone ? samples : [];
  });
  return { samples: kept, skipped };
}

/** None without runs. */
function sampleOf(
  source: TrendSample['source'],
  path: string,
  views: readonly ResultView[],
  asked: readonly string[],
): TrendSample[] {
  const result = views[0]?.result;
  if (result === undefined) return [];
  const { plan, environment, startedAt } = result;
  const { seed: _, ...load } = loadFingerprint(plan);
  const metrics = asked.length === 0 ? usualMetrics(result) : asked.flatMap((name) => metricIn(name, result));
  const { commit, dirty } = environment;
  return [
    {
      source,
      scenario: plan.scenario,
      target: plan.target.name,
      plan: load,
      environment: measurementFingerprint(result),
      point: { path, startedAt, commit, dirty, runs: views.length },
      measured: metrics.map((metric) => measureMetric(metric, source, views)),
    },
  ];
}

/** The middle and the tail of the headline, and what the server spends. */
function usualMetrics({ headline, ownSeries }: RunResult): Metric[] {
  const names = [`${headline}.p50`, `${headline}.p99`, 'server_cpu_per_delivery'];
  return names.map((name) => parseMetric(name, ownSeries));
}

/** The metric, unless it is of a series of another scenario. */
function metricIn(name: string, { ownSeries }: RunResult): Metric[] {
  try {
    return [parseMetric(name, ownSeries)];
  } catch {
    return [];
  }
}

/** Counts are per run, since comparisons have different numbers of rounds. */
function measureMetric(
  metric: Metric,
  source: TrendSample['source'],
  views: readonly ResultView[],
): MeasuredMetric {
  const runs = aggregate(views);
  const isRepeated = source === 'repeated run';
  const total = isRepeated ? valueOverStarts(metric, views) : metricValue(metric, runs);
  const value = total !== null && metric.kind === 'count' ? total / views.length : total;
  return {
    metric: metricName(metric),
    unit: metricUnit(metric),
    better: betterOf(metric),
    value,
    ...(value === null ? NO_BOUNDS : isRepeated ? boundsOverStarts(metric, views) : boundsOf(metric, runs)),
  };
}

function betterOf(metric: Metric): 'lower' | 'higher' {
  if (metric.kind === 'figure') return FIGURES[metric.name].better;
  return metric.kind === 'count' || metric.kind === 'share' ? COUNTS[metric.name].better : 'lower';
}

function boundsOf(metric: Metric, runs: ReturnType<typeof aggregate>): Bounds {
  return isEstimated(metric) ? quantileBounds(runs, metric.series, metric.quantile) : NO_BOUNDS;
}

/** Equal for samples of one history. */
export function historyKey({ source, target, plan, environment }: TrendSample): string {
  return JSON.stringify([source, target, plan, environment]);
}
