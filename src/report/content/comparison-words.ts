import type { Comparison, MetricOutcome, PairOutcome, Verdict } from '../../result/comparison.ts';
import { plural } from '../../text.ts';
import { formatPercent } from '../../units.ts';
import { plain } from '../plain.ts';
import { briefly, brieflyAll } from './brief.ts';
import { adviceFor } from './comparison-advice.ts';
import { overloadText, storedBaseText } from './comparison-circumstances.ts';
import { decidingOf, gradeOf, isEarly, isUnjudged } from './comparison-grade.ts';
import {
  faultsText,
  metricSentence,
  metricSentences,
  noticedText,
  toleratedText,
  withinText,
} from './comparison-metric-words.ts';
import { armName, baseName, listed } from './comparison-names.ts';
import { ratioTexts } from './comparison-numbers.ts';
import { thresholdText } from './run-facts.ts';

/** The metrics that decide and came to this. */
function ofGrade(comparison: Comparison, pair: PairOutcome, verdict: Verdict): MetricOutcome[] {
  return decidingOf(pair).filter((metric) => gradeOf(comparison, pair, metric) === verdict);
}

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

/** `slower and dearer`; empty without metrics. */
function comparativeText(metrics: readonly MetricOutcome[], verdict: 'REGRESSED' | 'IMPROVED'): string {
  return listed([...new Set(metrics.map((metric) => COMPARATIVES[qualityOf(metric)][verdict]))]);
}

/**
 * How sure it is, as far as ratios say it: the design bounds how often those of equal arms do. Counts come on top. Nobody knows it of a base that did not take turns.
 */
function sureText({ design }: Comparison, changed: readonly MetricOutcome[], verdict: Verdict): string {
  if (design.baseline !== null) return ' with a base measured at another time';
  if (changed.every(({ kind }) => kind === 'exact')) return '';
  const alike = design.command === 'gate' ? 'equal builds' : 'equal arms';
  return `, by ratios ${alike} are called ${verdict} in at most ${formatPercent(design.alpha)} of comparisons`;
}

/** `; but delivery.p99, which is told only, is 3.10 times that of base`; nothing when none of those got worse. */
function toldText(comparison: Comparison, pair: PairOutcome): string {
  const worse = pair.metrics.filter(
    (metric) => !metric.gating && gradeOf(comparison, pair, metric) === 'REGRESSED',
  );
  const [worst] = worse.toSorted(
    (a, b) => Math.abs(Math.log(b.ratio ?? 1)) - Math.abs(Math.log(a.ratio ?? 1)),
  );
  const ratio = worst === undefined ? null : ratioTexts(worst).ratio;
  if (worst === undefined || ratio === null) return '';
  const others =
    worse.length === 1
      ? ''
      : `, and ${worse.length - 1} more such ${worse.length === 2 ? 'is' : 'are'} worse`;
  return `; but ${plain(worst.metric)}, which is told only, is ${ratio} times that of ${baseName(comparison)}${others}`;
}

/** `REGRESSED: delivery.p50 of head is ...; 20 pairs, by ratios equal builds are called REGRESSED in at most 2 % of ...` */
function changedText(comparison: Comparison, pair: PairOutcome, verdict: 'REGRESSED' | 'IMPROVED'): string {
  const changed = ofGrade(comparison, pair, verdict);
  const better = verdict === 'REGRESSED' ? ofGrade(comparison, pair, 'IMPROVED') : [];
  const told = (metrics: readonly MetricOutcome[]) => metricSentences(comparison, pair, metrics);
  const than = `than ${baseName(comparison)}`;
  // Arms of a comparison are different things, of which the one has not got worse than the other.
  const opening =
    comparison.design.command === 'compare'
      ? `${armName(comparison, pair.head)} is ${comparativeText(changed, verdict)} ${than}: `
      : '';
  const also = better.length === 0 ? '' : `; but ${comparativeText(better, 'IMPROVED')}: ${told(better)}`;
  const aside = verdict === 'IMPROVED' ? toldText(comparison, pair) : '';
  return `${opening}${told(changed)}${also}; ${plural(pair.pairs, 'pair')}${sureText(comparison, changed, verdict)}${aside}`;
}

function fineText(comparison: Comparison, pair: PairOutcome): string {
  const deciding = decidingOf(pair);
  const base = baseName(comparison);
  const judged = deciding.filter(({ kind }) => kind === 'ratio').map(withinText);
  const by = ` by ${judged.length === 0 ? 'counts alone' : listed(judged)}`;
  const stored = comparison.design.baseline === null ? '' : sureText(comparison, [], 'OK');
  return `${armName(comparison, pair.head)} is not worse than ${base}${by}${faultsText(deciding)}; ${plural(pair.pairs, 'pair')}${stored}${noticedText(deciding, '')}${toldText(comparison, pair)}`;
}

/** `; faster for sure: delivery.p50 of head is ...`; nothing when nothing is. */
function betterText(comparison: Comparison, pair: PairOutcome): string {
  const better = ofGrade(comparison, pair, 'IMPROVED');
  if (better.length === 0) return '';
  return `; ${comparativeText(better, 'IMPROVED')} for sure: ${metricSentences(comparison, pair, better)}`;
}

function unsureText(comparison: Comparison, pair: PairOutcome): string {
  const { design, judgement } = comparison;
  const opening = `whether ${armName(comparison, pair.head)} is worse than ${baseName(comparison)} cannot be told`;
  const pairs = plural(pair.pairs, 'pair');
  if (isEarly(comparison)) {
    return `${opening}: ${plural(judgement.rounds, 'round')} of the ${design.looks[judgement.look]?.rounds} that it takes; ${pairs}`;
  }
  const unsure = ofGrade(comparison, pair, 'INCONCLUSIVE');
  const [only] = unsure;
  const tolerated =
    only === undefined || unsure.length > 1 || only.ratio === null
      ? ''
      : `, tolerated ${toleratedText(only)}`;
  const told = metricSentences(comparison, pair, unsure);
  const why = told === '' ? '' : `: ${told}${tolerated}`;
  return `${opening}${why}${betterText(comparison, pair)}; ${pairs}${noticedText(unsure, 'only ')}`;
}

function nothingText(comparison: Comparison, { head, invalid }: PairOutcome): string {
  const why = brieflyAll(invalid.map(({ message }) => message));
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
function asides(comparison: Comparison): string[] {
  return comparison.judgement.heads.flatMap((pair) =>
    pair.metrics
      .filter((metric) => !metric.gating && gradeOf(comparison, pair, metric) === 'REGRESSED')
      .map((metric) => `told, not judged by: ${metricSentence(comparison, pair, metric)}`),
  );
}

/** Deciding metrics that no round has, each once. */
function unjudgedTexts({ judgement }: Comparison): string[] {
  const metrics = judgement.heads.flatMap(({ metrics }) => metrics.filter(isUnjudged));
  return [...new Set(metrics.map(({ metric, because }) => `${plain(metric)}: ${plain(because)}`))];
}

/** What the verdict must not be read without: notes, overloaded servers, a base measured at another time. */
export function noteTexts(comparison: Comparison): string[] {
  return [
    ...comparison.notes.map(({ message }) => `note: ${briefly(message)}`),
    overloadText(comparison),
    storedBaseText(comparison),
  ].filter((text) => text !== null);
}

/** With several heads, `socketio: passed: lost==0 (0)`. */
function thresholdTexts(comparison: Comparison): string[] {
  const isAlone = comparison.judgement.heads.length === 1;
  return comparison.thresholds.map((threshold) => {
    const text = thresholdText(threshold);
    return isAlone ? text : `${armName(comparison, threshold.arm)}: ${text}`;
  });
}

/** What must be known with the verdict: notes, each head of several, thresholds, asides, and what to do. */
export function remarkTexts(comparison: Comparison): string[] {
  const { judgement } = comparison;
  const pairs = judgement.heads.length === 1 ? [] : judgement.heads;
  return [
    ...noteTexts(comparison),
    ...pairs.map((pair) => pairSentence(comparison, pair)),
    ...thresholdTexts(comparison),
    ...unjudgedTexts(comparison),
    ...asides(comparison),
    ...adviceFor(comparison).map((advice) => `advice: ${advice}`),
  ];
}
