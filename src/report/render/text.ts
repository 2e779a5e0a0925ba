import type { Block, Fact, Report } from '../blocks.ts';
import {
  type Cell,
  cellFigure,
  hasIntervals,
  headingText,
  INTERVAL_NAME,
  intervalOf,
  type Table,
} from '../content/table.ts';
import { displayWidth, plain } from '../plain.ts';
import { cutToWidth } from './fit.ts';

/** Columns of a terminal. Wider tables get headings of several lines. */
const TERMINAL_COLUMNS = 100;
const GAP = '  ';

/** Fills up to `width` columns of a terminal: figures from the left, text from the right. */
export function pad(text: string, width: number, numeric: boolean): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return numeric ? space + text : text + space;
}

const widest = (texts: readonly string[]) => Math.max(0, ...texts.map(displayWidth));

/** The words of a title. `CPU/delivery` is two words, `sent/s` is one. */
const titleWords = (title: string) => title.split(/(?<=\/)(?=\w{3})| /);

/** Breaks a title into lines of at most `width` columns, longer words excepted. */
function wrapTitle(title: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of titleWords(title)) {
    const last = lines.at(-1);
    const joined = last === undefined || last.endsWith('/') ? `${last ?? ''}${word}` : `${last} ${word}`;
    if (last === undefined || displayWidth(joined) > width) lines.push(word);
    else lines[lines.length - 1] = joined;
  }
  return lines;
}

/** A title in at most `height` lines that are as short as possible; lines up to `minWidth` take no room. */
function fitTitle(title: string, height: number, minWidth: number): string[] {
  let width = Math.max(minWidth, widest(titleWords(title)));
  while (wrapTitle(title, width).length > height) width++;
  return wrapTitle(title, width);
}

/** Headings in as few lines as let the table fit into `maxWidth` columns. */
function wrapHeadings(
  titles: readonly string[],
  cellWidths: readonly number[],
  maxWidth: number,
): string[][] {
  const maxHeight = Math.max(1, ...titles.map((title) => titleWords(title).length));
  let wrapped: string[][] = [];
  for (let height = 1; height <= maxHeight; height++) {
    wrapped = titles.map((title, index) => fitTitle(title, height, cellWidths[index] ?? 0));
    const widths = wrapped.map((lines, index) => Math.max(widest(lines), cellWidths[index] ?? 0));
    const total = widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length);
    if (total <= maxWidth) break;
  }
  return wrapped;
}

/** Without the columns of prose, for which a terminal has no room. A row of one cell names a group of rows. */
function withoutProse({ headings, rows }: Table): Table {
  const kept = headings.map(({ isProse }) => !isProse);
  const pick = <T>(cells: readonly T[]) => cells.filter((_, index) => kept[index]);
  return { headings: pick(headings), rows: rows.map((row) => (row.length === 1 ? row : pick(row))) };
}

/** Lines of the headings of a table, and of its rows. Intervals stand on a line below the figures of their row. */
export interface TableLines {
  readonly heads: readonly string[];
  readonly body: ReadonlyArray<{ readonly text: string; readonly isOfIntervals: boolean }>;
}

/** The cells of the line below a row, the first of which names them; null where no cell has an interval. */
function intervalCells(row: readonly Cell[]): string[] | null {
  const intervals = row.map(intervalOf);
  if (intervals.every((interval) => interval === null)) return null;
  return intervals.map((interval, index) => interval ?? (index === 0 ? `  ${INTERVAL_NAME}` : ''));
}

/** Lays a table out: text flush left, figures flush right, no rules. */
function layOutTable({ headings, rows }: Table, maxWidth: number, gap = GAP): TableLines {
  const safe = rows.flatMap((row) => {
    const below = intervalCells(row);
    const figures = { cells: row.map((cell) => plain(cellFigure(cell))), isOfIntervals: false };
    return below === null ? [figures] : [figures, { cells: below, isOfIntervals: true }];
  });
  const filled = safe.map(({ cells }) => cells).filter((row) => row.length > 1 || headings.length === 1);
  const cellWidths = headings.map((_, column) => widest(filled.map((row) => row[column] ?? '')));
  const wrapped = wrapHeadings(
    headings.map((heading) => plain(headingText(heading))),
    cellWidths,
    maxWidth,
  );
  const widths = wrapped.map((lines, index) => Math.max(widest(lines), cellWidths[index] ?? 0));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => pad(cell, widths[index] ?? 0, headings[index]?.numeric ?? false))
      .join(gap)
      .trimEnd();
  const height = Math.max(1, ...wrapped.map((lines) => lines.length));
  const heads = Array.from({ length: height }, (_, index) =>
    line(wrapped.map((lines) => lines[index - height + lines.length] ?? '')),
  );
  const body = safe.map(({ cells, isOfIntervals }) => {
    return { text: cells.length === 1 ? (cells[0] ?? '') : line(cells), isOfIntervals };
  });
  return { heads, body };
}

/**
 * Lines of a table on a terminal of `maxWidth` columns. Where intervals make it wider, its columns stand closer; it is
 * wider where its cells need even more.
 */
export function textTable(table: Table, maxWidth = TERMINAL_COLUMNS): string[] {
  const shown = withoutProse(table);
  const linesOf = ({ heads, body }: TableLines) => [...heads, ...body.map(({ text }) => text)];
  const lines = linesOf(layOutTable(shown, maxWidth));
  const fits = widest(lines) <= maxWidth || !hasIntervals(shown);
  return fits ? lines : linesOf(layOutTable(shown, maxWidth, ' '));
}

/** The longest heading and the longest name of a row in a table that has to fit. */
const MAX_NAME_COLUMNS = 28;

/** Lines of a table that fit `width` columns: long names are cut, and the last columns are left out. */
export function fitTable(table: Table, width: number): TableLines {
  const headings = table.headings.map((heading) => {
    return { ...heading, title: cutToWidth(plain(heading.title), MAX_NAME_COLUMNS) };
  });
  const rows = table.rows.map((row) =>
    row.map((cell) => {
      const figure = cutToWidth(plain(cellFigure(cell)), row.length === 1 ? width : MAX_NAME_COLUMNS);
      const interval = intervalOf(cell);
      return interval === null ? figure : { figure, interval };
    }),
  );
  for (let kept = headings.length; kept > 1; kept--) {
    const lines = layOutTable(
      { headings: headings.slice(0, kept), rows: rows.map((row) => row.slice(0, kept)) },
      width,
    );
    if (widest([...lines.heads, ...lines.body.map(({ text }) => text)]) <= width) return lines;
  }
  const lines = layOutTable({ headings, rows }, width);
  return {
    heads: lines.heads.map((line) => cutToWidth(line, width)),
    body: lines.body.map(({ text, ...line }) => ({ ...line, text: cutToWidth(text, width) })),
  };
}

function factLines(facts: readonly Fact[]): string[] {
  const width = widest(facts.map(([name]) => plain(name)));
  return facts.map(([name, text]) => `${pad(plain(name), width, false)}${GAP}${plain(text)}`);
}

const textBullets = (notes: readonly string[]) => notes.map((note) => `- ${plain(note)}`);

/** Lines with an empty one and a title before them; nothing for none. */
function titled(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', plain(title), ...lines];
}

function textLines(block: Block): string[] {
  switch (block.kind) {
    case 'verdict':
      return [plain(block.text), ...block.notes.map(plain)];
    case 'opening':
      return [];
    case 'heading':
      return ['', plain(block.text)];
    case 'text':
      return [plain(block.text)];
    case 'table':
      return titled(block.title, [...textTable(block.table), ...textBullets(block.notes)]);
    case 'facts':
      return titled(block.title, factLines(block.facts));
    case 'notes':
      return textBullets(block.notes);
    case 'lines':
      return titled(
        block.title,
        block.lines.map((line) => `  ${plain(line)}`),
      );
    case 'charts':
      return titled(block.title, block.text.map(plain));
    case 'details': {
      if (block.needs !== 'text') return [];
      const [first] = block.blocks;
      const lines = block.blocks.flatMap(textLines);
      // The title is left out where the first block has one.
      return first !== undefined && 'title' in first ? lines : titled(block.title, lines);
    }
  }
}

/** A report for a terminal. */
export function renderText({ blocks }: Report): string {
  return `${blocks.flatMap(textLines).join('\n')}\n`;
}
