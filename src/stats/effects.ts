import { type Design, type PairOutcome, type Round, roundsOfArms } from '../result/comparison.ts';
import {
  type Contrast,
  contrastsOf,
  type Effects,
  type Factor,
  gatingEffects,
  levelsOfArm,
} from '../result/effects.ts';
import { median } from '../result/order-statistics.ts';
import { minRounds } from './correction.ts';
import { tooManyExcluded } from './invalid-reasons.ts';
import { gatingQuantile, incompleteRounds } from './pairs.ts';
import { hodgesLehmann, locationBounds } from './signed-rank.ts';

/** The chance that any interval of one metric misses its true ratio. */
export const EFFECTS_ALPHA = 0.05;

/**
 * The minimum number of rounds with which an effect has an interval: it is two-sided, and shares alpha with all others of
 * its metric. 1 for fewer than two factors.
 */
export function roundsForEffects(factors: readonly Factor[]): number {
  return factors.length < 2 ? 1 : minRounds(EFFECTS_ALPHA, 2 * contrastsOf(factors).length);
}

/** Both sides of a contrast in one round; their ratio is the effect. */
export interface Sides {
  readonly from: number;
  readonly to: number;
}

/** The geometric mean of positive values. That of one value is the value itself, to the last digit. */
function geometricMean(values: readonly number[]): number {
  const [first = Number.NaN] = values;
  if (values.length < 2) return first;
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** The geometric mean of all arms that have these levels. */
function meanAt(
  factors: readonly Factor[],
  values: readonly number[],
  fixed: readonly number[],
  levels: readonly number[],
): number {
  return geometricMean(
    values.filter((_, arm) => {
      const ofArm = levelsOfArm(factors, arm);
      return fixed.every((factor, index) => ofArm[factor] === levels[index]);
    }),
  );
}

/**
 * A contrast in one round. A main effect compares the means over all levels of the other factors. An interaction compares
 * the ratio of two levels of the first factor at two levels of the second: a ratio of ratios.
 */
export function sidesOf(factors: readonly Factor[], contrast: Contrast, values: readonly number[]): Sides {
  const at = (...levels: number[]) => meanAt(factors, values, contrast.factors, levels);
  const [level = 0, ofSecond] = contrast.levels;
  if (ofSecond === undefined) return { from: at(0), to: at(level) };
  return { from: at(level, 0) / at(0, 0), to: at(level, ofSecond) / at(0, ofSecond) };
}

/** An effect from its sides in each round; bounds are two-sided, missed with at most `alpha`. */
export function estimateEffect(sides: readonly Sides[], alpha: number) {
  const isPositive = sides.every(({ from, to }) => from > 0 && to > 0 && Number.isFinite(to / from));
  const logs = isPositive ? sides.map(({ from, to }) => Math.log(to / from)) : [];
  const bounds = locationBounds(logs, alpha / 2, alpha / 2);
  const ratioOf = (log: number) => (Number.isFinite(log) ? Math.exp(log) : null);
  const middle = (side: keyof Sides) => {
    const value = median(sides.map((each) => each[side]));
    return Number.isFinite(value) ? value : null;
  };
  return {
    from: middle('from'),
    to: middle('to'),
    ratio: logs.length === 0 ? null : ratioOf(hodgesLehmann(logs)),
    lower: ratioOf(bounds.lower),
    upper: ratioOf(bounds.upper),
  };
}

/** As {@link roundsOfArms}; none when too many complete rounds lack the metric, since those may be the worst. */
function judgedRounds(design: Design, heads: readonly PairOutcome[], metric: string, complete: number) {
  const rounds = roundsOfArms(heads, metric);
  return complete - rounds.length > design.maxInvalidShare * complete ? [] : rounds;
}

/**
 * Estimates main effects and two-factor interactions of every metric with a ratio, by the rules of docs/comparing.md: the
 * round is the unit of evidence, and all intervals of a metric hold simultaneously with the probability 1 - alpha (Bonferroni).
 * `heads` are the judged pairs of these rounds. Null for fewer than two factors, whose effects are the ratios of the arms.
 */
export function judgeEffects(
  design: Design,
  rounds: readonly Round[],
  heads: readonly PairOutcome[],
): Effects | null {
  const { factors, rules } = design;
  if (factors.length < 2) return null;
  const excluded = incompleteRounds(rounds, gatingQuantile(design), design.arms.length);
  const complete = rounds.length - excluded.length;
  const contrasts = contrastsOf(factors);
  const ofMetric = (metric: string) => {
    const ofRounds = judgedRounds(design, heads, metric, complete);
    return contrasts.map((contrast) => {
      const sides = ofRounds.map(({ values }) => sidesOf(factors, contrast, values));
      return { ...contrast, ...estimateEffect(sides, EFFECTS_ALPHA / contrasts.length) };
    });
  };
  return {
    alpha: EFFECTS_ALPHA,
    minRounds: roundsForEffects(factors),
    rounds: complete,
    excluded: excluded.map(({ round }) => round),
    invalid: effectsInvalid(design, rounds),
    metrics: rules
      .filter(({ kind }) => kind === 'ratio')
      .map(({ metric, unit, gating }) => ({ metric, unit, gating, effects: ofMetric(metric) })),
  };
}

/** Why no later round can make the effects valid: too many rounds have an invalid combination. Empty for fewer than two factors. */
export function effectsInvalid(design: Design, rounds: readonly Round[]) {
  if (design.factors.length < 2) return [];
  const excluded = incompleteRounds(rounds, gatingQuantile(design), design.arms.length);
  return tooManyExcluded(design, excluded, rounds.length, design.looks.at(-1)?.rounds ?? 0, 'round');
}

/**
 * INVALID when a combination is, or too many rounds are excluded; OK when every effect on the first gating metric has an
 * interval; else INCONCLUSIVE. A large effect is no failure.
 */
export function verdictOfEffects(
  effects: Effects,
  heads: readonly PairOutcome[],
  isEarly: boolean,
): 'INVALID' | 'INCONCLUSIVE' | 'OK' {
  if (effects.invalid.length > 0 || heads.some(({ verdict }) => verdict === 'INVALID')) return 'INVALID';
  const [first] = gatingEffects(effects);
  const isBounded = first?.effects.every(({ lower, upper }) => lower !== null && upper !== null) === true;
  return isBounded && !isEarly ? 'OK' : 'INCONCLUSIVE';
}
