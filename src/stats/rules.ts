import { fail } from '../errors.ts';
import type { MetricRule } from '../result/comparison.ts';
import { COUNT_NAMES, COUNTS, FIGURE_NAMES, FIGURES, type Tolerance } from '../result/metrics.ts';
import { samplesNeeded } from '../result/view.ts';
import { formatCount } from '../units.ts';
import { type Expectation, type Obstacle, shortfallOf } from './expectation.ts';
import {
  isEstimated,
  type Metric,
  type MetricUnit,
  metricName,
  metricUnit,
  type OwnSeries,
  parseMetric,
  samplesOfRound,
  toleranceOf,
} from './metric.ts';
import { explainValue, parseValue } from './value.ts';

/** Each further gating metric would need more evidence for all of them. */
export const MAX_GATING = 3;

/** What is known of the runs of one arm before they start. */
export interface ArmExpectation extends Expectation {
  readonly name: string;
  readonly headline: string;
  /** Whether the numbers of samples are averages, because messages are sent at random times. */
  readonly isRandom: boolean;
  /** Whether the CPU time of the server is only known in ticks of 10 ms. */
  readonly hasCoarseCpu: boolean;
}

/** What is known of a comparison before it starts. */
export interface ExpectedArms {
  /** Of the base. */
  readonly headline: string;
  readonly own: OwnSeries;
  readonly arms: readonly ArmExpectation[];
}

function ruleOf(metric: Metric, gating: boolean, given: Partial<Tolerance> = {}): MetricRule {
  const rule = { metric: metricName(metric), unit: metricUnit(metric), gating, optional: false };
  const kind = metric.kind === 'count' ? 'exact' : 'ratio';
  return { ...rule, kind, ...toleranceOf(metric), ...given };
}

/** The metric that shows what the headline's median does not: the last receiver, the time between pushes, or the tail. */
function besideMedian(headline: string): string {
  if (headline === 'delivery') return 'fanout_last.p50';
  return headline === 'push_skew' ? 'push_gap.p50' : `${headline}.p95`;
}

/** Why no round will have the metric on both sides; null where one may. */
function obstacleTo(metric: Metric, { arms }: ExpectedArms): Obstacle | null {
  const obstacles = arms.flatMap((arm) => {
    const shortfall = shortfallOf(metric, 0, arm);
    return shortfall?.kind === 'unavailable' ? [{ ...shortfall, arm: arm.name }] : [];
  });
  const [first] = obstacles;
  if (first === undefined) return null;
  const where = obstacles.length === arms.length ? '' : `${first.arm}: `;
  return { problem: `${where}${first.problem}`, hint: first.hint };
}

/** Why a run of an arm will, or may, have too few samples, and how many times as many it needs; null where nothing speaks against it. */
function shortageOf(
  metric: Metric,
  needed: number,
  { arms }: ExpectedArms,
): { readonly problem: string; readonly times: number } | null {
  const short = arms.flatMap(({ name, isRandom, ...expected }) => {
    const least = isRandom ? meanNeeded(needed) : needed;
    const shortfall = shortfallOf(metric, least, expected);
    if (shortfall?.kind !== 'short') return [];
    return [{ name, planned: shortfall.planned, times: least / shortfall.planned }];
  });
  const [first] = short;
  if (first === undefined) return null;
  const which = short.length === arms.length ? '' : ` of ${first.name}`;
  const has = `each run${which} would have ${formatCount(first.planned)} independent samples of ${metricName(metric)}`;
  const problem =
    first.planned < needed
      ? `${has}, and needs ${needed}`
      : `${has} on average, and by chance fewer than the ${needed} that it needs`;
  return { problem, times: Math.max(...short.map(({ times }) => times)) };
}

/**
 * The mean number of random arrivals that leaves fewer than `needed` in one of 30,000 runs: their number spreads by the
 * root of its mean, so that mean - 4 sqrt(mean) = needed.
 */
function meanNeeded(needed: number): number {
  return (2 + Math.sqrt(4 + needed)) ** 2;
}

function samplesOf(metric: Metric): number {
  return isEstimated(metric) ? samplesOfRound(metric.quantile) : 1;
}

/**
 * The usual gating metrics: those that every arm will have enough samples of. Only the median is required. Throws
 * BAD_METRIC.
 */
function usualGating(expected: ExpectedArms): MetricRule[] {
  const median = parseMetric(`${expected.headline}.p50`, expected.own);
  requireAvailable(`the usual metric ${metricName(median)}`, median, expected);
  const beside = parseMetric(besideMedian(expected.headline), expected.own);
  const figures = FIGURE_NAMES.filter((name) => FIGURES[name].isGating)
    .map((name): Metric => ({ kind: 'figure', name }))
    .filter((figure) => obstacleTo(figure, expected) === null);
  const hasFineCpu = !expected.arms.some((arm) => arm.hasCoarseCpu);
  return [
    ruleOf(median, true),
    ...(isCertain(beside, expected) ? [ruleOf(beside, true)] : []),
    // A user's server may not let itself be probed, which only the runs show.
    ...(hasFineCpu ? figures.map((figure) => ({ ...ruleOf(figure, true), optional: true })) : []),
  ];
}

/** Whether there will be enough samples. How often a scenario records its own series is not known. */
function isCertain(metric: Metric, expected: ExpectedArms): boolean {
  if (obstacleTo(metric, expected) !== null) return false;
  if (shortageOf(metric, samplesOf(metric), expected) !== null) return false;
  if (!('series' in metric) || !Object.hasOwn(expected.own, metric.series)) return true;
  return expected.arms.every(({ samples }) => typeof samples.get(metric.series) === 'number');
}

/** Metrics that are reported with every comparison, gating or not. */
function informational(expected: ExpectedArms): Metric[] {
  const { headline, own } = expected;
  const names = [
    `${headline}.p50`,
    besideMedian(headline),
    'server_cpu_per_delivery',
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
    .filter((metric) => obstacleTo(metric, expected) === null);
}

/**
 * The metrics of a comparison and what is tolerated of each. `asked` are the values of --metric,
 * `NAME[:GROWTH[:FLOOR]]`: at most three, which gate in place of the usual ones; counts always gate. Throws BAD_METRIC
 * and TOO_FEW_SAMPLES.
 */
export function planRules(asked: readonly string[], expected: ExpectedArms): MetricRule[] {
  if (asked.length > MAX_GATING) {
    fail(
      'BAD_METRIC',
      `--metric was given ${asked.length} times; at most ${MAX_GATING} metrics may gate, because each one adds a chance of a false alarm`,
      'Leave some out. The report shows the other figures anyway.',
    );
  }
  const given = asked.map((text) => parseRule(text, expected));
  const twice = given.find(({ metric }, index) => given.findIndex((each) => each.metric === metric) < index);
  if (twice !== undefined) fail('BAD_METRIC', `--metric ${twice.metric} is given twice`, 'Give it once.');
  const gating = asked.length === 0 ? usualGating(expected) : given;
  // Without a median of its headline a run is invalid, whichever metrics gate.
  for (const headline of new Set(expected.arms.map((arm) => arm.headline))) {
    requireSamples(parseMetric(`${headline}.p50`, expected.own), samplesNeeded(0.5), expected);
  }
  for (const { metric } of gating) {
    const parsed = parseMetric(metric, expected.own);
    requireSamples(parsed, samplesOf(parsed), expected);
  }
  const counts = COUNT_NAMES.filter((name) => COUNTS[name].isGating);
  const all = [
    ...gating,
    ...informational(expected).map((metric) => ruleOf(metric, false)),
    ...counts.map((name) => ruleOf({ kind: 'count', name }, true)),
  ];
  return all.filter((rule, index) => all.findIndex(({ metric }) => metric === rule.metric) === index);
}

/** A run with fewer samples is invalid, or has no value to compare. */
function requireSamples(metric: Metric, needed: number, expected: ExpectedArms): void {
  const shortage = shortageOf(metric, needed, expected);
  if (shortage === null) return;
  const { problem, times } = shortage;
  const enough = Number.isFinite(times) ? `at least ${(Math.ceil(times * 10) / 10).toFixed(1)} times ` : '';
  fail(
    'TOO_FEW_SAMPLES',
    problem,
    enough === ''
      ? 'Give a longer --duration or a higher --rate.'
      : `Give ${enough}the --duration, or ${enough}the --rate.`,
  );
}

/** A metric that no run will have would leave every comparison without a verdict. */
function requireAvailable(what: string, metric: Metric, expected: ExpectedArms): void {
  const obstacle = obstacleTo(metric, expected);
  if (obstacle !== null) fail('BAD_METRIC', `${what}: ${obstacle.problem}`, obstacle.hint);
}

/** Reads `delivery.p99`, `delivery.p99:20%` or `delivery.p99:20%:1ms`. */
function parseRule(text: string, expected: ExpectedArms): MetricRule {
  const flag = `--metric ${text}`;
  const [name = '', growth, floor, ...more] = text.split(':');
  if (more.length > 0) {
    fail('BAD_METRIC', `${flag} has too many parts`, 'Write it like delivery.p99:20%:1ms.');
  }
  const metric = parseMetric(name, expected.own);
  requireAvailable(flag, metric, expected);
  if (metric.kind === 'count' && growth !== undefined) {
    fail('BAD_METRIC', `${flag}: a count has no tolerance`, `Write ${name}.`);
  }
  return ruleOf(metric, true, {
    ...(growth === undefined ? {} : { delta: readPart(flag, 'the growth', 'share', growth) }),
    ...(floor === undefined ? {} : { floor: readPart(flag, 'the floor', metricUnit(metric), floor) }),
  });
}

function readPart(flag: string, part: string, unit: MetricUnit, text: string): number {
  const value = parseValue(unit, text);
  if (value !== null) return value;
  const { problem, hint } = explainValue(unit, text);
  return fail('BAD_METRIC', `${flag}: ${part} ${problem}`, hint);
}
