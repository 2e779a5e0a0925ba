import { SockbenchError } from '../errors.ts';
import type { FigureName } from '../result/metrics.ts';
import { samplesNeeded } from '../result/view.ts';
import { formatCount } from '../units.ts';
import { isEstimated, type Metric } from './metric.ts';
import { type ArmMetric, armMetricName, metricsOf, type Threshold } from './thresholds.ts';

/** Why there will be no value, and what to do. */
interface Obstacle {
  readonly problem: string;
  readonly hint: string;
}

/** What is known beforehand of the runs that are taken together. */
export interface Forecast {
  readonly runs: number;
  /**
   * The series that a run may record, each with the number of independent samples that it will have at most; null
   * where that is not known.
   */
  readonly samples: ReadonlyMap<string, number | null>;
  /** Why figures will not be known. */
  readonly unavailable: ReadonlyMap<FigureName, Obstacle>;
}

/** Why a metric will have no value; null when it may have one. */
export function obstacleTo(metric: Metric, { samples, unavailable }: Forecast): Obstacle | null {
  switch (metric.kind) {
    case 'count':
    case 'share':
      return null;
    case 'figure':
      return unavailable.get(metric.name) ?? null;
    default: {
      if (samples.has(metric.series)) return null;
      const recorded = [...samples.keys()].join(', ');
      return {
        problem: `this run will not record "${metric.series}", but ${recorded}`,
        hint: 'Use one of them.',
      };
    }
  }
}

/** Whether a run may have a value for everything that a threshold is on; `base` null where there is none. */
export function isForeseen(threshold: Threshold, head: Forecast, base: Forecast | null = null): boolean {
  return metricsOf(threshold).every(({ arm, metric }) => {
    const forecast = arm === 'base' ? base : head;
    return forecast !== null && obstacleTo(metric, forecast) === null;
  });
}

/**
 * Why a threshold will come out neither passed nor failed, as far as that is known before the run; null when
 * nothing speaks against it. Throws BAD_THRESHOLD for anything of which the run will have no value at all.
 */
export function foreseeThreshold(
  threshold: Threshold,
  head: Forecast,
  base: Forecast | null = null,
): string | null {
  const { expression, condition } = threshold;
  const metrics = metricsOf(threshold);
  const shortages = metrics.flatMap((each) => {
    const forecast = each.arm === 'base' ? (base ?? head) : head;
    const obstacle = obstacleTo(each.metric, forecast);
    if (obstacle !== null) refuse(expression, obstacle);
    return shortageOf(each, forecast, metrics.length > 1);
  });
  if (shortages.length === 0) return null;
  // Other parts of a combination may decide it.
  const outcome = condition.kind === 'comparison' ? 'will not be judged' : 'may not be judged';
  return `--threshold "${expression}" ${outcome}: ${shortages.join('; ')}`;
}

function refuse(expression: string, { problem, hint }: Obstacle): never {
  throw new SockbenchError({
    code: 'BAD_THRESHOLD',
    message: `--threshold "${expression}": ${problem}`,
    hint,
  });
}

function shortageOf(each: ArmMetric, { samples, runs }: Forecast, isNamed: boolean): string[] {
  const { metric } = each;
  if (!('series' in metric)) return [];
  const ofOne = samples.get(metric.series) ?? null;
  const needed = isEstimated(metric) ? samplesNeeded(metric.quantile) : 1;
  if (ofOne === null || ofOne * runs >= needed) return [];
  const who = isNamed ? armMetricName(each) : 'it';
  const plans = runs === 1 ? 'this run plans' : `${formatCount(runs)} runs plan`;
  return [
    `${who} needs ${formatCount(needed)} independent samples, and ${plans} ${formatCount(ofOne * runs)}`,
  ];
}
