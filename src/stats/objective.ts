import { SockbenchError } from '../errors.ts';
import { samplesNeeded } from '../result/view.ts';
import { formatCount, parseBytes, parseDurationNs, parseRateHz } from '../units.ts';
import { isEstimated, type Metric, type MetricUnit, metricName, metricUnit, parseMetric } from './metric.ts';
import { countedIn } from './threshold-amount.ts';
import { HOLDS } from './thresholds.ts';

/** What a server has to keep under any load that it is said to take. */
export interface Objective {
  readonly expression: string;
  readonly metric: Metric;
  readonly unit: MetricUnit;
  /** In the unit: nanoseconds, bytes, events per second, a share from 0 to 1, a count. */
  readonly limit: number;
  readonly holds: (value: number) => boolean;
}

function refuse(expression: string, problem: string, hint: string): never {
  throw new SockbenchError({
    code: 'BAD_OBJECTIVE',
    message: `--objective "${expression}": ${problem}`,
    hint,
  });
}

/** What metric.ts and units.ts object to, with the objective's name before it. */
function withName<Read>(expression: string, read: () => Read): Read {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SockbenchError)) throw error;
    return refuse(expression, error.message, error.hint);
  }
}

function readLimit(expression: string, unit: MetricUnit, text: string): number {
  switch (unit) {
    case 'duration':
      return parseDurationNs(text);
    case 'bytes':
      return parseBytes(text);
    case 'rate':
      return parseRateHz(text);
    case 'share': {
      const [, percent] = /^(\d+(?:\.\d+)?)\s*%$/.exec(text) ?? [];
      return percent === undefined
        ? refuse(expression, `"${text}" is not a percentage`, 'Write it like 0.1%.')
        : Number(`${percent}e-2`);
    }
    case 'count':
    case 'average': {
      const isNumber = unit === 'count' ? /^\d+$/.test(text) : /^\d+(\.\d+)?$/.test(text);
      const what = unit === 'count' ? 'neither a whole number nor a percentage' : 'not a number';
      return isNumber
        ? Number(text)
        : refuse(expression, `"${text}" is ${what}`, 'Write it like late<10 or late<0.1%.');
    }
  }
}

/**
 * Reads an objective.
 *
 *     objective = metric ( "<" | "<=" ) limit
 *     metric    = as in metric.ts: "fanout_last.p95", "lost", "server_cpu"
 *     limit     = duration | size | rate | number "%" | number ; as the metric is counted
 *
 * `fanout_last.p95<50ms`, `late<=0.1%`, `server_cpu<80%`. Throws BAD_OBJECTIVE.
 */
export function parseObjective(expression: string, own: Readonly<Record<string, string>> = {}): Objective {
  const [, name, operator, limit] = /^([^<>=]+?)\s*(<=?)\s*([^<>=]+)$/.exec(expression.trim()) ?? [];
  if (name === undefined || limit === undefined) {
    refuse(
      expression,
      'is not a metric that stays below a limit',
      "Write it like 'fanout_last.p95<50ms' or 'late<=0.1%'.",
    );
  }
  const counted = withName(expression, () => parseMetric(name, own));
  const metric = limit.endsWith('%') ? countedIn('share', counted) : counted;
  const unit = metricUnit(metric);
  const value = withName(expression, () => readLimit(expression, unit, limit.trim()));
  const isBelow = HOLDS[operator === '<=' ? '<=' : '<'];
  return { expression, metric, unit, limit: value, holds: (actual) => isBelow(actual, value) };
}

/** `fanout_last.p95` */
export function objectiveName({ metric }: Objective): string {
  return metricName(metric);
}

/** The independent samples that the objective needs, and of which series; null where it needs none. */
export function samplesOf({ metric }: Objective): { series: string; needed: number } | null {
  if (!('series' in metric)) return null;
  return { series: metric.series, needed: isEstimated(metric) ? samplesNeeded(metric.quantile) : 1 };
}

/** Throws BAD_OBJECTIVE for a series that a run with this forecast does not record. */
export function requireRecorded(objective: Objective, forecast: ReadonlyMap<string, number | null>): void {
  const series = samplesOf(objective)?.series;
  if (series === undefined || forecast.has(series)) return;
  const recorded = [...forecast.keys()].join(', ');
  refuse(objective.expression, `these runs will not record "${series}", but ${recorded}`, 'Use one of them.');
}

/** `fanout_last.p95 needs 200 samples` */
export function needText(objective: Objective): string {
  return `${objectiveName(objective)} needs ${formatCount(samplesOf(objective)?.needed ?? 0)} independent samples`;
}
