import type { Comparison, MetricOutcome, PairOutcome, Round, Verdict } from '../../result/comparison.ts';
import { FINDINGS, type FindingCode } from '../../result/findings.ts';
import { formatLimit } from '../../result/metrics.ts';
import { median } from '../../result/order-statistics.ts';
import type { RunResult } from '../../result/run-result.ts';
import { list, plural } from '../../text.ts';
import { formatPercent } from '../../units.ts';
import type { Severity } from '../blocks.ts';
import { briefly } from '../plain.ts';
import { effectsConclusion } from './comparison-effects.ts';
import {
  armName,
  baseName,
  gatingOf,
  gradeOf,
  isEarly,
  isMoreBetter,
  metricSentence,
  shortMetric,
} from './comparison-metrics.ts';

/** The first metric with its values, the others short: the table has all of them. */
function metricList([first, ...others]: readonly MetricOutcome[]): string[] {
  return first === undefined ? [] : [metricSentence(first), ...others.map(shortMetric)];
}

function ofGrade(comparison: Comparison, pair: PairOutcome, verdict: Verdict): MetricOutcome[] {
  return gatingOf(pair).filter((metric) => gradeOf(comparison, pair, metric) === verdict);
}

/** `15 pairs`, `15 pairs with a stored base` */
function pairsPart({ design }: Comparison, { pairs }: PairOutcome): string {
  return `${plural(pairs, 'pair')}${design.baseline === null ? '' : ' with a stored base'}`;
}

/** Whether the growth itself is tolerated and twice of it ruled out, not only the absolute difference. */
function isWithinGrowth(metric: MetricOutcome): boolean {
  const { ratio, lower, upper, delta } = metric;
  const [growth, most] = isMoreBetter(metric) ? [inverse(ratio), inverse(lower)] : [ratio, upper];
  return growth !== null && growth <= 1 + delta && most !== null && most <= 1 + 2 * delta;
}

function inverse(ratio: number | null): number | null {
  return ratio === null ? null : 1 / ratio;
}

/** `delivery.p50`, or `delivery.p50 (within 200 µs)` where only the absolute difference is tolerated. */
function passedName(metric: MetricOutcome): string {
  const isByFloor = metric.kind === 'ratio' && metric.floor > 0 && !isWithinGrowth(metric);
  return isByFloor ? `${metric.metric} (within ${formatLimit(metric.unit, metric.floor)})` : metric.metric;
}

/** The metrics with the verdict of the pair, those that improved beside it, and the number of pairs. */
function judgedParts(comparison: Comparison, pair: PairOutcome): string[] {
  const improved = pair.verdict === 'IMPROVED' ? [] : metricList(ofGrade(comparison, pair, 'IMPROVED'));
  return [
    ...metricList(ofGrade(comparison, pair, pair.verdict)),
    ...(improved.length === 0 ? [] : [`improved: ${improved.join('; ')}`]),
    pairsPart(comparison, pair),
  ];
}

function pairParts(comparison: Comparison, pair: PairOutcome): string[] {
  const { design, judgement } = comparison;
  if (pair.verdict === 'INVALID') {
    return [briefly(...pair.invalid.map(({ message }) => message)) || 'no valid pairs'];
  }
  if (pair.verdict === 'OK') {
    const passed = gatingOf(pair).map(passedName).join(', ');
    return [`no regression in ${passed}`, pairsPart(comparison, pair)];
  }
  if (pair.verdict !== 'INCONCLUSIVE' || !isEarly(comparison)) return judgedParts(comparison, pair);
  const needed = design.looks[judgement.look]?.rounds ?? 0;
  return [`${judgement.rounds} of ${plural(needed, 'required round')}`, pairsPart(comparison, pair)];
}

/**
 * The verdict line of one arm vs the base: `REGRESSED: delivery.p50 1.35x (1.24-1.46), 1.25 ms -> 1.66 ms; 15 pairs`.
 * A comparison, which has no base and head of the same thing, names both arms.
 */
export function pairSentence(comparison: Comparison, pair: PairOutcome): string {
  const { design, judgement } = comparison;
  const isNamed = design.command === 'compare' || judgement.heads.length > 1;
  const subject = isNamed ? `${armName(comparison, pair.head)} vs ${baseName(comparison)}: ` : '';
  return `${pair.verdict}: ${subject}${pairParts(comparison, pair).join('; ')}`;
}

/** `REGRESSED vs ws: socketio, socketio polling REGRESSED; bun-ws OK` */
function severalText(comparison: Comparison): string {
  const { judgement } = comparison;
  const groups = Map.groupBy(judgement.heads, ({ verdict }) => verdict);
  const counted = [...groups].map(
    ([verdict, pairs]) => `${pairs.map(({ head }) => armName(comparison, head)).join(', ')} ${verdict}`,
  );
  return `${judgement.verdict} vs ${baseName(comparison)}: ${counted.join('; ') || 'no arm was compared'}`;
}

/** What was found, without thresholds. */
function comparedText(comparison: Comparison): string {
  const { heads, effects } = comparison.judgement;
  if (effects !== null) return effectsConclusion(comparison, effects).join('; ');
  const [only] = heads;
  return only !== undefined && heads.length === 1 ? pairSentence(comparison, only) : severalText(comparison);
}

/** `; thresholds: 1 FAILED, 1 not judged of 3`; nothing when all passed. */
function thresholdsText({ thresholds }: Comparison): string {
  const failed = thresholds.filter(({ passed }) => passed === false).length;
  const unjudged = thresholds.filter(({ passed }) => passed === null).length;
  const parts = [
    ...(failed === 0 ? [] : [`${failed} FAILED`]),
    ...(unjudged === 0 ? [] : [`${unjudged} not judged`]),
  ];
  return parts.length === 0 ? '' : `; thresholds: ${parts.join(', ')} of ${thresholds.length}`;
}

/** The first line of every report of a comparison. It begins with `PARTIAL, ` when the comparison ended early. */
export function verdictSentence(comparison: Comparison): string {
  const partial = comparison.status === 'partial' ? 'PARTIAL, ' : '';
  return `${partial}${comparedText(comparison)}${thresholdsText(comparison)}`;
}

/** In how many of the judged rounds runs of each arm have a finding, and what those runs are; null where none has it. */
function roundsWith(
  comparison: Comparison,
  code: FindingCode,
  sizeText: (results: readonly RunResult[]) => string = () => '',
): string | null {
  const { design, rounds, judgement } = comparison;
  const judged: readonly Round[] = judgement.rounds === 0 ? rounds : rounds.slice(0, judgement.rounds);
  const runs = judged.flatMap((round) => round.runs);
  const counts = design.arms.flatMap((_, arm) => {
    const measured = runs.flatMap((run) => (run.arm === arm && run.result !== null ? [run.result] : []));
    const found = measured.filter(({ findings }) => findings.some((finding) => finding.code === code));
    const name = armName(comparison, arm);
    const count = `${found.length} of ${measured.length} rounds of ${name}${sizeText(found)}`;
    return found.length === 0 ? [] : [count];
  });
  return counts.length === 0 ? null : list(counts);
}

/** `SERVER OVERLOADED in 12 of 15 rounds of head: ...`, of the judged rounds; null where no server was. */
export function overloadText(comparison: Comparison): string | null {
  const counts = roundsWith(comparison, 'server_overloaded');
  if (counts === null) return null;
  return `SERVER OVERLOADED in ${counts}: latencies include a growing queue; ${FINDINGS.server_overloaded.remedy}`;
}

/** `latency drifted within 3 of 15 rounds of base (by -12 %) and ...`, of the judged rounds; null where none did. */
export function driftText(comparison: Comparison): string | null {
  const counts = roundsWith(comparison, 'drifting', (results) => ` (median ${medianDriftText(results)})`);
  return counts === null ? null : `latency drifted within ${counts}`;
}

/** The median drift of some runs, which have one each: `+12.3 %`. */
function medianDriftText(results: readonly RunResult[]): string {
  const drift = median(
    results.flatMap(({ steadiness }) =>
      (steadiness?.changes ?? []).slice(0, 1).map(({ fromNs, toNs }) => toNs / fromNs - 1),
    ),
  );
  return `${drift < 0 ? '-' : '+'}${formatPercent(Math.abs(drift))}`;
}

const SEVERITIES: Readonly<Record<Verdict, Severity>> = {
  REGRESSED: 'bad',
  INVALID: 'bad',
  INCONCLUSIVE: 'warning',
  IMPROVED: 'good',
  OK: 'good',
};

/** The verdict in a word. Effects are not judged by a tolerance: they are valid. */
export function verdictWord({ judgement: { verdict, effects } }: Comparison): string {
  return effects !== null && verdict === 'OK' ? 'VALID' : verdict;
}

/** The severity of the verdict. A failed threshold is as severe as a regression. */
export function comparisonSeverity(comparison: Comparison): Severity {
  const { judgement, status, thresholds } = comparison;
  const severity = SEVERITIES[judgement.verdict];
  if (severity === 'bad' || thresholds.some(({ passed }) => passed === false)) return 'bad';
  const isDoubtful =
    status === 'partial' ||
    thresholds.some(({ passed }) => passed === null) ||
    overloadText(comparison) !== null;
  return isDoubtful ? 'warning' : severity;
}
