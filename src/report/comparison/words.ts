import type { Comparison, MetricOutcome, PairOutcome, Verdict } from '../../result/comparison.ts';
import { formatPercent, plural } from '../../units.ts';
import { thresholdText } from '../facts.ts';
import { plain } from '../plain.ts';
import { adviceFor } from './advice.ts';
import { metricSentence, noticedText, toleratedText, withinText } from './metric-words.ts';
import { armName, baseName, listed } from './names.ts';

const gatingOf = ({ metrics }: PairOutcome) => metrics.filter(({ gating }) => gating);

const ofVerdict = (metrics: readonly MetricOutcome[], verdict: Verdict) =>
  metrics.filter((metric) => metric.verdict === verdict);

type Quality = 'speed' | 'cost' | 'faults';

function qualityOf({ metric, kind, unit }: MetricOutcome): Quality {
  if (kind === 'exact' || unit === 'count') return 'faults';
  if (unit === 'rate') return 'speed';
  return unit === 'duration' && !metric.startsWith('server_cpu') ? 'speed' : 'cost';
}

const COMPARATIVES: Readonly<Record<Quality, Readonly<Record<'REGRESSED' | 'IMPROVED', string>>>> = {
  speed: { REGRESSED: 'slower', IMPROVED: 'faster' },
  cost: { REGRESSED: 'dearer', IMPROVED: 'cheaper' },
  faults: { REGRESSED: 'less reliable', IMPROVED: 'more reliable' },
};

/** `slower and dearer`; empty when no gating metric has this verdict. */
function comparativeText(metrics: readonly MetricOutcome[], verdict: 'REGRESSED' | 'IMPROVED'): string {
  const words = ofVerdict(metrics, verdict).map((metric) => COMPARATIVES[qualityOf(metric)][verdict]);
  return listed([...new Set(words)]);
}

/** How sure a REGRESSED is: what chance has no part in is not an alarm that could be false. */
function alarmText({ design }: Comparison, changed: readonly MetricOutcome[]): string {
  if (changed.every(({ kind }) => kind === 'exact')) return '';
  const alike = design.command === 'gate' ? 'equal builds' : 'equal arms';
  return `, false alarms in at most ${formatPercent(design.alpha)} of comparisons of ${alike}`;
}

/** How sure an IMPROVED is. */
function improvementText(changed: readonly MetricOutcome[]): string {
  const alphas = changed.map(({ upperAlpha }) => upperAlpha).filter((alpha) => alpha !== null);
  return alphas.length === 0 ? '' : `, wrong in at most ${formatPercent(Math.max(...alphas))} of comparisons`;
}

/** `REGRESSED: delivery.p50 of head is ...; 20 pairs, false alarms in at most 2 % of comparisons of equal builds` */
function changedText(comparison: Comparison, pair: PairOutcome, verdict: 'REGRESSED' | 'IMPROVED'): string {
  const gating = gatingOf(pair);
  const changed = ofVerdict(gating, verdict);
  const better = verdict === 'REGRESSED' ? ofVerdict(gating, 'IMPROVED') : [];
  const told = (metrics: readonly MetricOutcome[]) =>
    metrics.map((metric) => metricSentence(comparison, pair, metric)).join('; ');
  const than = `than ${baseName(comparison)}`;
  // Arms of a comparison are different things, of which the one has not got worse than the other.
  const opening =
    comparison.design.command === 'compare'
      ? `${armName(comparison, pair.head)} is ${comparativeText(gating, verdict)} ${than}: `
      : '';
  const also = better.length === 0 ? '' : `; but ${comparativeText(gating, 'IMPROVED')}: ${told(better)}`;
  const sure = verdict === 'REGRESSED' ? alarmText(comparison, changed) : improvementText(changed);
  return `${opening}${told(changed)}${also}; ${plural(pair.pairs, 'pair')}${sure}`;
}

function fineText(comparison: Comparison, pair: PairOutcome): string {
  const gating = gatingOf(pair);
  const base = baseName(comparison);
  const within = gating.map((metric) => withinText(metric, base)).join(', ');
  return `${armName(comparison, pair.head)} is not worse than ${base}${within === '' ? '' : `: ${within}`}; ${plural(pair.pairs, 'pair')}${noticedText(gating, '')}`;
}

/** Why nothing can be told although no gating metric is the reason: it ended before it was to be judged. */
function earlyText({ design, judgement }: Comparison): string {
  const needed = design.looks[judgement.look]?.rounds ?? 0;
  return judgement.rounds < needed ? `: ${judgement.rounds} rounds of the ${needed} that it takes` : '';
}

/** `; faster for sure: delivery.p50 of head is ...`; nothing when nothing is. */
function sureText(comparison: Comparison, pair: PairOutcome): string {
  const better = ofVerdict(gatingOf(pair), 'IMPROVED');
  if (better.length === 0) return '';
  const told = better.map((metric) => metricSentence(comparison, pair, metric)).join('; ');
  return `; ${comparativeText(better, 'IMPROVED')} for sure: ${told}`;
}

function unsureText(comparison: Comparison, pair: PairOutcome): string {
  const unsure = ofVerdict(gatingOf(pair), 'INCONCLUSIVE');
  const told = unsure.map((metric) => {
    const tolerated = metric.ratio === null ? '' : `, tolerated ${toleratedText(metric)}`;
    return `${metricSentence(comparison, pair, metric)}${tolerated}`;
  });
  const why = told.length === 0 ? earlyText(comparison) : `: ${told.join('; ')}`;
  return `whether ${armName(comparison, pair.head)} is worse than ${baseName(comparison)} cannot be told${why}${sureText(comparison, pair)}; ${plural(pair.pairs, 'pair')}${noticedText(unsure, 'only ')}`;
}

/** So that a sentence stays one. */
const MOST_REASONS = 3;

function nothingText(comparison: Comparison, { head, invalid }: PairOutcome): string {
  const messages = invalid.slice(0, MOST_REASONS).map(({ message }) => plain(message));
  if (invalid.length > MOST_REASONS) messages.push(`and ${invalid.length - MOST_REASONS} more`);
  const why = messages.join('; ');
  return `nothing can be said of ${armName(comparison, head)} against ${baseName(comparison)}${why === '' ? '' : `: ${why}`}`;
}

function pairText(comparison: Comparison, pair: PairOutcome): string {
  switch (pair.verdict) {
    case 'REGRESSED':
    case 'IMPROVED':
      return changedText(comparison, pair, pair.verdict);
    case 'OK':
      return fineText(comparison, pair);
    case 'INCONCLUSIVE':
      return unsureText(comparison, pair);
    case 'INVALID':
      return nothingText(comparison, pair);
  }
}

/** One arm against the base: the verdict, what was found, by how much and how sure. Safe for one line. */
export function pairSentence(comparison: Comparison, pair: PairOutcome): string {
  return `${pair.verdict}: ${pairText(comparison, pair)}`;
}

/** `REGRESSED: against ws: socketio, socketio polling REGRESSED; bun-ws OK` */
function severalText(comparison: Comparison): string {
  const { judgement } = comparison;
  const groups = Map.groupBy(judgement.heads, ({ verdict }) => verdict);
  const told = [...groups].map(
    ([verdict, pairs]) => `${pairs.map(({ head }) => armName(comparison, head)).join(', ')} ${verdict}`,
  );
  return `${judgement.verdict}: against ${baseName(comparison)}: ${told.join('; ') || 'nothing was compared'}`;
}

/** `; thresholds: 1 FAILED, 1 not judged of 3`; nothing when all passed. */
function thresholdsText({ thresholds }: Comparison): string {
  const failed = thresholds.filter(({ passed }) => passed === false).length;
  const unjudged = thresholds.filter(({ passed }) => passed === null).length;
  const told = [failed === 0 ? null : `${failed} FAILED`, unjudged === 0 ? null : `${unjudged} not judged`];
  const parts = told.filter((part) => part !== null);
  return parts.length === 0 ? '' : `; thresholds: ${parts.join(', ')} of ${thresholds.length}`;
}

/**
 * The sentence that begins every report of a comparison, with `PARTIAL, ` before it when it ended before its
 * design did. With several heads it lists who came to what, and {@link pairSentence} tells each.
 */
export function verdictSentence(comparison: Comparison): string {
  const { heads } = comparison.judgement;
  const [only] = heads;
  const told =
    only !== undefined && heads.length === 1 ? pairSentence(comparison, only) : severalText(comparison);
  const partial = comparison.status === 'partial' ? 'PARTIAL, ' : '';
  return `${partial}${told}${thresholdsText(comparison)}`;
}

/** Metrics that got worse but do not decide, each with its sentence: worth a look. */
export function asides(comparison: Comparison): string[] {
  const told = comparison.judgement.heads.filter(({ verdict }) => verdict !== 'INVALID');
  return told.flatMap((pair) =>
    ofVerdict(pair.metrics, 'REGRESSED')
      .filter(({ gating }) => !gating)
      .map((metric) => `told, not judged by: ${metricSentence(comparison, pair, metric)}`),
  );
}

/** What must be known with the verdict: each head of several, thresholds, asides, notes, and what to do. */
export function remarkTexts(comparison: Comparison): string[] {
  const { judgement, thresholds, notes } = comparison;
  const pairs = judgement.heads.length === 1 ? [] : judgement.heads;
  return [
    ...pairs.map((pair) => pairSentence(comparison, pair)),
    ...thresholds.map(thresholdText),
    ...asides(comparison),
    ...notes.map(({ message }) => `note: ${plain(message)}`),
    ...adviceFor(comparison).map((advice) => `advice: ${advice}`),
  ];
}

export { adviceFor, metricSentence };
