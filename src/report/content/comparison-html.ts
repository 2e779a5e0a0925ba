import type { Comparison, MetricOutcome, PairOutcome } from '../../result/comparison.ts';
import { htmlDocument } from '../render/page/document.ts';
import { chartGroupHtml } from '../render/page/lines.ts';
import { escapeHtml } from '../render/page/markup.ts';
import { detailsHtml, headerHtml, listHtml } from '../render/page/parts.ts';
import { factsHtml, tableHtml } from '../render/page/tables.ts';
import { metricChart } from './comparison-charts.ts';
import { turnsText } from './comparison-circumstances.ts';
import { designFacts, excludedTexts, machineFacts, pairTitle, rankingTexts } from './comparison-facts.ts';
import { WHOLE_TITLE, wholeMessages } from './comparison-messages.ts';
import { metricNotes, metricTables } from './comparison-metric-table.ts';
import { armName, baseName, listed } from './comparison-names.ts';
import { mergedView } from './comparison-points.ts';
import { roundsTable } from './comparison-rounds.ts';
import { comparisonSeverity } from './comparison-severity.ts';
import { pairSentence, remarkTexts, verdictSentence } from './comparison-words.ts';
import { percentileChart } from './run-charts.ts';

function excludedHtml(comparison: Comparison, pair: PairOutcome): string {
  const texts = excludedTexts(comparison, pair);
  return texts.length === 0 ? '' : `<h3>Spoilt pairs</h3>\n${listHtml(texts.map(escapeHtml))}`;
}

/** One arm against the base. */
function pairHtml(comparison: Comparison, pair: PairOutcome): string {
  const { gating, told } = metricTables(comparison, pair);
  const figures = (metrics: readonly MetricOutcome[]) =>
    chartGroupHtml({
      form: 'dots',
      charts: metrics
        .map((metric) => metricChart(comparison, pair, metric))
        .filter((chart) => chart !== null),
    });
  const isAlone = comparison.judgement.heads.length === 1;
  return [
    '<section>',
    `<h2>${escapeHtml(pairTitle(comparison, pair))}</h2>`,
    isAlone ? '' : `<p class="load">${escapeHtml(pairSentence(comparison, pair))}</p>`,
    gating.rows.length === 0 ? '' : tableHtml('Judged by', gating),
    `<p class="note">${metricNotes(comparison, pair).map(escapeHtml).join('<br>')}</p>`,
    figures(pair.metrics.filter((metric) => metric.gating)),
    excludedHtml(comparison, pair),
    detailsHtml('Told, not judged by', [
      told.rows.length === 0 ? '' : tableHtml('Told, not judged by', told),
      figures(pair.metrics.filter((metric) => !metric.gating)),
    ]),
    detailsHtml('Every round', [tableHtml('Every round', roundsTable(comparison, pair))]),
    '</section>',
  ].join('\n');
}

/** The latencies of all arms, each over all its valid rounds; empty where none has any. */
function mergedHtml(comparison: Comparison): string {
  const merged = comparison.design.arms.flatMap((_, arm) => {
    const view = mergedView(comparison, arm);
    return view === null ? [] : [{ arm, view }];
  });
  const chart = percentileChart(merged.map(({ view }) => view));
  if (chart === null) return '';
  const runs = merged.map(({ arm }) => ({ label: armName(comparison, arm), colour: arm }));
  const charts = chartGroupHtml({ form: 'lines', runs, measureMs: null, charts: [chart] });
  return `<section>\n<h2>All valid rounds together</h2>\n${charts}\n</section>`;
}

function rankingHtml(comparison: Comparison): string {
  const texts = rankingTexts(comparison);
  return texts.length === 0
    ? ''
    : `<section>\n<h2>Ranking</h2>\n${listHtml(texts.map(escapeHtml))}\n</section>`;
}

function layoutHtml(comparison: Comparison): string {
  return [
    '<section>',
    '<h2>Design and environment</h2>',
    '<div class="pair">',
    factsHtml('Design', designFacts(comparison)),
    factsHtml('Environment', machineFacts(comparison)),
    '</div>',
    '</section>',
  ].join('\n');
}

function footerHtml(comparison: Comparison): string {
  const { startedAt, tool } = comparison;
  const when = escapeHtml(startedAt.slice(0, 10));
  return `<footer>Measured ${when} with ${escapeHtml(`${tool.name} ${tool.version}`)}. ${escapeHtml(turnsText(comparison))}</footer>`;
}

function pageTitle(comparison: Comparison): string {
  const { design, judgement } = comparison;
  const heads = listed(design.arms.slice(1).map((_, index) => armName(comparison, index + 1)));
  const scenarios = new Set(design.arms.map(({ plan }) => plan.scenario));
  return `${judgement.verdict}: ${heads} against ${baseName(comparison)}, ${[...scenarios].join(', ')} - sockbench`;
}

/** One page: the verdict, each arm against the base with the points of every round, then all there is to know. */
export function renderComparisonHtml(comparison: Comparison): string {
  const body = [
    headerHtml(
      comparisonSeverity(comparison),
      verdictSentence(comparison),
      remarkTexts(comparison).map(escapeHtml),
    ),
    detailsHtml(
      WHOLE_TITLE,
      wholeMessages(comparison).map((lines) => `<pre>${lines.map(escapeHtml).join('\n')}</pre>`),
    ),
    ...comparison.judgement.heads.map((pair) => pairHtml(comparison, pair)),
    mergedHtml(comparison),
    rankingHtml(comparison),
    layoutHtml(comparison),
    footerHtml(comparison),
  ];
  return htmlDocument({
    title: pageTitle(comparison),
    body: body.filter((part) => part !== '').join('\n'),
  });
}
