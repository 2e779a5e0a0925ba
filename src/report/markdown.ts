import type { RunResult } from '../result/schema.ts';
import { type ResultView, viewResult } from '../result/view.ts';
import { environmentFacts, type Fact, planFacts, planLine, resultFacts } from './facts.ts';
import { headlineTables } from './headline.ts';
import { processTable } from './process-table.ts';
import { remarkLine, remarks } from './remarks.ts';
import { explainedSeriesTable, seriesNote } from './series-table.ts';
import { headingText, type Table } from './table.ts';
import { overallVerdict } from './verdict.ts';

/** Keeps text from being read as Markdown or HTML; `_` and `-` mean nothing within a cell. */
function escapeMarkdown(text: string): string {
  return text
    .replace(/[\\`*|[\]~]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => escapeMarkdown(cell.trim())).join(' | ')} |`;
}

function tableLines({ headings, rows }: Table): string[] {
  const rule = `| ${headings.map(({ numeric }) => (numeric ? '---:' : '---')).join(' | ')} |`;
  return [row(headings.map(headingText)), rule, ...rows.map(row)];
}

function factTable(facts: readonly Fact[]): string[] {
  return ['| | |', '| --- | --- |', ...facts.map(row)];
}

function headlineLines(views: readonly ResultView[]): string[] {
  return headlineTables(views).flatMap(({ title, table, notes }) => [
    '',
    `### ${title}`,
    '',
    ...tableLines(table),
    ...(notes.length === 0 ? [] : ['', ...notes.map(escapeMarkdown)]),
  ]);
}

/** A part that opens on a click; nothing when there is nothing in it. */
function details(title: string, lines: readonly string[]): string[] {
  return lines.length === 0
    ? []
    : ['', `<details><summary>${title}</summary>`, '', ...lines, '', '</details>'];
}

function seriesLines(view: ResultView): string[] {
  const table = explainedSeriesTable(view);
  const note = seriesNote(view);
  return [
    ...(table === null ? [] : tableLines(table)),
    ...(note === null ? [] : ['', `A dash: ${escapeMarkdown(note)}.`]),
  ];
}

function oneLines(view: ResultView): string[] {
  const { result } = view;
  const processes = processTable(result);
  return [
    '',
    escapeMarkdown(planLine(result)),
    ...headlineLines([view]),
    '',
    ...factTable(resultFacts(result)),
    ...details('Every series', seriesLines(view)),
    ...details('Server and generator', processes === null ? [] : tableLines(processes)),
    ...details('Plan', factTable(planFacts(result))),
    ...details('Environment', factTable(environmentFacts(result))),
  ];
}

/** For a pull request or a job summary: the verdict, the headline tables, and for one result all the rest. */
export function renderMarkdown(results: readonly RunResult[]): string {
  const views = results.map(viewResult);
  const [only] = views;
  const told = remarks(results).map((remark) => `- ${escapeMarkdown(remarkLine(remark))}`);
  const lines = [
    `**${escapeMarkdown(overallVerdict(results))}**`,
    ...(told.length === 0 ? [] : ['', ...told]),
    ...(only !== undefined && views.length === 1 ? oneLines(only) : headlineLines(views)),
  ];
  return `${lines.join('\n')}\n`;
}
