import type { Design, Round } from '../../result/comparison.ts';
import { formatMetric } from '../../result/metrics.ts';
import type { ProgressOf } from '../../result/progress.ts';
import type { RepeatedStart } from '../../result/repeated.ts';
import type { RunResult } from '../../result/run-result.ts';
import { viewResult } from '../../result/view.ts';
import { judgeMetrics } from '../../stats/judge-metrics.ts';
import { gatingQuantile, pairUp, pointsOf } from '../../stats/pairs.ts';
import { formatNs } from '../../units.ts';

/** What is known of a comparison after a round: the figures of that round, and the ratios so far. */
export function roundProgress(design: Design, rounds: readonly Round[]): Omit<ProgressOf<'round'>, 'atMs'> {
  const heads = design.arms.slice(1).map((_, index) => index + 1);
  const [rule] = design.rules;
  const common = {
    type: 'round' as const,
    round: rounds.length,
    rounds: design.looks.at(-1)?.rounds ?? 0,
    metric: rule?.metric ?? '',
    unit: rule?.unit ?? ('count' as const),
  };
  if (rule === undefined) return { ...common, figures: [], standings: [] };
  const figures = heads.flatMap((head) => {
    const { pairs, excluded } = pairUp(rounds.slice(-1), gatingQuantile(design), head);
    const [point] = pointsOf(design, rule, pairs);
    const reasons = excluded.flatMap((pair) => pair.reasons);
    const figureOf = (arm: number, value: number | undefined) => ({
      arm,
      value: value ?? null,
      excluded: reasons.find((reason) => reason.arm === arm)?.message ?? null,
    });
    return [...(head === 1 ? [figureOf(0, point?.base)] : []), figureOf(head, point?.head)];
  });
  const standings = heads.map((arm) => {
    const { pairs } = pairUp(rounds, gatingQuantile(design), arm);
    const [outcome] = judgeMetrics(design, pairs, design.looks.length - 1);
    const { base = null, head = null, ratio = null, lower = null, upper = null } = outcome ?? {};
    return { arm, pairs: pairs.length, base, head, ratio, lower, upper };
  });
  return { ...common, figures, standings };
}

/** What one start of a repeated run gave: the middle and the tail of its headline, or why it is invalid. */
export function startStep(
  { start, result, error }: RepeatedStart,
  steps: number,
): Omit<ProgressOf<'step'>, 'atMs'> {
  const reasons = error === null ? (result?.invalid ?? []) : [error];
  const isValid = reasons.length === 0;
  return {
    type: 'step',
    step: start,
    steps,
    title: `start ${start} of ${steps}`,
    outcome: isValid ? 'valid' : 'INVALID',
    detail: isValid && result !== null ? headlineText(result) : (reasons[0]?.message ?? ''),
  };
}

const SHOWN_QUANTILES = [
  ['p50', 0.5],
  ['p99', 0.99],
] as const;

/** `p50 1.31 ms, p99 4.2 ms`, without those that the samples are too few for. */
function headlineText(result: RunResult): string {
  const view = viewResult(result);
  return SHOWN_QUANTILES.flatMap(([name, quantile]) => {
    const valueNs = view.quantileNs(result.headline, quantile);
    return valueNs === null ? [] : [`${name} ${formatNs(valueNs)}`];
  }).join(', ');
}

/** `round 3 of at most 15: delivery.p50 ws 0.96 ms, socketio 1.31 ms` */
export function roundLine(
  arms: readonly string[],
  { round, rounds, metric, unit, figures }: ProgressOf<'round'>,
): string {
  const excluded = figures.flatMap((figure) =>
    figure.excluded === null ? [] : [`excluded, ${arms[figure.arm]}: ${figure.excluded}`],
  );
  const values = figures.flatMap(({ arm, value }) =>
    value === null ? [] : [`${arms[arm]} ${formatMetric(unit, value)}`],
  );
  const shown = [...(values.length === 0 ? [] : [`${metric} ${values.join(', ')}`]), ...excluded];
  return `round ${round} of at most ${rounds}: ${shown.join(', ')}`;
}

/** The line of a round in which a run is excluded; null when all of them count. */
export function excludedLine(arms: readonly string[], round: ProgressOf<'round'>): string | null {
  return round.figures.some(({ excluded }) => excluded !== null) ? roundLine(arms, round) : null;
}

/** `confirming 1,240/s: passed, fanout_last.p95 12.3 ms (11-14)` */
export function stepLine({ title, outcome, detail }: ProgressOf<'step'>): string {
  return `${title}: ${outcome}${detail === '' ? '' : `, ${detail}`}`;
}
