import { aggregate } from '../result/aggregate.ts';
import type { Design, MetricOutcome, MetricRule, Verdict } from '../result/comparison.ts';
import { formatLimit } from '../result/metrics.ts';
import { formatNumber, formatPercent } from '../units.ts';
import { holm } from './correction.ts';
import { judgeCount } from './judge-count.ts';
import { metricValue, parseMetric } from './metric.ts';
import {
  type Decided,
  isSoundPair,
  judgedPoints,
  type Observed,
  type Pair,
  worseDifferences,
  worseLogs,
  worseSign,
} from './pairs.ts';
import {
  detectableShift,
  hodgesLehmann,
  locationBounds,
  signedRankP,
  signedRankPBelow,
} from './signed-rank.ts';

/** Judges every metric of the design over the valid pairs, at one look. */
export function judgeMetrics(design: Design, pairs: readonly Pair[], look: number): MetricOutcome[] {
  const all = mergePairs(pairs);
  const observed = design.rules.map((rule) => {
    const metric = parseMetric(rule.metric, design.ownSeries);
    const sound = pairs.filter((pair) => isSoundPair(metric, pair));
    const { base, head } = sound.length === pairs.length ? all : mergePairs(sound);
    const merged = { base: metricValue(metric, base), head: metricValue(metric, head) };
    return { rule, points: judgedPoints(design, rule, pairs), ...merged };
  });
  return judgeObserved(observed, design.looks[look]?.alpha ?? 0);
}

function mergePairs(pairs: readonly Pair[]) {
  return { base: aggregate(pairs.map(({ base }) => base)), head: aggregate(pairs.map(({ head }) => head)) };
}

/**
 * A wrong OK may be so many times as likely as a false alarm: 5 % beside an alpha of 2 %. At the same level, more gates of
 * equal builds would be INCONCLUSIVE, which blocks them as a false alarm does.
 */
const WRONG_OK_PER_ALARM = 2.5;

/** As {@link judgeMetrics}, from the values alone; `alpha` is that of the look. */
export function judgeObserved(observed: readonly Observed[], alpha: number): MetricOutcome[] {
  const measured = observed.map(measure);
  const family = measured.filter(({ rule }) => rule.gating && rule.kind === 'ratio');
  const levels = (pick: (each: Measured) => number) => holm(family.map(pick), alpha);
  const regressed = levels(({ pRegressed }) => pRegressed);
  const improved = levels(({ pImproved }) => pImproved);
  const counts = measured.filter(({ rule }) => rule.gating && rule.kind === 'exact').length;
  const judgeOne = (each: Measured): Decided => {
    if (each.rule.kind === 'exact') return judgeCount(each, each.rule.gating ? alpha / counts : alpha);
    const place = family.indexOf(each);
    return judgeRatio(each, {
      worse: regressed[place]?.level ?? alpha,
      better: improved[place]?.level ?? alpha,
      // A wrong OK takes a wrong bound of each metric that is much worse, so that each may be at the whole level.
      ok: Math.min(0.5, WRONG_OK_PER_ALARM * alpha),
    });
  };
  return measured.map((each) => {
    const { rule, points, base, head } = each;
    return { ...rule, base, head, points: [...points], ...judgeOne(each) };
  });
}

interface Measured extends Observed {
  /** ln(head / base) of each round; upwards is worse here and in everything that follows from it. */
  readonly logs: readonly number[];
  readonly pRegressed: number;
  readonly pImproved: number;
}

/** Growths in ln: the tolerated one; half of it, which a change must exceed significantly; and twice it, which OK rules out. */
function marginsOf({ delta }: MetricRule): Record<'tolerated' | 'significant' | 'ruledOut', number> {
  return {
    tolerated: Math.log1p(delta),
    significant: Math.log1p(delta / 2),
    ruledOut: Math.log1p(2 * delta),
  };
}

/** Tests against a null that is shifted by half the tolerated growth, so that equal arms lie well inside it. */
function measure(observed: Observed): Measured {
  const { rule, points } = observed;
  const logs = worseLogs(rule, points);
  const { significant } = marginsOf(rule);
  return {
    ...observed,
    logs,
    pRegressed: signedRankP(logs, significant),
    pImproved: signedRankPBelow(logs, -significant),
  };
}

/** The levels at which a metric is tested for REGRESSED, IMPROVED and OK. */
interface Levels {
  readonly worse: number;
  readonly better: number;
  readonly ok: number;
}

/** Judges one metric by its ratios. Its upper bound is that of IMPROVED where this is significant, else that of OK. */
function judgeRatio(measured: Measured, { worse: lowerAlpha, better, ok }: Levels): Decided {
  const { rule, logs, points, base, pRegressed, pImproved } = measured;
  const sign = worseSign(rule);
  const { tolerated, significant } = marginsOf(rule);
  const isBetter = pImproved <= better;
  const upperAlpha = isBetter ? better : ok;
  const bounds = locationBounds(logs, lowerAlpha, upperAlpha);
  const differences = worseDifferences(rule, points);
  const difference = points.length === 0 ? null : hodgesLehmann(differences);
  const most = locationBounds(differences, lowerAlpha, upperAlpha).upper;
  const hasRatio = logs.length > 0;
  const estimate = hasRatio ? hodgesLehmann(logs) : null;
  const [verdict, because] = decide(measured, { estimate, bounds, isBetter, difference, most });
  const ends = [ratioOf(sign * bounds.lower), ratioOf(sign * bounds.upper)];
  const [lower = null, upper = null] = sign === 1 ? ends : ends.reverse();
  const shift = Math.max(tolerated, detectableShift(logs, { nullShift: significant, alpha: lowerAlpha }));
  return {
    verdict,
    ratio: estimate === null ? null : Math.exp(sign * estimate),
    lower,
    upper,
    lowerAlpha,
    upperAlpha,
    pRegressed: hasRatio ? pRegressed : null,
    pImproved: hasRatio ? pImproved : null,
    difference: difference === null ? null : sign * difference,
    detectable: detectableRatio(sign * shift, rule, base),
    because,
  };
}

function ratioOf(log: number): number | null {
  return Number.isFinite(log) ? Math.exp(log) : null;
}

/** A difference below the floor is never REGRESSED, with any number of rounds. */
function detectableRatio(shift: number, { floor }: MetricRule, base: number | null): number | null {
  if (!Number.isFinite(shift)) return null;
  const byFloor = base === null || base <= 0 ? 1 : 1 + floor / base;
  return shift < 0 ? Math.exp(shift) : Math.max(Math.exp(shift), byFloor);
}

interface Evidence {
  /** Hodges-Lehmann estimate of the logs; null without logs. */
  readonly estimate: number | null;
  /** Of the logs; infinite where there are too few. */
  readonly bounds: { readonly lower: number; readonly upper: number };
  /** Whether the head is significantly better. */
  readonly isBetter: boolean;
  /** Hodges-Lehmann estimate of the differences; null without points. */
  readonly difference: number | null;
  /** Upper bound of the differences. */
  readonly most: number;
}

/**
 * REGRESSED when the estimate is beyond the tolerated growth, its lower bound beyond half of it, and the difference
 * beyond the floor; IMPROVED is the mirror of it. OK when the estimate is within the tolerated growth and its upper bound
 * within twice of it, or the upper bound of the differences within the floor. INCONCLUSIVE otherwise, and with so few
 * rounds that none could be REGRESSED.
 */
function decide(measured: Measured, evidence: Evidence): readonly [Verdict, because: string] {
  const { rule, points, logs } = measured;
  const { estimate, bounds, isBetter, difference, most } = evidence;
  if (difference === null) {
    const value = 'too few pairs have a';
    return ['INCONCLUSIVE', rule.optional ? `not judged: ${value} precise enough value` : `${value} value`];
  }
  const { tolerated, significant, ruledOut } = marginsOf(rule);
  const growth = formatPercent(rule.delta);
  const floor = `the tolerated ${formatLimit(rule.unit, rule.floor)}`;
  const isWorse = estimate !== null && estimate > tolerated && bounds.lower > significant;
  // A regression could not show.
  if (estimate !== null && !Number.isFinite(bounds.lower)) {
    return ['INCONCLUSIVE', `${points.length} pairs are too few for a verdict`];
  }
  if (isWorse && difference > rule.floor) return ['REGRESSED', `worse by more than the tolerated ${growth}`];
  if (isBetter && estimate !== null && estimate < -tolerated && -difference > rule.floor) {
    return ['IMPROVED', `better by more than ${growth}`];
  }
  if (estimate !== null && estimate <= tolerated && bounds.upper < ruledOut) {
    return ['OK', `not worse by more than the tolerated ${growth}`];
  }
  if (most <= rule.floor) return ['OK', rule.floor === 0 ? 'not worse' : `not worse by more than ${floor}`];
  if (isWorse) {
    return ['INCONCLUSIVE', `worse by more than the tolerated ${growth}, but possibly by less than ${floor}`];
  }
  if (logs.length < points.length) {
    return ['INCONCLUSIVE', 'a round has a value of zero, so there is no ratio'];
  }
  return ['INCONCLUSIVE', differingText(measured, evidence)];
}

/** `the rounds differ too much: the ratio may be 0.98 to 1.13, and 1.1 would have to be ruled out` */
function differingText({ rule }: Measured, { estimate, bounds }: Evidence): string {
  const { tolerated, significant, ruledOut } = marginsOf(rule);
  const shown = (log: number) => formatNumber(Math.exp(worseSign(rule) * log));
  const [from, to] = [bounds.lower, bounds.upper].toSorted((a, b) => worseSign(rule) * (a - b)).map(shown);
  const isBeyond = estimate !== null && estimate > tolerated;
  const needed = isBeyond
    ? `${shown(significant)} would have to be exceeded`
    : `${shown(ruledOut)} would have to be ruled out`;
  return `the rounds differ too much: the ratio may be ${from} to ${to}, and ${needed}`;
}
