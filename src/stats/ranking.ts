import { aggregate } from '../result/aggregate.ts';
import type { Design, Judgement, Round } from '../result/comparison.ts';
import { holm } from './holm.ts';
import { metricValue, parseMetric } from './metric.ts';
import { worseLogs } from './observed.ts';
import { pairUp } from './pairs.ts';
import { judgedPoints } from './points.ts';
import { signedRankP } from './signed-rank.ts';

type Ranking = NonNullable<Judgement['ranking']>;

/**
 * All arms by the first gating metric, each against each: an arm beats another when the signed-rank test
 * says that its ratios are not 1, Holm-corrected over all pairs of arms and both directions at the design's alpha.
 * A rank is one more than the number of arms that beat it, so that what cannot be told apart shares one.
 */
export function rankArms(design: Design, rounds: readonly Round[]): Ranking | null {
  const rule = design.rules.find(({ gating, kind }) => gating && kind === 'ratio');
  if (rule === undefined) return null;
  const arms = design.arms.map((_, arm) => arm);
  const duels = arms.flatMap((a) => arms.filter((b) => b !== a).map((b) => ({ faster: a, slower: b })));
  const pValues = duels.map(({ faster, slower }) => {
    const { pairs } = pairUp(rounds, slower, faster);
    return signedRankP(worseLogs(rule, judgedPoints(design, rule, pairs)), 0);
  });
  const judged = holm(pValues, design.alpha);
  const wins = duels.filter((_, index) => judged[index]?.rejected === true);
  const places = arms.map((arm) => ({
    arm,
    rank: 1 + wins.filter(({ slower }) => slower === arm).length,
    value: mergedValue(design, rule.metric, rounds, arm),
    beats: wins.filter(({ faster }) => faster === arm).map(({ slower }) => slower),
  }));
  return { metric: rule.metric, places: places.sort((a, b) => a.rank - b.rank) };
}

function mergedValue(
  { ownSeries }: Design,
  metric: string,
  rounds: readonly Round[],
  arm: number,
): number | null {
  const views = pairUp(rounds, arm, arm).pairs.map(({ head }) => head);
  return metricValue(parseMetric(metric, ownSeries), aggregate(views));
}
