import type { Design, MetricOutcome, MetricRule, Verdict } from '../result/comparison.ts';
import { type Pool, poolOf } from '../result/pool.ts';
import { formatNumber, formatPercent } from '../units.ts';
import { detectableShift } from './detectable-effect.ts';
import { hodgesLehmann } from './hodges-lehmann.ts';
import { holm } from './holm.ts';
import { formatMetric, type Metric, metricValue, parseMetric } from './metric.ts';
import type { Pair } from './pairs.ts';
import { locationBounds, signedRankP } from './signed-rank.ts';

type Point = MetricOutcome['points'][number];

/** The quantile of one round needs this many samples beyond it: it is compared, not reported. */
const ROUND_SAMPLES_BEYOND = 2;
const POWER = 0.9;

/** A metric in all rounds. */
export interface Observed {
  readonly rule: MetricRule;
  readonly points: readonly Point[];
  /** Over all rounds together; null where there are too few samples. */
  readonly base: number | null;
  readonly head: number | null;
}

interface Measured extends Observed {
  /** ln(head / base) of each round; upwards is worse. */
  readonly logs: readonly number[];
  readonly pRegressed: number;
  readonly pImproved: number;
}

/** Every metric of the design over the valid pairs, at one look. */
export function judgeMetrics(
  { rules, looks }: Design,
  pairs: readonly Pair[],
  look: number,
): MetricOutcome[] {
  const base = poolOf(pairs.map((pair) => pair.base));
  const head = poolOf(pairs.map((pair) => pair.head));
  const observed = rules.map((rule) => {
    const metric = parseMetric(rule.metric, ownSeriesOf(pairs));
    const merged = { base: metricValue(metric, base), head: metricValue(metric, head) };
    return { rule, points: pointsOf(rule, pairs), ...merged };
  });
  return judgeObserved(observed, looks[look]?.alpha ?? 0);
}

/** The same from the values alone; `alpha` is that of the look. */
export function judgeObserved(observed: readonly Observed[], alpha: number): MetricOutcome[] {
  const measured = observed.map(measure);
  const family = measured.filter(({ rule }) => rule.gating && rule.kind === 'ratio');
  const levels = (pick: (each: Measured) => number) => holm(family.map(pick), alpha);
  const regressed = levels(({ pRegressed }) => pRegressed);
  const improved = levels(({ pImproved }) => pImproved);
  return measured.map((each) => {
    if (each.rule.kind === 'exact') return judgeCount(each, alpha);
    const place = family.indexOf(each);
    return judgeRatio(each, regressed[place]?.level ?? alpha, improved[place]?.level ?? alpha);
  });
}

function measure(observed: Observed): Measured {
  const { rule, points } = observed;
  const logs = worseLogs(rule, points);
  const tolerated = Math.log1p(rule.delta);
  return {
    ...observed,
    logs,
    pRegressed: signedRankP(logs, tolerated),
    pImproved: signedRankP(
      logs.map((log) => -log),
      tolerated,
    ),
  };
}

/** A metric in each round that has it on both sides. */
export function pointsOf({ metric: name }: MetricRule, pairs: readonly Pair[]): Point[] {
  const metric = parseMetric(name, ownSeriesOf(pairs));
  return pairs.flatMap(({ round, base, head }): Point[] => {
    const [ofBase, ofHead] = [roundValue(metric, poolOf([base])), roundValue(metric, poolOf([head]))];
    return ofBase === null || ofHead === null ? [] : [{ round, base: ofBase, head: ofHead }];
  });
}

/** 1, or -1 for a quantity of which more is better. */
function worseSign({ unit }: MetricRule): 1 | -1 {
  return unit === 'rate' ? -1 : 1;
}

/** ln(head / base) of each round that has a ratio; upwards is worse. */
export function worseLogs(rule: MetricRule, points: readonly Point[]): number[] {
  return points
    .filter(({ base, head }) => base > 0 && head > 0)
    .map(({ base, head }) => worseSign(rule) * Math.log(head / base));
}

function ownSeriesOf([first]: readonly Pair[]): Readonly<Record<string, string>> {
  return first?.head.result.ownSeries ?? {};
}

function roundValue(metric: Metric, pool: Pool): number | null {
  if (metric.kind !== 'quantile') return metricValue(metric, pool);
  const needed = ROUND_SAMPLES_BEYOND / (1 - metric.quantile);
  if (pool.samples(metric.series) < needed) return null;
  return pool.histogram(metric.series)?.quantileNs(metric.quantile) ?? null;
}

/**
 * By the bounds of the Hodges-Lehmann estimate of ln(head / base): REGRESSED when the lower one is beyond what is
 * tolerated, IMPROVED when the upper one is beyond the mirror of it, OK when the upper one is within; and by
 * differences: what is no larger than the floor harms nobody. A quantity of which more is better has its signs
 * turned beforehand, so that up is always worse.
 */
function judgeRatio(measured: Measured, lowerAlpha: number, upperAlpha: number): MetricOutcome {
  const { rule, logs, points, base, head, pRegressed, pImproved } = measured;
  const worse = worseSign(rule);
  const tolerated = Math.log1p(rule.delta);
  const bounds = locationBounds(logs, lowerAlpha, upperAlpha);
  const differences = points.map((point) => worse * (point.head - point.base));
  const difference = points.length === 0 ? null : hodgesLehmann(differences);
  const mostDifference = locationBounds(differences, lowerAlpha, upperAlpha).upper;
  const { verdict, because } = decide({
    rule,
    bounds,
    tolerated,
    difference,
    mostDifference,
    rounds: points.length,
  });
  const ends = [ratioOf(worse * bounds.lower), ratioOf(worse * bounds.upper)];
  const [lower = null, upper = null] = worse === 1 ? ends : ends.reverse();
  const estimate = logs.length === 0 ? null : Math.exp(worse * hodgesLehmann(logs));
  const shift = detectableShift(logs, { nullShift: tolerated, alpha: lowerAlpha, power: POWER });
  return {
    ...rule,
    verdict,
    base,
    head,
    points: [...points],
    ratio: estimate,
    lower,
    upper,
    lowerAlpha,
    upperAlpha,
    pRegressed: logs.length === 0 ? null : pRegressed,
    pImproved: logs.length === 0 ? null : pImproved,
    difference: difference === null ? null : worse * difference,
    detectable: detectableRatio(worse * shift, rule, base),
    because,
  };
}

function ratioOf(log: number): number | null {
  return Number.isFinite(log) ? Math.exp(log) : null;
}

/** What is smaller than the floor is not called, however many rounds there are. */
function detectableRatio(shift: number, { floor }: MetricRule, base: number | null): number | null {
  if (!Number.isFinite(shift)) return null;
  const byFloor = base === null || base <= 0 ? 1 : 1 + floor / base;
  return shift < 0 ? Math.exp(shift) : Math.max(Math.exp(shift), byFloor);
}

interface Evidence {
  readonly rule: MetricRule;
  readonly bounds: { readonly lower: number; readonly upper: number };
  readonly tolerated: number;
  readonly difference: number | null;
  readonly mostDifference: number;
  readonly rounds: number;
}

function decide(evidence: Evidence): { verdict: Verdict; because: string } {
  const { rule, bounds, tolerated, difference, mostDifference, rounds } = evidence;
  if (difference === null) return { verdict: 'INCONCLUSIVE', because: 'no pair of rounds has a value of it' };
  const growth = formatPercent(rule.delta);
  const floor = formatMetric(rule.unit, rule.floor);
  const isSmall = Math.abs(difference) <= rule.floor;
  const tooSmall = `sure, but the difference of ${formatMetric(rule.unit, Math.abs(difference))} is within the ${floor} that are always tolerated`;
  if (bounds.lower > tolerated) {
    return isSmall
      ? { verdict: 'OK', because: tooSmall }
      : { verdict: 'REGRESSED', because: `worse by more than the tolerated ${growth}` };
  }
  if (bounds.upper < -tolerated) {
    return isSmall
      ? { verdict: 'OK', because: tooSmall }
      : { verdict: 'IMPROVED', because: `better by more than ${growth}` };
  }
  if (bounds.upper < tolerated)
    return { verdict: 'OK', because: `worse by less than the tolerated ${growth}, if at all` };
  if (mostDifference <= rule.floor) {
    return { verdict: 'OK', because: `worse by less than the ${floor} that are always tolerated, if at all` };
  }
  if (bounds.lower === Number.NEGATIVE_INFINITY) {
    return { verdict: 'INCONCLUSIVE', because: `${rounds} pairs are too few for any verdict` };
  }
  const [from, to] = [Math.exp(bounds.lower), Math.exp(bounds.upper)].map(formatNumber);
  return {
    verdict: 'INCONCLUSIVE',
    because: `the rounds differ too much: anything from ${from} to ${to} times may be true, and ${formatNumber(1 + rule.delta)} is tolerated`,
  };
}

/**
 * A count that should be zero. Where the base has none, one is too many: a lost message is a fact and no estimate.
 * Where both have some, rounds are compared as they are for ratios.
 */
function judgeCount({ rule, points, base, head }: Measured, alpha: number): MetricOutcome {
  const differences = points.map((point) => point.head - point.base);
  const most = 1 + rule.delta;
  const pRegressed = signedRankP(differences, 0);
  const pImproved = signedRankP(
    differences.map((difference) => -difference),
    0,
  );
  const pWorse = signedRankP(
    points.map((point) => point.base * most - point.head),
    0,
  );
  const unknown = {
    ratio: null,
    lower: null,
    upper: null,
    lowerAlpha: alpha,
    upperAlpha: alpha,
    detectable: null,
  };
  const difference = points.length === 0 ? null : hodgesLehmann(differences);
  const told = { ...rule, base, head, points: [...points], ...unknown, pRegressed, pImproved, difference };
  if (points.length === 0)
    return { ...told, verdict: 'INCONCLUSIVE', because: 'no pair of rounds was valid' };
  if (base === 0 && head === 0) return { ...told, verdict: 'OK', because: 'none in either' };
  if (base === 0) return { ...told, verdict: 'REGRESSED', because: 'the base has none' };
  if (head === 0) return { ...told, verdict: 'IMPROVED', because: 'only the base has any' };
  if (pRegressed <= alpha)
    return { ...told, verdict: 'REGRESSED', because: 'more than in the base, round by round' };
  if (pImproved <= alpha)
    return { ...told, verdict: 'IMPROVED', because: 'fewer than in the base, round by round' };
  if (pWorse <= alpha) {
    return {
      ...told,
      verdict: 'OK',
      because: `at most ${formatPercent(rule.delta)} more than in the base, if at all`,
    };
  }
  return {
    ...told,
    verdict: 'INCONCLUSIVE',
    because: 'both have some, and the rounds differ too much to tell',
  };
}
