import type { Design } from '../result/comparison.ts';
import { requireInsideUnit, requireWhole } from './distributions.ts';
import { MAX_GATING } from './rules.ts';

/**
 * Holm's step-down correction for several tests at once: the chance of even one false rejection stays at or below
 * `alpha`, however the tests depend on each other. The smallest p-value is judged at alpha / m, the next at
 * alpha / (m - 1) and so on until one fails; that one's level then holds for all the rest.
 *
 * Gives an answer for each p-value, in the order given. `level` is the level at which it was judged, so that
 * `rejected` is the same as p <= level, and a bound at that level agrees with the judgement. Throws a RangeError for a
 * p-value outside 0 to 1 and an alpha that is not inside it.
 *
 * Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979).
 */
export function holm(pValues: readonly number[], alpha: number): { rejected: boolean; level: number }[] {
  requireInsideUnit('alpha', alpha);
  const outside = pValues.find((p) => !(p >= 0 && p <= 1));
  if (outside !== undefined) throw new RangeError(`a p-value is ${outside}; it must lie in 0 to 1`);
  const ascending = pValues.toSorted((a, b) => a - b);
  const levelAt = (rank: number) => alpha / (pValues.length - rank);
  const firstKept = ascending.findIndex((p, rank) => p > levelAt(rank));
  return pValues.map((p) => {
    const rank = ascending.indexOf(p);
    const rejected = firstKept === -1 || rank < firstKept;
    return { rejected, level: levelAt(rejected ? rank : firstKept) };
  });
}

/** The share of alpha that the first of two looks may spend. */
const FIRST_SHARE = 0.3;

/**
 * When to look at a comparison of so many rounds: at half of them, rounded up, with 30 % of `alpha`, and at the end
 * with the rest; or only once, at the end with all of it, where half the rounds are too few for the exact test to
 * reject anything among three metrics.
 *
 * Looking again and again at growing data and stopping at the first rejection finds a difference sooner or later where
 * there is none. So the number of looks is fixed beforehand, and each spends a part of alpha. The parts add up to
 * alpha, so by Bonferroni's inequality the chances of a false rejection add up to at most alpha. The second look holds the
 * data of the first, which makes the real chance lower. A big difference is found after half the time, and the test at the
 * end loses little, since most of alpha is left for it.
 *
 * Throws a RangeError for rounds that are not a whole number from 1, and an alpha that is not inside 0 to 1.
 *
 * Sources: Pocock, "Group sequential methods in the design and analysis of clinical trials", Biometrika 64 (1977);
 * Lan and DeMets, "Discrete sequential boundaries for clinical trials", Biometrika 70 (1983).
 */
export function planLooks(rounds: number, alpha: number): Design['looks'] {
  requireWhole('rounds', rounds, 1);
  requireInsideUnit('alpha', alpha);
  const half = Math.ceil(rounds / 2);
  const first = FIRST_SHARE * alpha;
  if (half === rounds || half < minRounds(first, MAX_GATING)) return [{ rounds, alpha }];
  return [
    { rounds: half, alpha: first },
    { rounds, alpha: alpha - first },
  ];
}

/**
 * The minimum number of rounds with which the exact signed-rank test can reject at all, for the smallest p-value of
 * `family` metrics under Holm: with n rounds its smallest p-value is 2^-n. Throws a RangeError for an alpha that is not
 * inside 0 to 1 and a family that is not a whole number from 1.
 */
export function minRounds(alpha: number, family: number): number {
  requireInsideUnit('alpha', alpha);
  requireWhole('family', family, 1);
  let rounds = 1;
  while (2 ** -rounds > alpha / family) rounds++;
  return rounds;
}

/**
 * The minimum number of rounds with which a comparison can come to a verdict other than INCONCLUSIVE by its ratios, at its
 * last look: with fewer, none of them has a bound. 1 where only counts gate.
 */
export function roundsForVerdict({ looks, rules }: Pick<Design, 'looks' | 'rules'>): number {
  const alpha = looks.at(-1)?.alpha;
  const family = rules.filter(({ gating, kind }) => gating && kind === 'ratio').length;
  return alpha === undefined || family === 0 ? 1 : minRounds(alpha, family);
}

/**
 * The minimum number of rounds with which a ranking can have any significant order: all pairs of arms are tested in both
 * directions at once.
 */
export function roundsForRanking({ arms, alpha }: Pick<Design, 'arms' | 'alpha'>): number {
  return minRounds(alpha, arms.length * (arms.length - 1));
}
