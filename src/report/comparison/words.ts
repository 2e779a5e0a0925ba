import type { Comparison, MetricOutcome, PairOutcome, Verdict } from '../../result/comparison.ts';
import { formatPercent, plural } from '../../units.ts';
import { plain } from '../plain.ts';
import { growthText, intervalText, ratioTexts, valueText } from './numbers.ts';

/** The name of an arm, safe for one line. */
export function armName({ design }: Comparison, arm: number): string {
  return plain(design.arms[arm]?.name ?? `arm ${arm + 1}`);
}

export const baseName = (comparison: Comparison) => armName(comparison, 0);

const gatingOf = ({ metrics }: PairOutcome) => metrics.filter(({ gating }) => gating);

const ofVerdict = (metrics: readonly MetricOutcome[], verdict: Verdict) =>
  metrics.filter((metric) => metric.verdict === verdict);

/** `a`, `a and b`, `a, b and c` */
export function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1) ?? ''}`;
}

/** `, 2.2 ms instead of 1.8 ms`; nothing where either is not known. */
function insteadText(metric: MetricOutcome): string {
  const { base, head } = metric;
  return base === null || head === null
    ? ''
    : `, ${valueText(metric, head)} instead of ${valueText(metric, base)}`;
}

/** ` (1.15 to 1.31)` */
const bracketed = (metric: MetricOutcome) => ` (${intervalText(metric) ?? 'too few rounds for bounds'})`;

/**
 * What one metric came to, in one clause: `delivery.p50 of head is 1.23 times that of base (1.15 to 1.31), 2.2 ms
 * instead of 1.8 ms`; `lost of head is 12 instead of 0`.
 */
export function metricSentence(comparison: Comparison, pair: PairOutcome, metric: MetricOutcome): string {
  const subject = `${plain(metric.metric)} of ${armName(comparison, pair.head)}`;
  if (metric.kind === 'exact' && metric.base !== null && metric.head !== null) {
    return `${subject} is ${valueText(metric, metric.head)} instead of ${valueText(metric, metric.base)}`;
  }
  const { ratio } = ratioTexts(metric);
  if (ratio === null) return `${subject} cannot be told: ${plain(metric.because)}`;
  return `${subject} is ${ratio} times that of ${baseName(comparison)}${bracketed(metric)}${insteadText(metric)}`;
}

type Quality = 'speed' | 'cost' | 'faults';

function qualityOf({ metric, kind, unit }: MetricOutcome): Quality {
  if (kind === 'exact' || unit === 'count') return 'faults';
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
  return alphas.length === 0
    ? ''
    : `, each a mistake in at most ${formatPercent(Math.max(...alphas))} of comparisons`;
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

/** `delivery.p50 is at most 1.04 times that of base (tolerated 1.10)` */
function withinText(metric: MetricOutcome, base: string): string {
  const name = plain(metric.metric);
  if (metric.kind === 'exact') {
    return `${name} is ${valueText(metric, metric.head)} as against ${valueText(metric, metric.base)}`;
  }
  const { ratio, upper } = ratioTexts(metric);
  if (upper !== null && metric.upper !== null && metric.upper <= 1 + metric.delta) {
    return `${name} is at most ${upper} times that of ${base} (tolerated ${formatPercent(metric.delta)} more)`;
  }
  if (ratio === null) return `${name}: ${plain(metric.because)}`;
  return `${name} is ${ratio} times that of ${base}${insteadText(metric)}, within ${valueText(metric, metric.floor)}`;
}

/** `; growth of delivery.p50 by 13 % would have been noticed in nine of ten comparisons` */
function noticedText(metrics: readonly MetricOutcome[], opening: string): string {
  const growths = metrics.flatMap(({ metric, detectable }) =>
    detectable === null || !Number.isFinite(detectable)
      ? []
      : [`of ${plain(metric)} ${growthText(detectable)}`],
  );
  if (growths.length === 0) return '';
  return `; ${opening} ${listed(growths)} would have been noticed in nine of ten comparisons`;
}

function fineText(comparison: Comparison, pair: PairOutcome): string {
  const gating = gatingOf(pair);
  const base = baseName(comparison);
  const within = gating.map((metric) => withinText(metric, base)).join(', ');
  return `${armName(comparison, pair.head)} is not worse than ${base}${within === '' ? '' : `: ${within}`}; ${plural(pair.pairs, 'pair')}${noticedText(gating, 'growth')}`;
}

function unsureText(comparison: Comparison, pair: PairOutcome): string {
  const unsure = ofVerdict(gatingOf(pair), 'INCONCLUSIVE');
  const told = unsure.map((metric) => {
    const tolerated = metric.ratio === null ? '' : `, tolerated ${formatPercent(metric.delta)} more`;
    return `${metricSentence(comparison, pair, metric)}${tolerated}`;
  });
  const why = told.length === 0 ? '' : `: ${told.join('; ')}`;
  return `whether ${armName(comparison, pair.head)} is worse than ${baseName(comparison)} cannot be told${why}; ${plural(pair.pairs, 'pair')}${noticedText(unsure, 'only growth')}`;
}

function nothingText(comparison: Comparison, { head, invalid }: PairOutcome): string {
  const why = invalid.map(({ message }) => plain(message)).join('; ');
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
  return comparison.judgement.heads.flatMap((pair) =>
    ofVerdict(pair.metrics, 'REGRESSED')
      .filter(({ gating }) => !gating)
      .map((metric) => `told, not judged by: ${metricSentence(comparison, pair, metric)}`),
  );
}

export type VerdictTone = 'good' | 'warning' | 'bad';

const TONES: Readonly<Record<Verdict, VerdictTone>> = {
  REGRESSED: 'bad',
  INVALID: 'bad',
  INCONCLUSIVE: 'warning',
  IMPROVED: 'good',
  OK: 'good',
};

/** How grave it is, for a colour; a failed threshold is as grave as a regression. */
export function comparisonTone({ judgement, status, thresholds }: Comparison): VerdictTone {
  const tone = TONES[judgement.verdict];
  if (tone === 'bad' || thresholds.some(({ passed }) => passed === false)) return 'bad';
  return status === 'partial' || thresholds.some(({ passed }) => passed === null) ? 'warning' : tone;
}

export { adviceFor } from './advice.ts';
