import type { Comparison, MetricOutcome, PairOutcome } from '../../result/comparison.ts';
import { COUNTS, FIGURES, isCount, isFigure } from '../../result/metrics.ts';
import { list, plural } from '../../text.ts';
import { formatPercent } from '../../units.ts';
import { briefly } from '../plain.ts';
import {
  armName,
  baseName,
  type Estimated,
  gatingOf,
  gradeOf,
  isEarly,
  isMoreBetter,
  pairTexts,
  ratioTexts,
  shortMetric,
} from './comparison-metrics.ts';

/** A metric in words: `delivery p50`, `slowest-receiver p50`, `server CPU/delivery`. */
export function metricLabel({ metric }: Pick<MetricOutcome, 'metric'>): string {
  if (isFigure(metric)) return FIGURES[metric].title;
  if (isCount(metric)) return COUNTS[metric].title;
  return metric.replace('fanout_last', 'slowest-receiver').replace('.', ' ');
}

/** The confidence of the interval of a metric: `97.3 %`; null without bounds. */
export function confidenceText({ lowerAlpha, upperAlpha }: MetricOutcome): string | null {
  if (lowerAlpha === null || upperAlpha === null) return null;
  return formatPercent(1 - lowerAlpha - upperAlpha);
}

/** The metric with base and head exchanged. */
function mirrored(metric: MetricOutcome): MetricOutcome {
  const inverse = (value: number | null) => (value === null || value === 0 ? null : 1 / value);
  const { ratio, lower, upper, lowerAlpha, upperAlpha } = metric;
  return {
    ...metric,
    ratio: inverse(ratio),
    lower: inverse(upper),
    upper: inverse(lower),
    lowerAlpha: upperAlpha,
    upperAlpha: lowerAlpha,
  };
}

/** `95 % CI 1.18-1.55`; where only one bound is known, that one; otherwise that there are too few rounds. */
function intervalClause(metric: MetricOutcome): string {
  const { lower, upper } = ratioTexts(metric);
  const level = confidenceText(metric);
  if (level === null || (lower === null && upper === null)) return 'too few rounds for an interval';
  if (lower !== null && upper !== null) return `${level} CI ${lower}-${upper}`;
  return lower === null ? `at most ${upper}x` : `at least ${lower}x`;
}

/** Whether the interval of the ratio excludes 1. */
export function isSignificant({ lower, upper }: Estimated): boolean {
  return (lower !== null && lower > 1) || (upper !== null && upper < 1);
}

export const isLatency = ({ metric, unit }: Pick<MetricOutcome, 'metric' | 'unit'>) =>
  unit === 'duration' && metric.includes('.');

/** Which side of a comparison is the subject of its sentence. */
type Subject = 'better' | 'head';

/**
 * The difference of two arms in one metric, as
 * `ws is 1.36x faster than socketio (delivery p50 0.960 ms vs 1.31 ms, 95 % CI 1.18-1.55)`. A ratio is at least 1 where
 * the difference is significant, so the subject may be either arm; the head of a gate stays the subject.
 */
export function ratioSentence(
  comparison: Comparison,
  { head }: PairOutcome,
  metric: MetricOutcome,
  subject: Subject,
): string {
  const { ratio } = metric;
  const [ofBase, ofHead] = [baseName(comparison), armName(comparison, head)];
  if (ratio === null) return shortMetric(metric);
  const { base, head: other } = pairTexts(metric);
  const label = metricLabel(metric);
  if (!isSignificant(metric)) {
    const { ratio: shown } = ratioTexts(metric);
    const evidence = `(${label} ${base} vs ${other}, ratio ${shown}, ${intervalClause(metric)})`;
    return `no significant difference between ${ofBase} and ${ofHead} ${evidence}`;
  }
  const isHeadBetter = ratio < 1 !== isMoreBetter(metric);
  const isHeadFirst = subject === 'head' || isHeadBetter;
  const large = ratio >= 1 ? metric : mirrored(metric);
  const { ratio: times } = ratioTexts(large);
  const [first, second] = isHeadFirst ? [ofHead, ofBase] : [ofBase, ofHead];
  const shownValues = isHeadFirst ? `${other} vs ${base}` : `${base} vs ${other}`;
  const evidence = `(${label} ${shownValues}, ${intervalClause(large)})`;
  const isFirstBetter = isHeadFirst === isHeadBetter;
  if (isLatency(metric))
    return `${first} is ${times}x ${isFirstBetter ? 'faster' : 'slower'} than ${second} ${evidence}`;
  const isFirstLarger = isHeadFirst === ratio >= 1;
  return `${first} has ${isFirstLarger ? 'more' : 'less'} ${label} than ${second} by ${times}x ${evidence}`;
}

/** The gating metrics of a verdict, those with a ratio first. */
function ofVerdict(comparison: Comparison, pair: PairOutcome): MetricOutcome[] {
  const all = gatingOf(pair).filter((metric) => gradeOf(comparison, pair, metric) === pair.verdict);
  return all.toSorted((a, b) => Number(a.ratio === null) - Number(b.ratio === null));
}

const MAX_OTHERS = 2;

function otherText(metric: MetricOutcome): string {
  return shortMetric(metric).replace(metric.metric, metricLabel(metric));
}

/** `; also lost 0 -> 12 and 2 more metrics` */
function othersText(metrics: readonly MetricOutcome[]): string {
  if (metrics.length === 0) return '';
  const left = metrics.length - MAX_OTHERS;
  const named = metrics.slice(0, MAX_OTHERS).map(otherText).join(', ');
  return `; also ${named}${left > 0 ? ` and ${left} more` : ''}`;
}

/** The conclusion of a gate: its verdict, then the metric that decided. */
function gateConclusion(comparison: Comparison, pair: PairOutcome): string {
  const [first, ...others] = ofVerdict(comparison, pair);
  if (first === undefined) return pair.verdict;
  const text = ratioSentence(comparison, pair, first, 'head');
  return `${pair.verdict}: ${text}${pair.verdict === 'OK' ? '' : othersText(others)}`;
}

/** The conclusion of one arm vs another, without the word of a verdict that says nothing more. Of several, each is a subject. */
function armsConclusion(comparison: Comparison, pair: PairOutcome): string {
  const first = gatingOf(pair).find(({ ratio }) => ratio !== null) ?? gatingOf(pair)[0];
  return first === undefined
    ? 'no metric was compared'
    : ratioSentence(comparison, pair, first, comparison.judgement.heads.length > 1 ? 'head' : 'better');
}

/** The conclusion of one arm vs the base in a sentence without a full stop. */
export function pairConclusion(comparison: Comparison, pair: PairOutcome): string {
  const { design, judgement } = comparison;
  const name = judgement.heads.length > 1 ? `${armName(comparison, pair.head)}: ` : '';
  if (pair.verdict === 'INVALID') {
    return `${name}INVALID: ${briefly(...pair.invalid.map(({ message }) => message)) || 'no valid pairs'}`;
  }
  if (isEarly(comparison)) {
    const needed = design.looks[judgement.look]?.rounds ?? 0;
    return `${name}INCONCLUSIVE: ${judgement.rounds} of ${needed} required rounds`;
  }
  if (pair.verdict !== 'INCONCLUSIVE') {
    return design.command === 'gate' ? gateConclusion(comparison, pair) : armsConclusion(comparison, pair);
  }
  const [first, ...others] = ofVerdict(comparison, pair);
  const more = others.length === 0 ? '' : `; ${plural(others.length, 'more metric')}`;
  return `${name}INCONCLUSIVE: ${first === undefined ? '' : `${metricLabel(first)}: ${first.because}`}${more}`;
}

/** What one arm of several is to the base. */
type Standing = 'better' | 'worse' | 'alike' | 'INCONCLUSIVE' | 'INVALID';

interface PlacedArm {
  readonly name: string;
  readonly standing: Standing;
  /** At least 1. */
  readonly ratio: number;
  /** `1.36x` */
  readonly times: string;
}

function placeArm(comparison: Comparison, pair: PairOutcome, metric: string): PlacedArm {
  const name = armName(comparison, pair.head);
  const without = { name, ratio: 1, times: '' };
  if (pair.verdict === 'INVALID' || isEarly(comparison)) {
    return { ...without, standing: pair.verdict === 'INVALID' ? 'INVALID' : 'INCONCLUSIVE' };
  }
  const own = gatingOf(pair).find((each) => each.metric === metric);
  if (own === undefined || own.ratio === null) return { ...without, standing: 'INCONCLUSIVE' };
  if (!isSignificant(own)) {
    return { ...without, standing: pair.verdict === 'INCONCLUSIVE' ? 'INCONCLUSIVE' : 'alike' };
  }
  const large = own.ratio >= 1 ? own : mirrored(own);
  const standing = own.ratio < 1 !== isMoreBetter(own) ? 'better' : 'worse';
  return { name, standing, ratio: large.ratio ?? 1, times: `${ratioTexts(large).ratio}x` };
}

/** `bun-ws is 1.80x and ws 1.36x` */
function timesText(arms: readonly PlacedArm[]): string {
  const sorted = arms.toSorted((a, b) => b.ratio - a.ratio);
  return list(sorted.map(({ name, times }, index) => `${name}${index === 0 ? ' is' : ''} ${times}`));
}

/**
 * How several arms differ from the base in the first gating metric, as
 * `bun-ws is 1.80x and ws 1.36x faster than socketio (delivery p50); nest does not differ significantly`.
 */
export function armsSentence(comparison: Comparison): string {
  const { heads } = comparison.judgement;
  const first = heads.flatMap(gatingOf).find(({ ratio }) => ratio !== null);
  const arms = heads.map((pair) => placeArm(comparison, pair, first?.metric ?? ''));
  const of = (standing: Standing) => arms.filter((arm) => arm.standing === standing);
  const names = (standing: Standing) => list(of(standing).map(({ name }) => name));
  const [better, worse] =
    first !== undefined && isLatency(first) ? ['faster', 'slower'] : ['better', 'worse'];
  const base = `${baseName(comparison)}${first === undefined ? '' : ` (${metricLabel(first)})`}`;
  const clause = (standing: Standing, text: string, preposition: string) =>
    of(standing).length === 0 ? [] : [{ text, preposition }];
  const verb = (standing: Standing, singular: string, several: string) =>
    of(standing).length === 1 ? singular : several;
  const compared = [
    ...clause('better', `${timesText(of('better'))} ${better}`, 'than'),
    ...clause('worse', `${timesText(of('worse'))} ${worse}`, 'than'),
    ...clause('alike', `${names('alike')} ${verb('alike', 'does', 'do')} not differ significantly`, 'from'),
  ];
  const unknown = (['INCONCLUSIVE', 'INVALID'] as const).flatMap((standing) =>
    clause(standing, `${names(standing)} ${verb(standing, 'is', 'are')} ${standing}`, ''),
  );
  return [
    ...compared.map(({ text, preposition }, index) =>
      index === 0 ? `${text} ${preposition} ${base}` : text,
    ),
    ...unknown.map(({ text }) => text),
  ].join('; ');
}
