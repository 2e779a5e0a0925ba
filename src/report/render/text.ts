import type { Block, Fact, Report } from '../blocks.ts';
import { type Heading, headingText, type Table } from '../content/table.ts';
import { displayWidth, plain } from '../plain.ts';

/** Columns of a terminal. Wider tables get headings of several lines. */
const TERMINAL_COLUMNS = 100;
const GAP = '  ';

/** Fills up to `width` columns of a terminal: figures from the left, text from the right. */
export function pad(text: string, width: number, numeric: boolean): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return numeric ? space + text : text + space;
}

const widest = (texts: readonly string[]) => Math.max(0, ...texts.map(displayWidth));

/** Breaks a title at its spaces into lines of at most `width` columns, longer words excepted. */
function wrapTitle(title: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of title.split(' ')) {
    const joined = lines.length === 0 ? word : `${lines.at(-1) ?? ''} ${word}`;
    if (lines.length === 0 || displayWidth(joined) > width) lines.push(word);
    else lines[lines.length - 1] = joined;
  }
  return lines;
}

/** The lines of each heading: one where the table fits into a terminal that way, otherwise as many as it takes. */
function wrapHeadings(titles: readonly string[], cellWidths: readonly number[]): string[][] {
  const oneLine = titles.map((title, index) => Math.max(displayWidth(title), cellWidths[index] ?? 0));
  const total = oneLine.reduce((sum, width) => sum + width, 0) + GAP.length * (titles.length - 1);
  if (total <= TERMINAL_COLUMNS) return titles.map((title) => [title]);
  return titles.map((title, index) =>
    wrapTitle(title, Math.max(cellWidths[index] ?? 0, widest(title.split(' ')))),
  );
}

/** Without the columns of prose, for which a terminal has no room. A row of one cell names a group of rows. */
function withoutProse({ headings, rows }: Table): Table {
  const kept = headings.map(({ isProse }) => !isProse);
  const pick = <T>(cells: readonly T[]) => cells.filter((_, index) => kept[index]);
  return { headings: pick(headings), rows: rows.map((row) => (row.length === 1 ? row : pick(row))) };
}

/** Lines of a table: text flush left, figures flush right, no rules. */
export function textTable(table: Table): string[] {
  const { headings, rows } = withoutProse(table);
  const safe = rows.map((row) => row.map(plain));
  const filled = safe.filter((row) => row.length > 1 || headings.length === 1);
  const cellWidths = headings.map((_, column) => widest(filled.map((row) => row[column] ?? '')));
  const wrapped = wrapHeadings(
    headings.map((heading) => plain(headingText(heading))),
    cellWidths,
  );
  const widths = wrapped.map((lines, index) => Math.max(widest(lines), cellWidths[index] ?? 0));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => pad(cell, widths[index] ?? 0, isNumeric(headings, index)))
      .join(GAP)
      .trimEnd();
  const height = Math.max(1, ...wrapped.map((lines) => lines.length));
  const heads = Array.from({ length: height }, (_, index) =>
    line(wrapped.map((lines) => lines[index - height + lines.length] ?? '')),
  );
  return [...heads, ...safe.map((row) => (row.length === 1 ? (row[0] ?? '') : line(row)))];
}

const isNumeric = (headings: readonly Heading[], index: number) => headings[index]?.numeric ?? false;

function factLines(facts: readonly Fact[]): string[] {
  const width = widest(facts.map(([name]) => plain(name)));
  return facts.map(([name, text]) => `${pad(plain(name), width, false)}${GAP}${plain(text)}`);
}

const bullets = (notes: readonly string[]) => notes.map((note) => `- ${plain(note)}`);

/** Lines with an empty one and a title before them; nothing for none. */
function titled(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', plain(title), ...lines];
}

function linesOf(block: Block): string[] {
  switch (block.kind) {
    case 'verdict':
      return [plain(block.text), ...block.notes.map(plain)];
    case 'heading':
      return ['', plain(block.text)];
    case 'text':
      return [plain(block.text)];
    case 'table':
      return titled(block.title, [...textTable(block.table), ...bullets(block.notes)]);
    case 'facts':
      return titled(block.title, factLines(block.facts));
    case 'notes':
      return bullets(block.notes);
    case 'lines':
      return titled(
        block.title,
        block.lines.map((line) => `  ${plain(line)}`),
      );
    case 'charts':
      return titled(block.title, block.text.map(plain));
    case 'details':
      return block.needs === 'text' ? block.blocks.flatMap(linesOf) : [];
  }
}

/** A report for a terminal. */
export function renderText({ blocks }: Report): string {
  return `${blocks.flatMap(linesOf).join('\n')}\n`;
}
