import type { ResultView } from '../../result/view.ts';
import type { Chart, LineStyle } from '../render/page/chart.ts';
import { escapeHtml } from '../render/page/markup.ts';
import { factsHtml, headlineHtml, notesHtml, swatchHtml, tableHtml } from '../render/page/tables.ts';
import { anomaliesNote, anomaliesTable } from './anomalies-table.ts';
import { headlineTables } from './headline.ts';
import { numbered, targetLabel } from './labels.ts';
import { lastReceiverChart, latencyChart, percentileChart } from './latency-charts.ts';
import { deliveryChart, lossChart, rateChart } from './load-charts.ts';
import { cpuChart, loopDelayChart, memoryChart } from './process-charts.ts';
import { processTable } from './process-table.ts';
import { environmentFacts, loadText, planFacts, resultFacts } from './run-facts.ts';
import { explainedSeriesTable, seriesNote } from './series-table.ts';
import type { Table } from './table.ts';

/** Results of one scenario, shown on the same charts. */
export interface Section {
  readonly scenario: string;
  readonly views: readonly ResultView[];
  /** One for each view: the target, numbered where two are alike. */
  readonly labels: readonly string[];
  /** One for each view: which of the page's colours it has, from 0. */
  readonly colours: readonly number[];
  readonly charts: readonly Chart[];
}

const CHARTS = [
  percentileChart,
  latencyChart,
  lastReceiverChart,
  rateChart,
  deliveryChart,
  lossChart,
  cpuChart,
  loopDelayChart,
  memoryChart,
];

/** Groups results by scenario; a target has the same colour in every section. */
export function makeSections(views: readonly ResultView[]): Section[] {
  const groups = Map.groupBy(views, ({ result }) => result.plan.scenario);
  const palette = new Map<string, number>();
  return [...groups].map(([scenario, members]) => {
    const labels = numbered(members.map(({ result }) => targetLabel(result)));
    for (const label of labels) palette.set(label, palette.get(label) ?? palette.size);
    return {
      scenario,
      views: members,
      labels,
      colours: labels.map((label) => palette.get(label) ?? 0),
      charts: CHARTS.map((chart) => chart(members)).filter((chart) => chart !== null),
    };
  });
}

const DASHES: Readonly<Record<LineStyle, string>> = { solid: '', dashed: '7 4', dotted: '2 3' };

/** What the styles of a chart's lines stand for; nothing where all are alike. */
function keyHtml({ lines }: Chart): string {
  const styles = new Map(lines.map(({ label, style }) => [label, style]));
  if (styles.size < 2) return '';
  const keys = [...styles].map(([label, style]) => {
    const stroke = `<path d="M0 4H26" stroke-dasharray="${DASHES[style]}"/>`;
    return `<span class="key"><svg viewBox="0 0 26 8" aria-hidden="true">${stroke}</svg>${escapeHtml(label)}</span>`;
  });
  return `<span class="keys">${keys.join(' ')}</span>`;
}

function chartHtml(chart: Chart, id: string): string {
  const unit = chart.unit === null ? '' : `, ${chart.unit}`;
  const scale = chart.logarithmicY ? ' (logarithmic)' : '';
  return [
    `<figure${chart.xAxis === 'odds' ? ' class="wide"' : ''}>`,
    `<figcaption><strong>${escapeHtml(`${chart.title}${unit}${scale}`)}</strong> ${keyHtml(chart)}`,
    `<span class="note">${escapeHtml(chart.note)}</span></figcaption>`,
    `<div class="plot" data-chart="${id}"></div>`,
    '</figure>',
  ].join('\n');
}

/** Colours of the runs; each a button that hides and shows its lines. Shown by the script only. */
function legendHtml({ labels, colours }: Section, index: number): string {
  const items = labels.map(
    (label, run) =>
      `<button type="button" aria-pressed="true" data-run="${run}">${swatchHtml(colours[run] ?? 0)}${escapeHtml(label)}</button>`,
  );
  return `<div class="legend" data-section="${index}" role="group" aria-label="Runs shown in the charts" hidden>${items.join('\n')}</div>`;
}

/** The charts of a section and the names of its lines; drawn by the script. */
export function chartsHtml(section: Section, index: number): string {
  return [
    legendHtml(section, index),
    '<noscript><p class="note">Charts need JavaScript; every table is complete without it.</p></noscript>',
    '<div class="charts">',
    ...section.charts.map((chart, chartIndex) => chartHtml(chart, `${index}.${chartIndex}`)),
    '</div>',
  ].join('\n');
}

const optionalTable = (caption: string, table: Table | null) =>
  table === null ? '' : tableHtml(caption, table);

/** Everything about one result that the headline leaves out. */
function detailsHtml(view: ResultView, label: string, open: boolean): string {
  const { result } = view;
  const note = seriesNote(view);
  const anomalies = anomaliesNote(result);
  return [
    `<details${open ? ' open' : ''}><summary>${escapeHtml(label)}: all figures, plan and environment</summary>`,
    factsHtml('Run', resultFacts(result)),
    optionalTable('Every series', explainedSeriesTable(view)),
    notesHtml(note === null ? [] : [`- ${note}`]),
    optionalTable('Receivers with anything irregular', anomaliesTable(result)),
    notesHtml(anomalies === null ? [] : [anomalies]),
    optionalTable('Server and generator', processTable(result)),
    '<div class="pair">',
    factsHtml('Plan', planFacts(result)),
    factsHtml('Environment', environmentFacts(result)),
    '</div>',
    '</details>',
  ].join('\n');
}

/** The load of all runs, said once when it is the same. */
function loadHtml({ views, labels }: Section): string {
  const loads = views.map(({ result }) => loadText(result));
  const told =
    new Set(loads).size === 1 ? loads.slice(0, 1) : loads.map((load, run) => `${labels[run] ?? ''}: ${load}`);
  return `<p class="load">${told.map(escapeHtml).join('<br>')}</p>`;
}

/** Tables, charts and details of one scenario. */
export function sectionHtml(section: Section, index: number): string {
  const { scenario, views, labels, charts } = section;
  const alone = views.length === 1;
  const marks = labels.map((label, run) => ({ label, colour: section.colours[run] ?? 0 }));
  return [
    '<section>',
    `<h2>${escapeHtml(alone ? `${scenario} on ${labels[0] ?? ''}` : scenario)}</h2>`,
    loadHtml(section),
    // The heading above names the scenario of all rows.
    ...headlineTables(views, ['scenario']).map((table) => headlineHtml(table, marks)),
    charts.length === 0 ? '' : chartsHtml(section, index),
    ...views.map((view, run) => detailsHtml(view, labels[run] ?? '', alone)),
    '</section>',
  ].join('\n');
}
