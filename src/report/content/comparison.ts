import type { Comparison, MetricOutcome, PairOutcome } from '../../result/comparison.ts';
import { list } from '../../text.ts';
import { type Block, detailsBlock, notesBlock, type Report, tableBlock } from '../blocks.ts';
import { stripLines } from '../render/strip.ts';
import { metricChart } from './comparison-charts.ts';
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
import { mergedView, roundsBlocks } from './comparison-points.ts';
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
  const heads = list(design.arms.slice(1).map((_, index) => armName(comparison, index + 1)));
  const scenarios = new Set(design.arms.map(({ plan }) => plan.scenario));
  return `${judgement.verdict}: ${heads} vs ${baseName(comparison)}, ${[...scenarios].join(', ')} - sockbench`;
}

/** The report of a comparison: the verdict, each arm vs the base, the ranking, design and environment. */
export function comparisonReport(comparison: Comparison): Report {
  const { startedAt, tool } = comparison;
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
      ...comparison.judgement.heads.flatMap((pair) => pairBlocks(comparison, pair)),
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
