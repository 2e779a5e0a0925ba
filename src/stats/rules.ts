import { SockbenchError } from '../errors.ts';
import { COUNTS } from '../result/aggregate.ts';
import type { MetricRule } from '../result/comparison.ts';
import { samplesNeeded } from '../result/view.ts';
import { parseBytes, parseDurationNs } from '../units.ts';
import {
  isEstimated,
  type Metric,
  type MetricUnit,
  metricName,
  metricUnit,
  parseMetric,
  samplesOfRound,
} from './metric.ts';
import { obstacleIn, type Recorded, shortageIn } from './recorded.ts';

/** More would need more evidence for each. */
export const MOST_GATING = 3;

const CPU_TIME = 'server_cpu_per_delivery';

interface Tolerance {
  readonly delta: number;
  readonly floor: number;
}

const MEDIAN: Tolerance = { delta: 0.1, floor: 0.02e6 };
const TAIL: Tolerance = { delta: 0.15, floor: 0.1e6 };
const FAR_TAIL: Tolerance = { delta: 0.25, floor: 0.25e6 };
const CPU: Tolerance = { delta: 0.1, floor: 500 };

/** What is tolerated where nobody says; how it was chosen: docs/decisions/0017-what-a-gate-tolerates.md. */
function usualTolerance(metric: Metric): Tolerance {
  if (metric.kind === 'quantile') {
    if (metric.quantile > 0.95) return FAR_TAIL;
    return metric.quantile > 0.5 ? TAIL : MEDIAN;
  }
  if (metric.kind === 'mean') return TAIL;
  if (metric.kind === 'figure') {
    if (metric.name === 'server_cpu_per_delivery') return CPU;
    if (metric.name === 'traffic_per_delivery') return { delta: 0.01, floor: 0 };
    if (metric.name === 'server_rss') return { delta: 0.1, floor: 8 * 1024 ** 2 };
  }
  return { delta: 0.1, floor: 0 };
}

function ruleOf(metric: Metric, gating: boolean, given: Partial<Tolerance> = {}): MetricRule {
  const rule = { metric: metricName(metric), unit: metricUnit(metric), gating, optional: false };
  if (metric.kind === 'count') return { ...rule, kind: 'exact', delta: 0.25, floor: 0 };
  return { ...rule, kind: 'ratio', ...usualTolerance(metric), ...given };
}

/** What tells what the headline's median does not: the last receiver, how often a server pushes, or the tail. */
function besideMedian(headline: string): string {
  if (headline === 'delivery') return 'fanout_last.p50';
  return headline === 'push_skew' ? 'push_gap.p50' : `${headline}.p95`;
}

/**
 * The usual metrics that decide: those of which every arm will have enough. Only the median must be there. Throws
 * BAD_METRIC and TOO_FEW_SAMPLES.
 */
function usualGating(recorded: Recorded): MetricRule[] {
  const parse = (name: string) => parseMetric(name, recorded.own);
  const median = parse(`${recorded.headline}.p50`);
  requireTold(`the usual metric ${metricName(median)}`, median, recorded);
  const beside = parse(besideMedian(recorded.headline));
  const cpu = parse(CPU_TIME);
  return [
    ruleOf(median, true),
    ...(isSure(beside, recorded) ? [ruleOf(beside, true)] : []),
    // A server of the user's may not let itself be probed, which only the runs show.
    ...(hasFineCpu(recorded) ? [{ ...ruleOf(cpu, true), optional: true }] : []),
  ];
}

function hasFineCpu(recorded: Recorded): boolean {
  const isTold = obstacleIn(recorded, parseMetric(CPU_TIME)) === null;
  return isTold && !recorded.arms.some((arm) => arm.hasCoarseCpu);
}

/** Whether there will be enough samples; of a scenario's own series nobody knows how often it is recorded. */
function isSure(metric: Metric, recorded: Recorded): boolean {
  if (obstacleIn(recorded, metric) !== null || shortageOf(metric, recorded) !== null) return false;
  if (!('series' in metric)) return true;
  const isOwn = Object.hasOwn(recorded.own, metric.series);
  return !isOwn || recorded.arms.every(({ samples }) => typeof samples.get(metric.series) === 'number');
}

function usualTold({ headline, own, arms }: Recorded): Metric[] {
  const names = [
    `${headline}.p50`,
    besideMedian(headline),
    CPU_TIME,
    `${headline}.p95`,
    `${headline}.p99`,
    ...(headline === 'push_skew' ? ['push_gap.p99'] : []),
    'fanout_last.p95',
    'fanout_last.p99',
    'traffic_per_delivery',
    'requests_per_delivery',
    'server_rss',
  ];
  return names
    .map((name) => parseMetric(name, own))
    .filter((metric) => obstacleIn({ headline, own, arms }, metric) === null);
}

/**
 * What a comparison is judged by. `asked` are `NAME[:GROWTH[:FLOOR]]`: at most three, which then decide instead of
 * the usual ones; counts of what should not happen always decide. Throws BAD_METRIC, and TOO_FEW_SAMPLES.
 */
export function planRules(asked: readonly string[], recorded: Recorded): MetricRule[] {
  if (asked.length > MOST_GATING) {
    throw new SockbenchError({
      code: 'BAD_METRIC',
      message: `--metric was given ${asked.length} times; at most ${MOST_GATING} may decide, since each one more is one more chance of a false alarm`,
      hint: 'Leave some out; every other figure is in the report all the same.',
    });
  }
  const given = asked.map((text) => parseRule(text, recorded));
  const twice = given.find(({ metric }, index) => given.findIndex((each) => each.metric === metric) < index);
  if (twice !== undefined) refuse(`--metric ${twice.metric}`, 'is given twice', 'Give it once.');
  const gating = asked.length === 0 ? usualGating(recorded) : given;
  // Without a median of its headline a run is invalid, whatever is asked for.
  for (const headline of new Set(recorded.arms.map((arm) => arm.headline))) {
    requireSamples(parseMetric(`${headline}.p50`, recorded.own), samplesNeeded(0.5), recorded);
  }
  for (const { metric } of gating) {
    const parsed = parseMetric(metric, recorded.own);
    requireSamples(parsed, neededOf(parsed), recorded);
  }
  const told = usualTold(recorded).map((metric) => ruleOf(metric, false));
  const counts = COUNTS.filter((name) => name !== 'late').map((name) =>
    ruleOf({ kind: 'count', name }, true),
  );
  const all = [...gating, ...told, ...counts];
  return all.filter((rule, index) => all.findIndex(({ metric }) => metric === rule.metric) === index);
}

function neededOf(metric: Metric): number {
  return isEstimated(metric) ? samplesOfRound(metric.quantile) : 1;
}

function shortageOf(metric: Metric, recorded: Recorded): string | null {
  return shortageIn(recorded, metric, neededOf(metric));
}

/** A run with fewer is invalid, or has no value to compare. */
function requireSamples(metric: Metric, needed: number, recorded: Recorded): void {
  const message = shortageIn(recorded, metric, needed);
  if (message === null) return;
  throw new SockbenchError({
    code: 'TOO_FEW_SAMPLES',
    message,
    hint: 'Give a longer --duration or a higher --rate.',
  });
}

function refuse(what: string, problem: string, hint: string): never {
  throw new SockbenchError({ code: 'BAD_METRIC', message: `${what}: ${problem}`, hint });
}

/** `delivery.p99`, `delivery.p99:20%`, `delivery.p99:20%:1ms`. */
function parseRule(text: string, recorded: Recorded): MetricRule {
  const [name = '', growth, floor, ...more] = text.split(':');
  if (more.length > 0)
    refuse(`--metric ${text}`, 'has too many parts', 'Write it like delivery.p99:20%:1ms.');
  const metric = parseMetric(name, recorded.own);
  requireTold(`--metric ${text}`, metric, recorded);
  if (metric.kind === 'count' && growth !== undefined) {
    refuse(
      `--metric ${text}`,
      'of a count nothing is tolerated where the base has none',
      `Write ${name} alone.`,
    );
  }
  return ruleOf(metric, true, {
    ...(growth === undefined ? {} : { delta: parseGrowth(text, growth) }),
    ...(floor === undefined ? {} : { floor: parseFloor(text, metricUnit(metric), floor) }),
  });
}

/** What no run has could never be told, and would leave every comparison without a verdict. */
function requireTold(what: string, metric: Metric, recorded: Recorded): void {
  const obstacle = obstacleIn(recorded, metric);
  if (obstacle !== null) refuse(what, obstacle.problem, obstacle.hint);
}

function parseGrowth(text: string, growth: string): number {
  const [, percent] = /^(\d+(?:\.\d+)?)\s*%$/.exec(growth.trim()) ?? [];
  if (percent !== undefined) return Number(percent) / 100;
  return refuse(
    `--metric ${text}`,
    `"${growth}" is not a percentage`,
    'Write what growth is tolerated, like delivery.p99:20%.',
  );
}

/** In the metric's unit. */
function parseFloor(text: string, unit: MetricUnit, floor: string): number {
  if (unit === 'duration') return quantityOf(text, () => parseDurationNs(floor));
  if (unit === 'bytes') return quantityOf(text, () => parseBytes(floor));
  if (/^\d+(?:\.\d+)?$/.test(floor.trim())) return Number(floor);
  return refuse(
    `--metric ${text}`,
    `"${floor}" is not a number`,
    'Write what difference is always tolerated, like server_cpu:10%:0.05.',
  );
}

function quantityOf(text: string, parse: () => number): number {
  try {
    return parse();
  } catch (error) {
    if (error instanceof SockbenchError) return refuse(`--metric ${text}`, error.message, error.hint);
    throw error;
  }
}
