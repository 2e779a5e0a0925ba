import { aggregate } from '../result/aggregate.ts';
import type { Design, MetricOutcome } from '../result/comparison.ts';
import { holm } from './holm.ts';
import { judgeCount } from './judge-count.ts';
import { judgeRatio, type Measured, measure } from './judge-ratio.ts';
import { metricValue, parseMetric } from './metric.ts';
import type { Observed } from './observed.ts';
import type { Pair } from './pairs.ts';
import { judgedPoints } from './points.ts';

/** Every metric of the design over the valid pairs, at one look. */
export function judgeMetrics(design: Design, pairs: readonly Pair[], look: number): MetricOutcome[] {
  const base = aggregate(pairs.map((pair) => pair.base));
  const head = aggregate(pairs.map((pair) => pair.head));
  const observed = design.rules.map((rule) => {
    const metric = parseMetric(rule.metric, design.ownSeries);
    const merged = { base: metricValue(metric, base), head: metricValue(metric, head) };
    return { rule, points: judgedPoints(design, rule, pairs), ...merged };
  });
  return judgeObserved(observed, design.looks[look]?.alpha ?? 0);
}

/** The same from the values alone; `alpha` is that of the look. */
export function judgeObserved(observed: readonly Observed[], alpha: number): MetricOutcome[] {
  const measured = observed.map(measure);
  const family = measured.filter(({ rule }) => rule.gating && rule.kind === 'ratio');
  const levels = (pick: (each: Measured) => number) => holm(family.map(pick), alpha);
  const regressed = levels(({ pRegressed }) => pRegressed);
  const improved = levels(({ pImproved }) => pImproved);
  const counts = measured.filter(({ rule }) => rule.gating && rule.kind === 'exact').length;
  return measured.map((each) => {
    if (each.rule.kind === 'exact') return judgeCount(each, each.rule.gating ? alpha / counts : alpha);
    const place = family.indexOf(each);
    return judgeRatio(each, regressed[place]?.level ?? alpha, improved[place]?.level ?? alpha);
  });
}
