import type { ResultView } from '../../result/view.ts';
import type { ChartGroup } from '../charts.ts';
import { chartGroupHtml } from '../render/page/lines.ts';
import { escapeHtml } from '../render/page/markup.ts';
import { factsHtml, headlineHtml, notesHtml, tableHtml } from '../render/page/tables.ts';
import { anomaliesNote, anomaliesTable } from './anomalies-table.ts';
import { headlineTables } from './headline.ts';
import { numbered, targetLabel } from './labels.ts';
import { processTable } from './process-table.ts';
import { runCharts } from './run-charts.ts';
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
  readonly charts: ChartGroup;
}

/** Groups results by scenario; a target has the same colour in every section. */
export function makeSections(views: readonly ResultView[]): Section[] {
  const groups = Map.groupBy(views, ({ result }) => result.plan.scenario);
  const palette = new Map<string, number>();
  return [...groups].map(([scenario, members]) => {
    const labels = numbered(members.map(({ result }) => targetLabel(result)));
    for (const label of labels) palette.set(label, palette.get(label) ?? palette.size);
    const colours = labels.map((label) => palette.get(label) ?? 0);
    const charts: ChartGroup = {
      form: 'lines',
      runs: labels.map((label, run) => ({ label, colour: colours[run] ?? 0 })),
      measureMs: Math.max(...members.map(({ result }) => result.timing.measureMs)),
      charts: runCharts(members),
    };
    return { scenario, views: members, labels, colours, charts };
  });
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
export function sectionHtml(section: Section): string {
  const { scenario, views, labels, charts } = section;
  const alone = views.length === 1;
  const marks = labels.map((label, run) => ({ label, colour: section.colours[run] ?? 0 }));
  return [
    '<section>',
    `<h2>${escapeHtml(alone ? `${scenario} on ${labels[0] ?? ''}` : scenario)}</h2>`,
    loadHtml(section),
    // The heading above names the scenario of all rows.
    ...headlineTables(views, ['scenario']).map((table) => headlineHtml(table, marks)),
    chartGroupHtml(charts),
    ...views.map((view, run) => detailsHtml(view, labels[run] ?? '', alone)),
    '</section>',
  ].join('\n');
}
