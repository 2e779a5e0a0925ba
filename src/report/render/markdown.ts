import type { Block, Report } from '../blocks.ts';
import {
  type Cell,
  cellFigure,
  hasIntervals,
  headingText,
  INTERVAL_NOTE,
  intervalOf,
  type Table,
} from '../content/table.ts';
import { plain } from '../plain.ts';

/** Keeps text from being read as Markdown or HTML; `_` and `-` mean nothing within a cell. */
export function escapeMarkdown(text: string): string {
  return plain(text)
    .replace(/[\\`*|[\]~]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;');
}

function markdownCell(cell: Cell): string {
  const interval = intervalOf(cell);
  const figure = escapeMarkdown(cellFigure(cell).trim());
  return interval === null ? figure : `${figure}<br><sub>${escapeMarkdown(interval)}</sub>`;
}

function row(cells: readonly Cell[]): string {
  return `| ${cells.map(markdownCell).join(' | ')} |`;
}

/** A table with its rule; figures flush right. */
function tableLines({ headings, rows }: Table): string[] {
  const rule = `| ${headings.map(({ numeric }) => (numeric ? '---:' : '---')).join(' | ')} |`;
  const full = rows.map((cells) => headings.map((_, index) => cells[index] ?? ''));
  return [row(headings.map(headingText)), rule, ...full.map(row)];
}

const markdownBullets = (texts: readonly string[]) => texts.map((text) => `- ${escapeMarkdown(text)}`);

/** Lines with an empty one before them; nothing for none. */
const spaced = (lines: readonly string[]) => (lines.length === 0 ? [] : ['', ...lines]);

/** Lines that keep their columns. */
const fenced = (lines: readonly string[]) =>
  lines.length === 0 ? [] : ['', '```text', ...lines.map((line) => plain(line).replaceAll('`', "'")), '```'];

const intervalNotes = (table: Table) => (hasIntervals(table) ? [INTERVAL_NOTE] : []);

/** A title, unless the fold around it says the same. */
const titleLines = (title: string, fold: string) =>
  title === fold ? [] : ['', `#### ${escapeMarkdown(title)}`];

/** A fold; nothing without lines. */
const foldOf = (title: string, lines: readonly string[]) =>
  lines.length === 0
    ? []
    : ['', `<details><summary>${escapeMarkdown(title)}</summary>`, ...lines, '', '</details>'];

/** Lines of a block; `fold` is the title of the fold around it. */
function markdownLines(block: Block, fold = ''): string[] {
  switch (block.kind) {
    case 'verdict':
      return [`**${escapeMarkdown(block.text)}**`, ...spaced(markdownBullets(block.notes))];
    case 'opening':
      return [];
    case 'heading':
      return ['', `### ${escapeMarkdown(block.text)}`];
    case 'text':
      return ['', escapeMarkdown(block.text)];
    case 'table':
      return [
        ...titleLines(block.title, fold),
        '',
        ...tableLines(block.table),
        ...spaced(markdownBullets([...intervalNotes(block.table), ...block.notes])),
      ];
    case 'facts':
      return [...titleLines(block.title, fold), '', '| | |', '| --- | --- |', ...block.facts.map(row)];
    case 'notes':
      return spaced(markdownBullets(block.notes));
    case 'lines':
      return [...titleLines(block.title, fold), ...fenced(block.lines)];
    case 'charts':
      return foldOf(block.title, fenced(block.text));
    case 'details':
      return block.needs === 'html'
        ? []
        : foldOf(
            block.title,
            block.blocks.flatMap((inner) => markdownLines(inner, block.title)),
          );
  }
}

/** A report for a pull request or a job summary. */
export function renderMarkdown({ blocks }: Report): string {
  return `${blocks.flatMap((block) => markdownLines(block)).join('\n')}\n`;
}
