import { aggregate } from '../result/aggregate.ts';
import type { Design, Judgement, MetricOutcome, PairOutcome, Round, Verdict } from '../result/comparison.ts';
import { holm, roundsForRanking } from './correction.ts';
import { effectsInvalid, judgeEffects, verdictOfEffects } from './effects.ts';
import { lastingReasons, reasonsAtLook } from './invalid-reasons.ts';
import { judgeMetrics } from './judge-metrics.ts';
import { metricValue, parseMetric } from './metric.ts';
import { gatingQuantile, judgedPoints, pairUp, pointsOf, worseLogs, worseSign } from './pairs.ts';
import { signedRankP } from './signed-rank.ts';

/**
 * Judges a comparison from its design and rounds alone, by the rules of docs/comparing.md:
 *
 * - INVALID when an arm failed by itself (its server died, or nothing could be measured), when more than
 *   `maxInvalidShare` of the pairs were excluded, or of the rounds of a comparison over factors, or when a stored base
 *   was measured elsewhere or under another load;
 * - else REGRESSED when a gating metric is, else INCONCLUSIVE when one is, else IMPROVED when one is, else OK. An optional
 *   metric without a value in any round does not gate.
 *
 * Of a comparison over two factors or more, the verdict is that of its effects.
 *
 * A comparison that ended between two looks is judged as at the one before. Before the first look it is INCONCLUSIVE.
 */
export function judge(design: Design, rounds: readonly Round[]): Judgement {
  const look = lookAfter(design, rounds.length);
  const due = design.looks[look]?.rounds ?? 0;
  const judged = rounds.slice(0, due);
  const isEarly = rounds.length < due;
  const heads = headsOf(design).map((head): PairOutcome => {
    const { pairs, excluded, excludedPairs } = pairUp(judged, gatingQuantile(design), head);
    const metrics = judgeMetrics(design, pairs, look);
    const invalid = isEarly
      ? lastingReasons(design, rounds, head)
      : reasonsAtLook(design, rounds, judged, head);
    return {
      head,
      verdict: invalid.length > 0 ? 'INVALID' : isEarly ? 'INCONCLUSIVE' : verdictOf(metrics),
      invalid,
      pairs: pairs.length,
      excluded,
      excludedPoints: Object.fromEntries(
        excludedPairs.length === 0
          ? []
          : design.rules.map((rule) => [rule.metric, pointsOf(design, rule, excludedPairs)]),
      ),
      metrics,
    };
  });
  const effects = judgeEffects(design, judged, heads);
  const verdict =
    effects === null
      ? mostSevereVerdict(heads.map((each) => each.verdict))
      : verdictOfEffects(effects, heads, isEarly);
  const isRanked = design.arms.length > 2 && effects === null && verdict !== 'INVALID' && !isEarly;
  return {
    verdict,
    look,
    rounds: judged.length,
    heads,
    effects,
    ranking: isRanked ? rankArms(design, judged) : null,
  };
}

/** Whether the design has more rounds, and they could change the verdict. */
export function goesOn(design: Design, rounds: readonly Round[]): boolean {
  if (rounds.length >= (design.looks.at(-1)?.rounds ?? 0)) return false;
  if (headsOf(design).some((head) => lastingReasons(design, rounds, head).length > 0)) return false;
  if (effectsInvalid(design, rounds).length > 0) return false;
  if (!design.looks.some((look) => look.rounds === rounds.length)) return true;
  return judge(design, rounds).heads.some(
    ({ verdict }) => verdict === 'INCONCLUSIVE' || verdict === 'INVALID',
  );
}

function headsOf({ arms }: Design): number[] {
  return arms.slice(1).map((_, index) => index + 1);
}

/** The last look that was reached, the first when none was. */
function lookAfter({ looks }: Design, rounds: number): number {
  return Math.max(
    0,
    looks.findLastIndex((look) => look.rounds <= rounds),
  );
}

/** The most severe verdict of those metrics that gate. */
export function verdictOf(metrics: readonly MetricOutcome[]): Verdict {
  const deciding = metrics.filter(
    ({ gating, optional, points }) => gating && !(optional && points.length === 0),
  );
  return mostSevereVerdict(deciding.map(({ verdict }) => verdict));
}

const MOST_SEVERE_FIRST: readonly Verdict[] = ['INVALID', 'REGRESSED', 'INCONCLUSIVE', 'IMPROVED', 'OK'];

/** INCONCLUSIVE when there are none, since no verdict is not OK. */
function mostSevereVerdict(verdicts: readonly Verdict[]): Verdict {
  return MOST_SEVERE_FIRST.find((verdict) => verdicts.includes(verdict)) ?? 'INCONCLUSIVE';
}

/**
 * Ranks all arms by the first gating metric, each against each. An arm beats another when the one-sided signed-rank test
 * rejects that the other's values are at most its own, Holm-corrected over all pairs of arms and both directions. So the
 * chance that any arm beats an equal one is at most the alpha of the design. A significant difference may still be small:
 * the test is against a ratio of 1, not against the tolerated growth. A rank is one more than the number of arms that beat
 * it, so arms without a significant difference share one; they are in the order of their values, the better first.
 */
export function rankArms(design: Design, rounds: readonly Round[]): Judgement['ranking'] {
  const rule = design.rules.find(({ gating, kind }) => gating && kind === 'ratio');
  if (rule === undefined) return null;
  const arms = design.arms.map((_, arm) => arm);
  const duels = arms.flatMap((a) => arms.filter((b) => b !== a).map((b) => ({ faster: a, slower: b })));
  const pValues = duels.map(({ faster, slower }) => {
    const { pairs } = pairUp(rounds, gatingQuantile(design), slower, faster);
    return signedRankP(worseLogs(rule, judgedPoints(design, rule, pairs)), 0);
  });
  const judged = holm(pValues, design.alpha);
  const wins = duels.filter((_, index) => judged[index]?.rejected === true);
  const metric = parseMetric(rule.metric, design.ownSeries);
  const places = arms.map((arm) => {
    const views = pairUp(rounds, gatingQuantile(design), arm, arm).pairs.map(({ head }) => head);
    return {
      arm,
      rank: 1 + wins.filter(({ slower }) => slower === arm).length,
      value: metricValue(metric, aggregate(views)),
      beats: wins.filter(({ faster }) => faster === arm).map(({ slower }) => slower),
    };
  });
  const sign = worseSign(rule);
  const worse = ({ value }: (typeof places)[number]) =>
    value === null ? Number.POSITIVE_INFINITY : sign * value;
  places.sort((a, b) => a.rank - b.rank || (worse(a) === worse(b) ? 0 : worse(a) - worse(b)));
  return { metric: rule.metric, places, minRounds: roundsForRanking(design) };
}
