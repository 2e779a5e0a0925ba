import type { RunResult } from '../result/schema.ts';
import { type ResultView, viewResult } from '../result/view.ts';
import { HEADLINE_GROUPS, SUMMARY_COLUMNS } from './columns.ts';
import { type Fact, planLine, resultFacts } from './facts.ts';
import { runLabel } from './labels.ts';
import { displayWidth, plain } from './plain.ts';
import { processTable } from './process-table.ts';
import { seriesNote, seriesTable } from './series-table.ts';
import { type Column, headingText, shortageNotes, type Table, tabulate } from './table.ts';
import { overallVerdict, verdict } from './verdict.ts';

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

/** A table over views, then why quantiles are missing from it. */
function viewTable(columns: ReadonlyArray<Column<ResultView>>, views: readonly ResultView[]): string[] {
  const notes = shortageNotes(columns, views).map((note) => `- ${note}`);
  return [...tableLines(tabulate(columns, views)), ...notes];
}

function renderOne(view: ResultView): string[] {
  const { result } = view;
  const [latency] = HEADLINE_GROUPS;
  const note = seriesNote(view);
  return [
    verdict(result),
    planLine(result),
    '',
    ...viewTable(latency.columns, [view]),
    ...blockLines(seriesTable(view)),
    ...(note === null ? [] : [`- ${note}`]),
    ...blockLines(processTable(result)),
    '',
    ...factLines(resultFacts(result)),
  ];
}

/** What each result's verdict is, unless it is plain `VALID`. */
function verdictLines(results: readonly RunResult[]): string[] {
  return results
    .filter((result) => verdict(result) !== 'VALID')
    .map((result) => `${plain(runLabel(result))}: ${verdict(result)}`);
}

function renderSeveral(views: readonly ResultView[]): string[] {
  const results = views.map(({ result }) => result);
  return [
    overallVerdict(results),
    ...verdictLines(results),
    ...HEADLINE_GROUPS.flatMap(({ title, columns }) => ['', title, ...viewTable(columns, views)]),
  ];
}

/** For a terminal: all about one result, or one row for each of several. The verdict is the first line. */
export function renderText(results: readonly RunResult[]): string {
  const views = results.map(viewResult);
  const [only] = views;
  const lines = only !== undefined && views.length === 1 ? renderOne(only) : renderSeveral(views);
  return `${lines.join('\n')}\n`;
}

/** The summary of `npm run bench`: one row for each result, then the verdicts that are not plain `VALID`. */
export function renderTable(results: readonly RunResult[]): string {
  const lines = [...viewTable(SUMMARY_COLUMNS, results.map(viewResult)), ...verdictLines(results)];
  return `${lines.join('\n')}\n`;
}
