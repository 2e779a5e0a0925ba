import { SockbenchError } from '../errors.ts';
import type { MetricRule } from '../result/comparison.ts';
import { COUNTS } from '../result/pool.ts';
import { samplesNeeded } from '../result/view.ts';
import { formatCount, parseBytes, parseDurationNs } from '../units.ts';
import {
  isEstimated,
  type Metric,
  type MetricUnit,
  metricName,
  metricUnit,
  parseMetric,
  samplesOfRound,
} from './metric.ts';

/** More would need more evidence for each. */
export const MOST_GATING = 3;

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
  if (metric.kind === 'count') {
    return { metric: metricName(metric), unit: 'count', kind: 'exact', gating, delta: 0.25, floor: 0 };
  }
  const { delta, floor } = { ...usualTolerance(metric), ...given };
  return { metric: metricName(metric), unit: metricUnit(metric), kind: 'ratio', gating, delta, floor };
}

export interface Recorded {
  readonly headline: string;
  /** The scenario's own series, by name. */
  readonly own: Readonly<Record<string, string>>;
  /** The series that a run will record, each with its independent samples; null where that is not known. */
  readonly series: ReadonlyMap<string, number | null>;
  /** Whether the server's process can be looked into. */
  readonly hasServer: boolean;
}

function usualGating({ headline, hasServer }: Recorded): string[] {
  const tail = headline === 'delivery' ? 'fanout_last.p50' : `${headline}.p95`;
  return [`${headline}.p50`, tail, ...(hasServer ? ['server_cpu_per_delivery'] : [])];
}

function usualTold({ headline, hasServer, series }: Recorded): string[] {
  const last = series.has('fanout_last') ? ['fanout_last.p95', 'fanout_last.p99'] : [];
  const server = hasServer ? ['server_rss'] : [];
  return [
    `${headline}.p95`,
    `${headline}.p99`,
    ...last,
    'traffic_per_delivery',
    'requests_per_delivery',
    ...server,
  ];
}

/**
 * What a comparison is judged by. `asked` are `NAME[:GROWTH[:FLOOR]]`: at most three, which then decide instead of
 * the usual ones; counts of what should not happen always decide. Throws BAD_METRIC.
 */
export function planRules(asked: readonly string[], recorded: Recorded): MetricRule[] {
  const parse = (name: string) => parseMetric(name, recorded.own);
  const usual = usualGating(recorded).map((name) => ruleOf(parse(name), asked.length === 0));
  const gating = asked.map((text) => parseRule(text, recorded));
  if (gating.length > MOST_GATING) {
    throw new SockbenchError({
      code: 'BAD_METRIC',
      message: `--metric was given ${gating.length} times; at most ${MOST_GATING} may decide, since each one more is one more chance of a false alarm`,
      hint: 'Leave some out; every other figure is in the report all the same.',
    });
  }
  const twice = gating.find(
    ({ metric }, index) => gating.findIndex((each) => each.metric === metric) < index,
  );
  if (twice !== undefined) refuse(twice.metric, 'is given twice', 'Give it once.');
  requireSamples(parse(`${recorded.headline}.p50`), samplesNeeded(0.5), recorded);
  for (const { metric } of [...gating, ...usual.filter((rule) => rule.gating)]) {
    const parsed = parse(metric);
    if (isEstimated(parsed)) requireSamples(parsed, samplesOfRound(parsed.quantile), recorded);
  }
  const told = usualTold(recorded).map((name) => ruleOf(parse(name), false));
  const counts = COUNTS.filter((name) => name !== 'late').map((name) =>
    ruleOf({ kind: 'count', name }, true),
  );
  const all = [...gating, ...usual, ...told, ...counts];
  return all.filter((rule, index) => all.findIndex(({ metric }) => metric === rule.metric) === index);
}

/** A run with fewer is invalid, or has no value to compare. */
function requireSamples(metric: Metric, needed: number, { series }: Recorded): void {
  const planned = 'series' in metric ? series.get(metric.series) : null;
  if (planned === undefined || planned === null || planned >= needed) return;
  throw new SockbenchError({
    code: 'TOO_FEW_SAMPLES',
    message: `each run would have ${formatCount(planned)} independent samples of ${metricName(metric)}, and needs ${needed}`,
    hint: 'Give a longer --duration or a higher --rate.',
  });
}

function refuse(text: string, problem: string, hint: string): never {
  throw new SockbenchError({ code: 'BAD_METRIC', message: `--metric ${text}: ${problem}`, hint });
}

/** `delivery.p99`, `delivery.p99:20%`, `delivery.p99:20%:1ms`. */
function parseRule(text: string, recorded: Recorded): MetricRule {
  const [name = '', growth, floor, ...more] = text.split(':');
  if (more.length > 0) refuse(text, 'has too many parts', 'Write it like delivery.p99:20%:1ms.');
  const metric = parseMetric(name, recorded.own);
  requireRecorded(text, metric, recorded);
  if (metric.kind === 'count' && growth !== undefined) {
    refuse(text, 'of a count nothing is tolerated where the base has none', `Write ${name} alone.`);
  }
  return ruleOf(metric, true, {
    ...(growth === undefined ? {} : { delta: parseGrowth(text, growth) }),
    ...(floor === undefined ? {} : { floor: parseFloor(text, metricUnit(metric), floor) }),
  });
}

/** What no run has could never be told, and would leave every comparison without a verdict. */
function requireRecorded(text: string, metric: Metric, { series, hasServer }: Recorded): void {
  if ('series' in metric && !series.has(metric.series)) {
    const known = [...series.keys()].join(', ');
    refuse(text, `these runs will not record "${metric.series}", but ${known}`, 'Use one of them.');
  }
  if (metric.kind === 'figure' && metric.name.startsWith('server_') && !hasServer) {
    const hint = 'Have it started with --exec CMD, or use another metric.';
    refuse(text, 'nothing is known of a server that was running already', hint);
  }
}

function parseGrowth(text: string, growth: string): number {
  const [, percent] = /^(\d+(?:\.\d+)?)\s*%$/.exec(growth.trim()) ?? [];
  if (percent !== undefined) return Number(percent) / 100;
  return refuse(
    text,
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
    text,
    `"${floor}" is not a number`,
    'Write what difference is always tolerated, like server_cpu:10%:0.05.',
  );
}

function quantityOf(text: string, parse: () => number): number {
  try {
    return parse();
  } catch (error) {
    if (error instanceof SockbenchError) return refuse(text, error.message, error.hint);
    throw error;
  }
}
