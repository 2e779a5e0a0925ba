import type { ResultView } from '../../result/view.ts';
import { HEADLINE_GROUPS, SUMMARY_COLUMNS } from './columns.ts';
import { type Column, shortageNotes, type Table, tabulate } from './table.ts';

/** A table with one row for each result, and why quantiles are missing from it. */
export interface NotedTable {
  readonly title: string;
  readonly table: Table;
  readonly notes: readonly string[];
}

function notedTable(
  title: string,
  columns: ReadonlyArray<Column<ResultView>>,
  views: readonly ResultView[],
): NotedTable {
  const notes = shortageNotes(columns, views).map((note) => `- ${note}`);
  return { title, table: tabulate(columns, views), notes };
}

/** Columns that say which run a row is. */
const IDENTITY = ['target', 'scenario'];

/**
 * Latency, Delivery and Cost, the same for text, Markdown and page; a table with nothing but names in it is
 * left out. `without` names columns that the surroundings make needless.
 */
export function headlineTables(views: readonly ResultView[], without: readonly string[] = []): NotedTable[] {
  return HEADLINE_GROUPS.map(({ title, columns }) =>
    notedTable(
      title,
      columns.filter(({ id }) => !without.includes(id)),
      views,
    ),
  ).filter(({ table }) => table.headings.some((heading) => !IDENTITY.includes(heading.title)));
}

/** What matters most of each result in one row. */
export function summaryTable(views: readonly ResultView[]): NotedTable {
  return notedTable('Summary', SUMMARY_COLUMNS, views);
}
