import type { RunResult } from '../../result/run-result.ts';
import { type ResultView, viewResult } from '../../result/view.ts';
import { details, escapeMarkdown, factTable, tableLines } from '../render/markdown-lines.ts';
import { headlineTables } from './headline.ts';
import { processTable } from './process-table.ts';
import { remarkLine, remarks } from './remarks.ts';
import { environmentFacts, planFacts, planLine, resultFacts } from './run-facts.ts';
import { overallVerdict } from './run-verdict.ts';
import { explainedSeriesTable, seriesNote } from './series-table.ts';

function headlineLines(views: readonly ResultView[]): string[] {
  return headlineTables(views).flatMap(({ title, table, notes }) => [
    '',
    `### ${title}`,
    '',
    ...tableLines(table),
    ...(notes.length === 0 ? [] : ['', ...notes.map(escapeMarkdown)]),
  ]);
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
