import { foreign } from '../../foreign.ts';
import type { Comparison } from '../../result/comparison.ts';
import {
  type Effects,
  type EffectsOfMetric,
  type FactorEffect,
  gatingEffects,
  levelLabel,
} from '../../result/effects.ts';
import { list, plural } from '../../text.ts';
import { formatPercent } from '../../units.ts';
import { briefly } from '../plain.ts';
import { isLatency, isSignificant, metricLabel } from './comparison-conclusion.ts';
import {
  armName,
  gatingOf,
  intervalText,
  isEarly,
  ratioTexts,
  shortMetric,
  valueIn,
} from './comparison-metrics.ts';
import { chooseUnit, type Heading, headingText, NO_VALUE, type Table } from './table.ts';

/** The short name of a level, safe for one line. */
export function levelName({ design }: Comparison, factor: number, level: number): string {
  return foreign(levelLabel(design.factors, factor, level));
}

/** The name of a level in a sentence: `polling`, `payload 4KiB`, `clients=100`. */
function levelPhrase(comparison: Comparison, factor: number, level: number): string {
  const label = levelName(comparison, factor, level);
  const isWord = /^[a-z/.]/i.test(label);
  return isWord ? label : `${foreign(comparison.design.factors[factor]?.name ?? '')} ${label}`;
}

/** `64B -> 4KiB`, `clients=10 -> 100` */
function changeOfLevel(comparison: Comparison, factor: number, level: number): string {
  const value = foreign(comparison.design.factors[factor]?.levels[level] ?? '');
  return `${levelName(comparison, factor, 0)} -> ${value}`;
}

/** `websocket -> polling` for a main effect, `polling at 64B -> 4KiB` for an interaction. */
export function effectName(comparison: Comparison, { factors, levels }: FactorEffect): string {
  const [first = 0, second] = factors;
  const [level = 0, ofSecond = 0] = levels;
  if (second === undefined) return changeOfLevel(comparison, first, level);
  return `${levelName(comparison, first, level)} at ${changeOfLevel(comparison, second, ofSecond)}`;
}

/** Both sides of an effect by their levels: `payload=64B` and `payload=4KiB`, each with `transport=polling vs websocket` before it for an interaction. */
export function effectSides({ design }: Comparison, { factors, levels }: FactorEffect): [string, string] {
  const levelValue = (factor: number, level: number) => design.factors[factor]?.levels[level] ?? '';
  const [first = 0, second] = factors;
  const [level = 0, ofSecond = 0] = levels;
  const varied = second ?? first;
  const named = (at: number) => `${design.factors[varied]?.name ?? ''}=${levelValue(varied, at)}`;
  if (second === undefined) return [foreign(named(0)), foreign(named(level))];
  const ratio = `${design.factors[first]?.name ?? ''}=${levelValue(first, level)} vs ${levelValue(first, 0)}`;
  return [foreign(`${ratio} at ${named(0)}`), foreign(`${ratio} at ${named(ofSecond)}`)];
}

/** A ratio inside an interaction: `2.05x`. */
function sideRatioText(ratio: number | null): string {
  const { ratio: text } = ratioTexts({ ratio, lower: null, upper: null });
  return text === null ? NO_VALUE : `${text}x`;
}

const isMain = ({ factors }: FactorEffect) => factors.length === 1;

const confidence = ({ alpha }: Effects) => formatPercent(1 - alpha);

function effectHeading(title: string, meaning: string, numeric: boolean): Heading {
  return { title, unit: null, meaning, numeric, isProse: false };
}

/** The effects on one metric: main effects, then interactions, whose sides are ratios. */
export function effectsTable(
  comparison: Comparison,
  effects: Effects,
  metric: EffectsOfMetric,
  title = 'effect',
): Table {
  const sides = metric.effects.filter(isMain).flatMap(({ from, to }) => [from, to]);
  const unit = chooseUnit(
    metric.unit,
    sides.filter((value) => value !== null),
  );
  const sideTitle = (title: string) => headingText({ title, unit: unit.name });
  return {
    headings: [
      effectHeading(title, 'the level that changes, and what it is compared with', false),
      effectHeading('ratio', 'to over from: Hodges-Lehmann estimate over the rounds', true),
      effectHeading(
        `${confidence(effects)} CI`,
        'of the ratio; all intervals of the table hold simultaneously',
        false,
      ),
      effectHeading(sideTitle('from'), 'with the first level; of an interaction, the effect there', true),
      effectHeading(sideTitle('to'), 'with the other level; of an interaction, the effect there', true),
    ],
    rows: metric.effects.map((effect) => {
      const side = (value: number | null) =>
        isMain(effect) ? valueIn(metric, unit, value) : sideRatioText(value);
      return [
        effectName(comparison, effect),
        ratioTexts(effect).ratio ?? NO_VALUE,
        intervalText(effect) ?? NO_VALUE,
        side(effect.from),
        side(effect.to),
      ];
    }),
  };
}

/** How to read the table. */
export function effectsNotes({ design }: Comparison, { metrics, rounds, alpha }: Effects): string[] {
  const others = design.factors.length === 2 ? 'the other factor' : 'the other factors';
  const intervals = metrics[0]?.effects.length ?? 0;
  return [
    `values: medians of ${plural(rounds, 'round')}, geometric means over ${others}`,
    `ratio: estimated from the rounds; all ${intervals} intervals hold simultaneously at ${formatPercent(1 - alpha)}`,
  ];
}

/** `takes 2.10x as long as websocket`, `has 2.10x the server CPU/delivery of websocket` */
function relation(metric: EffectsOfMetric, times: string, than: string): string {
  return isLatency(metric)
    ? `takes ${times}x as long as ${than}`
    : `has ${times}x the ${metricLabel(metric)} of ${than}`;
}

/** ` (1.90-2.30)`; nothing without bounds. */
function intervalPart(effect: FactorEffect, before = ''): string {
  const text = [before, intervalText(effect) ?? ''].filter((part) => part !== '').join(', ');
  return text === '' ? '' : ` (${text})`;
}

function mainClause(comparison: Comparison, metric: EffectsOfMetric, effect: FactorEffect): string {
  const [factor = 0, level = 0] = [effect.factors[0], effect.levels[0]];
  const subject = levelPhrase(comparison, factor, level);
  const than = levelName(comparison, factor, 0);
  const { ratio } = ratioTexts(effect);
  if (ratio === null) return `${subject} has no value to compare with ${than}`;
  const isUnclear = intervalText(effect) !== null && !isSignificant(effect);
  if (isUnclear)
    return `${subject} does not differ significantly from ${than}${intervalPart(effect, `${ratio}x`)}`;
  return `${subject} ${relation(metric, ratio, than)}${intervalPart(effect)}`;
}

/** How far an estimate is from no effect. */
const distance = ({ ratio }: FactorEffect) => (ratio === null ? -1 : Math.abs(Math.log(ratio)));

function farthest(effects: readonly FactorEffect[]): FactorEffect[] {
  return effects.toSorted((a, b) => distance(b) - distance(a)).slice(0, 1);
}

/** Of each factor the level with the largest effect, since the table has the others. */
function mainSentence(comparison: Comparison, effects: Effects, metric: EffectsOfMetric): string {
  const main = metric.effects.filter(isMain);
  const shown = comparison.design.factors.flatMap((_, factor) =>
    farthest(main.filter(({ factors }) => factors[0] === factor)),
  );
  const clauses = shown.map((effect) => mainClause(comparison, metric, effect)).join('; ');
  const hasIntervals = shown.some((effect) => intervalText(effect) !== null);
  const level = hasIntervals ? `${confidence(effects)} CI` : 'too few rounds for intervals';
  return `${metricLabel(metric)}, ${level}: ${clauses}`;
}

/** `polling takes 2.05x as long as websocket at 64B, 3.10x at 4KiB (ratio 1.51, 1.30-1.75)` */
function interactionClause(comparison: Comparison, metric: EffectsOfMetric, effect: FactorEffect): string {
  const [first = 0, second = 0] = effect.factors;
  const [level = 0, ofSecond = 0] = effect.levels;
  const { ratio } = ratioTexts(effect);
  const [at, then] = [effect.from, effect.to].map((side) => sideRatioText(side).replace(/x$/, ''));
  const than = levelName(comparison, first, 0);
  const sides = `${relation(metric, at ?? '', than)} at ${levelName(comparison, second, 0)}, ${then}x at ${levelName(comparison, second, ofSecond)}`;
  const estimate = intervalPart(effect, ratio === null ? 'no ratio' : `ratio ${ratio}`);
  return `${levelPhrase(comparison, first, level)} ${sides}${estimate}`;
}

function interactionSentence(comparison: Comparison, metric: EffectsOfMetric): string {
  const interactions = metric.effects.filter((effect) => !isMain(effect));
  const known = interactions.filter((effect) => intervalText(effect) !== null);
  const significant = known.filter(isSignificant);
  const [shown] = farthest(significant.length > 0 ? significant : interactions);
  if (shown === undefined) return 'no interactions';
  const clause = interactionClause(comparison, metric, shown);
  if (known.length === 0) return `interactions: ${clause}`;
  if (significant.length === 0) return `no significant interaction: ${clause}`;
  const more = significant.length - 1;
  return `interaction: ${clause}${more === 0 ? '' : `; ${more} more`}`;
}

/** The effects on the first gating metric, one sentence for main effects and one for interactions, without full stops. */
export function effectsConclusion(comparison: Comparison, effects: Effects): string[] {
  const { judgement, design } = comparison;
  if (judgement.verdict === 'INVALID') {
    const ofHeads = judgement.heads.flatMap(({ invalid }) => invalid);
    const findings = effects.invalid.length > 0 ? effects.invalid : ofHeads;
    return [`INVALID: ${briefly(...new Set(findings.map(({ message }) => message))) || 'no valid rounds'}`];
  }
  if (isEarly(comparison)) {
    const needed = design.looks[judgement.look]?.rounds ?? 0;
    return [`INCONCLUSIVE: ${judgement.rounds} of ${needed} required rounds`];
  }
  const [metric] = gatingEffects(effects);
  if (metric === undefined) return ['no metric was compared'];
  return [mainSentence(comparison, effects, metric), interactionSentence(comparison, metric)];
}

/** `transport=websocket,polling x payload=64B,4KiB` */
export function factorsText({ design }: Comparison): string {
  return design.factors.map(({ name, levels }) => foreign(`${name}=${levels.join(',')}`)).join(' x ');
}

/** Counts of faults that are not alike in all combinations: `polling 4KiB: lost 0 -> 12`. */
export function faultTexts(comparison: Comparison): string[] {
  return comparison.judgement.heads.flatMap((pair) =>
    gatingOf(pair)
      .filter(({ kind, verdict, points }) => kind === 'exact' && verdict !== 'OK' && points.length > 0)
      .map((metric) => `${armName(comparison, pair.head)}: ${shortMetric(metric)}`),
  );
}

/** `2 of 8 rounds`, and what was invalid in them. */
export function excludedRoundsText({ judgement }: Comparison, { excluded }: Effects): string | null {
  if (excluded.length === 0) return null;
  const reasons = judgement.heads.flatMap((pair) => pair.excluded).flatMap((each) => each.reasons);
  const codes = list(new Set(reasons.map(({ code }) => code)));
  return `${excluded.length} of ${plural(judgement.rounds, 'round')}${codes === '' ? '' : `: ${codes}`}`;
}
