import type { RunResult } from '../../result/run-result.ts';
import { type ResultView, viewResult } from '../../result/view.ts';
import { blockLines, factLines, tableLines } from '../render/text-lines.ts';
import { headlineTables, type NotedTable, summaryTable } from './headline.ts';
import { processTable } from './process-table.ts';
import { remarkLine, remarks } from './remarks.ts';
import { planLine, resultFacts } from './run-facts.ts';
import { overallVerdict } from './run-verdict.ts';
import { seriesNote, seriesTable } from './series-table.ts';

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
