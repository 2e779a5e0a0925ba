import type { Fact } from '../content/run-facts.ts';
import { headingText, type Table } from '../content/table.ts';

/** Keeps text from being read as Markdown or HTML; `_` and `-` mean nothing within a cell. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/[\\`*|[\]~]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => escapeMarkdown(cell.trim())).join(' | ')} |`;
}

/** A table with its rule; figures flush right. */
export function tableLines({ headings, rows }: Table): string[] {
  const rule = `| ${headings.map(({ numeric }) => (numeric ? '---:' : '---')).join(' | ')} |`;
  return [row(headings.map(headingText)), rule, ...rows.map(row)];
}

/** Names on the left, what there is to say of them on the right. */
export function factTable(facts: readonly Fact[]): string[] {
  return ['| | |', '| --- | --- |', ...facts.map(row)];
}

/** A part that opens on a click; nothing when there is nothing in it. */
export function details(title: string, lines: readonly string[]): string[] {
  return lines.length === 0
    ? []
    : ['', `<details><summary>${title}</summary>`, '', ...lines, '', '</details>'];
}
