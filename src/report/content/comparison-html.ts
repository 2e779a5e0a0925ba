import type { Comparison, MetricOutcome, PairOutcome } from '../../result/comparison.ts';
import { htmlDocument, type PageAssets } from '../render/page/document.ts';
import { escapeHtml } from '../render/page/markup.ts';
import { detailsHtml, headerHtml, listHtml } from '../render/page/parts.ts';
import { factsHtml, tableHtml } from '../render/page/tables.ts';
import { turnsText } from './comparison-circumstances.ts';
import { designFacts, excludedTexts, machineFacts, pairTitle, rankingTexts } from './comparison-facts.ts';
import { figureHtml } from './comparison-figure.ts';
import { WHOLE_TITLE, wholeMessages } from './comparison-messages.ts';
import { metricNotes, metricTables } from './comparison-metric-table.ts';
import { armName, baseName, listed } from './comparison-names.ts';
import { mergedView } from './comparison-points.ts';
import { roundsTable } from './comparison-rounds.ts';
import { comparisonSeverity } from './comparison-severity.ts';
import { pairSentence, remarkTexts, verdictSentence } from './comparison-words.ts';
import { percentileChart } from './latency-charts.ts';
import { chartsHtml, type Section } from './run-section.ts';

function excludedHtml(comparison: Comparison, pair: PairOutcome): string {
  const texts = excludedTexts(comparison, pair);
  return texts.length === 0 ? '' : `<h3>Spoilt pairs</h3>\n${listHtml(texts.map(escapeHtml))}`;
}

/** One arm against the base. */
function pairHtml(comparison: Comparison, pair: PairOutcome): string {
  const { gating, told } = metricTables(comparison, pair);
  const figures = (metrics: readonly MetricOutcome[]) =>
    metrics.map((metric) => figureHtml(comparison, pair, metric));
  const isAlone = comparison.judgement.heads.length === 1;
  return [
    '<section>',
    `<h2>${escapeHtml(pairTitle(comparison, pair))}</h2>`,
    isAlone ? '' : `<p class="load">${escapeHtml(pairSentence(comparison, pair))}</p>`,
    gating.rows.length === 0 ? '' : tableHtml('Judged by', gating),
    `<p class="note">${metricNotes(comparison, pair).map(escapeHtml).join('<br>')}</p>`,
    ...figures(pair.metrics.filter((metric) => metric.gating)),
    excludedHtml(comparison, pair),
    detailsHtml('Told, not judged by', [
      told.rows.length === 0 ? '' : tableHtml('Told, not judged by', told),
      ...figures(pair.metrics.filter((metric) => !metric.gating)),
    ]),
    detailsHtml('Every round', [tableHtml('Every round', roundsTable(comparison, pair))]),
    '</section>',
  ].join('\n');
}

/** The latencies of all arms, each over all its valid rounds; null where none has any. */
function mergedSection(comparison: Comparison): Section | null {
  const merged = comparison.design.arms.flatMap((_, arm) => {
    const view = mergedView(comparison, arm);
    return view === null ? [] : [{ arm, view }];
  });
  const [first] = merged;
  const chart = percentileChart(merged.map(({ view }) => view));
  if (first === undefined || chart === null) return null;
  return {
    scenario: first.view.result.plan.scenario,
    views: merged.map(({ view }) => view),
    labels: merged.map(({ arm }) => armName(comparison, arm)),
    colours: merged.map(({ arm }) => arm),
    charts: [chart],
  };
}

function mergedHtml(section: Section | null): string {
  if (section === null) return '';
  return `<section>\n<h2>All valid rounds together</h2>\n${chartsHtml(section, 0)}\n</section>`;
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
export function renderComparisonHtml(comparison: Comparison, assets: PageAssets): string {
  const merged = mergedSection(comparison);
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
    mergedHtml(merged),
    rankingHtml(comparison),
    layoutHtml(comparison),
    footerHtml(comparison),
  ];
  const data =
    merged === null ? [] : [{ labels: merged.labels, colours: merged.colours, charts: merged.charts }];
  return htmlDocument(
    { title: pageTitle(comparison), body: body.filter((part) => part !== '').join('\n'), sections: data },
    assets,
  );
}
