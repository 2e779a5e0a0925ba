import type { Comparison, MetricOutcome, PairOutcome } from '../../result/comparison.ts';
import { type Effects, type EffectsOfMetric, gatingEffects } from '../../result/effects.ts';
import { list, plural } from '../../text.ts';
import { type Block, detailsBlock, notesBlock, type Report, tableBlock } from '../blocks.ts';
import { stripLines } from '../render/strip.ts';
import { metricChart } from './comparison-charts.ts';
import { metricLabel } from './comparison-conclusion.ts';
import { effectChart } from './comparison-effect-chart.ts';
import { effectsNotes, effectsTable, factorsText } from './comparison-effects.ts';
import { armsTable } from './comparison-ending.ts';
import { designFacts, environmentOfArms } from './comparison-facts.ts';
import { armName, baseName, INFORMATIONAL_TITLE, metricNotes, metricTable } from './comparison-metrics.ts';
import {
  comparisonNotes,
  excludedTexts,
  pairTitle,
  rankingTexts,
  turnsText,
  wholeMessages,
} from './comparison-notes.ts';
import { comparisonOpening } from './comparison-opening.ts';
import { combinationRoundsBlocks, mergedView, roundsBlocks } from './comparison-points.ts';
import { comparisonSeverity, verdictSentence } from './comparison-verdict.ts';
import { comparisonProfileBlocks } from './profiles.ts';
import { NOTHING_OVER_TIME } from './run-chart-group.ts';
import { percentileChart } from './run-charts.ts';

/** The values of every round, one chart for each metric; `text` stands in their place in a terminal. */
function roundChartBlocks(
  comparison: Comparison,
  pair: PairOutcome,
  metrics: readonly MetricOutcome[],
  text: readonly string[],
): Block[] {
  const charts = metrics
    .map((metric) => metricChart(comparison, pair, metric))
    .filter((chart) => chart !== null);
  if (charts.length === 0 && text.length === 0) return [];
  return [{ kind: 'charts', title: 'Ratio of each round', group: { form: 'dots', charts }, text }];
}

/** One arm vs the base. */
function pairBlocks(comparison: Comparison, pair: PairOutcome): Block[] {
  const gating = pair.metrics.filter((metric) => metric.gating);
  const informational = pair.metrics.filter((metric) => !metric.gating);
  return [
    { kind: 'heading', text: pairTitle(comparison, pair) },
    ...tableBlock('Metrics', metricTable(comparison, pair), metricNotes(comparison, pair)),
    ...roundChartBlocks(comparison, pair, gating, stripLines(pair)),
    ...detailsBlock('Excluded pairs', 'text', notesBlock(excludedTexts(comparison, pair))),
    ...detailsBlock(
      `Every round, ${INFORMATIONAL_TITLE}`,
      'html',
      roundChartBlocks(comparison, pair, informational, []),
    ),
    ...detailsBlock('Every round', 'html', roundsBlocks(comparison, pair)),
  ];
}

/** The effects on one metric, as a table and a chart. */
function effectsOfMetric(comparison: Comparison, effects: Effects, metric: EffectsOfMetric): Block[] {
  const title = `Effects on ${metricLabel(metric)}`;
  const chart = effectChart(comparison, metric);
  return [
    ...tableBlock(title, effectsTable(comparison, effects, metric), effectsNotes(comparison, effects)),
    ...(chart === null
      ? []
      : [{ kind: 'charts', title: '', group: { form: 'dots', charts: [chart] }, text: [] } as const]),
  ];
}

/** What factors do: the first gating metric, and the others in folds; then a row for each combination. */
function effectsBlocks(comparison: Comparison, effects: Effects): Block[] {
  const [first, ...others] = gatingEffects(effects);
  const informational = effects.metrics.filter((metric) => !gatingEffects(effects).includes(metric));
  const combinations = armsTable(comparison);
  const blocksOf = (metrics: readonly EffectsOfMetric[]) =>
    metrics.flatMap((metric) => effectsOfMetric(comparison, effects, metric));
  return [
    { kind: 'heading', text: `Effects: ${plural(effects.rounds, 'valid round')}` },
    ...(first === undefined ? [] : effectsOfMetric(comparison, effects, first)),
    ...detailsBlock('Effects on other gating metrics', 'text', blocksOf(others)),
    ...detailsBlock(`Effects, ${INFORMATIONAL_TITLE}`, 'html', blocksOf(informational)),
    ...(combinations === null ? [] : tableBlock('Combinations', combinations)),
    ...detailsBlock(`Every metric, vs ${baseName(comparison)}`, 'text', combinationBlocks(comparison)),
    ...detailsBlock('Every round', 'html', combinationRoundsBlocks(comparison, first)),
  ];
}

/** All metrics of each combination vs the first, and the rounds that do not count. */
function combinationBlocks(comparison: Comparison): Block[] {
  return comparison.judgement.heads.flatMap((pair) => [
    ...tableBlock(pairTitle(comparison, pair), metricTable(comparison, pair), metricNotes(comparison, pair)),
    ...notesBlock(excludedTexts(comparison, pair)),
  ]);
}

/** The latency of all arms, each over all its valid rounds; nothing where no arm has any. */
function mergedBlocks(comparison: Comparison): Block[] {
  const merged = comparison.design.arms.flatMap((_, arm) => {
    const view = mergedView(comparison, arm);
    return view === null ? [] : [{ arm, view }];
  });
  const chart = percentileChart(merged.map(({ view }) => view));
  if (chart === null) return [];
  const runs = merged.map(({ arm }) => ({ label: armName(comparison, arm), colour: arm }));
  return [
    {
      kind: 'charts',
      title: 'All valid rounds together',
      group: { ...NOTHING_OVER_TIME, runs, charts: [chart] },
      text: [],
    },
  ];
}

function messageBlocks(comparison: Comparison): Block[] {
  const messages = wholeMessages(comparison).map(
    (lines): Block => ({ kind: 'lines', title: 'Messages in full', lines }),
  );
  return detailsBlock('Messages in full', 'text', messages);
}

function comparisonTitle(comparison: Comparison): string {
  const { design, judgement } = comparison;
  const scenario = [...new Set(design.arms.map(({ plan }) => plan.scenario))].join(', ');
  if (judgement.effects !== null) return `${factorsText(comparison)}, ${scenario} - sockbench`;
  const heads = list(design.arms.slice(1).map((_, index) => armName(comparison, index + 1)));
  return `${judgement.verdict}: ${heads} vs ${baseName(comparison)}, ${scenario} - sockbench`;
}

/** The report of a comparison: the verdict, each arm vs the base, the ranking, design and environment. */
export function comparisonReport(comparison: Comparison): Report {
  const { startedAt, tool } = comparison;
  const { effects } = comparison.judgement;
  const ranking = rankingTexts(comparison);
  const verdict: Block = {
    kind: 'verdict',
    severity: comparisonSeverity(comparison),
    text: verdictSentence(comparison),
    notes: comparisonNotes(comparison),
  };
  return {
    title: comparisonTitle(comparison),
    blocks: [
      verdict,
      comparisonOpening(comparison),
      ...messageBlocks(comparison),
      ...(effects === null
        ? comparison.judgement.heads.flatMap((pair) => pairBlocks(comparison, pair))
        : effectsBlocks(comparison, effects)),
      ...mergedBlocks(comparison),
      ...comparisonProfileBlocks(comparison),
      ...(ranking.length === 0 ? [] : [{ kind: 'heading', text: 'Ranking' } as const]),
      ...notesBlock(ranking),
      ...detailsBlock('Design and environment', 'text', [
        { kind: 'facts', title: 'Design', facts: designFacts(comparison) },
        { kind: 'facts', title: 'Environment', facts: environmentOfArms(comparison) },
      ]),
    ],
    footer: `Measured ${startedAt.slice(0, 10)} with ${tool.name} ${tool.version}. ${turnsText(comparison)}`,
  };
}
