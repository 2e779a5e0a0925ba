import type { RunResult } from '../result/schema.ts';
import { type ResultView, viewResult } from '../result/view.ts';
import { type Fact, planLine, resultFacts } from './facts.ts';
import { headlineTables, type NotedTable, summaryTable } from './headline.ts';
import { displayWidth } from './plain.ts';
import { processTable } from './process-table.ts';
import { remarkLine, remarks } from './remarks.ts';
import { seriesNote, seriesTable } from './series-table.ts';
import { headingText, type Table } from './table.ts';
import { overallVerdict } from './verdict.ts';

const GAP = '  ';

function pad(text: string, width: number, numeric: boolean): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return numeric ? space + text : text + space;
}

/** Lines of a table: text flush left, figures flush right, no rules. */
function tableLines(table: Table): string[] {
  const titles = table.headings.map(headingText);
  const widths = titles.map((title, index) =>
    Math.max(displayWidth(title), ...table.rows.map((row) => displayWidth(row[index] ?? ''))),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => pad(cell, widths[index] ?? 0, table.headings[index]?.numeric ?? false))
      .join(GAP)
      .trimEnd();
  return [line(titles), ...table.rows.map(line)];
}

/** A table with an empty line before it; nothing for none. */
function blockLines(table: Table | null): string[] {
  return table === null ? [] : ['', ...tableLines(table)];
}

function factLines(facts: readonly Fact[]): string[] {
  const width = Math.max(...facts.map(([name]) => displayWidth(name)));
  return facts.map(([name, text]) => `${pad(name, width, false)}${GAP}${text}`);
}

const notedLines = ({ table, notes }: NotedTable) => [...tableLines(table), ...notes];

/** The verdict, then what must be known with it. */
function verdictLines(results: readonly RunResult[]): string[] {
  return [overallVerdict(results), ...remarks(results).map(remarkLine)];
}

function renderOne(view: ResultView): string[] {
  const { result } = view;
  const [latency] = headlineTables([view]);
  const note = seriesNote(view);
  return [
    ...verdictLines([result]),
    planLine(result),
    ...(latency === undefined ? [] : ['', ...notedLines(latency)]),
    ...blockLines(seriesTable(view)),
    ...(note === null ? [] : [`- ${note}`]),
    ...blockLines(processTable(result)),
    '',
    ...factLines(resultFacts(result)),
  ];
}

function renderSeveral(views: readonly ResultView[]): string[] {
  const results = views.map(({ result }) => result);
  return [
    ...verdictLines(results),
    ...headlineTables(views).flatMap((noted) => ['', noted.title, ...notedLines(noted)]),
  ];
}

/** For a terminal: all about one result, or one row for each of several. The verdict is the first line. */
export function renderText(results: readonly RunResult[]): string {
  const views = results.map(viewResult);
  const [only] = views;
  const lines = only !== undefined && views.length === 1 ? renderOne(only) : renderSeveral(views);
  return `${lines.join('\n')}\n`;
}

/** The summary of `npm run bench`: the verdict, then one row for each result. */
export function renderTable(results: readonly RunResult[]): string {
  const lines = [...verdictLines(results), '', ...notedLines(summaryTable(results.map(viewResult)))];
  return `${lines.join('\n')}\n`;
}
