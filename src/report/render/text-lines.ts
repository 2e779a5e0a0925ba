import type { Fact } from '../content/run-facts.ts';
import { headingText, type Table } from '../content/table.ts';
import { displayWidth } from '../plain.ts';

const GAP = '  ';

/** Fills up to `width` columns of a terminal: figures from the left, text from the right. */
export function pad(text: string, width: number, numeric: boolean): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return numeric ? space + text : text + space;
}

/** Lines of a table: text flush left, figures flush right, no rules. */
export function tableLines(table: Table): string[] {
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
export function blockLines(table: Table | null): string[] {
  return table === null ? [] : ['', ...tableLines(table)];
}

/** Names flush left, what there is to say of each beside it; nothing for none. */
export function factLines(facts: readonly Fact[]): string[] {
  const width = Math.max(...facts.map(([name]) => displayWidth(name)));
  return facts.map(([name, text]) => `${pad(name, width, false)}${GAP}${text}`);
}
