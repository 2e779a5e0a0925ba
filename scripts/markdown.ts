/** Cells of one row. */
export type TableRow = readonly string[];

const escaped = (cell: string) => cell.replaceAll('|', '\\|');

/** A table of Markdown. Cells may hold Markdown, but no line breaks. */
export function markdownTable(header: TableRow, rows: readonly TableRow[]): string {
  const lines = [header, header.map(() => '---'), ...rows].map((cells) => cells.map(escaped).join(' | '));
  return lines.map((line) => `| ${line} |`).join('\n');
}

const LINE_WIDTH = 120;

/** Breaks a paragraph between words, as the pages in docs/ are. Wider words stay whole. */
export function wrapParagraph(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && `${line} ${word}`.length <= LINE_WIDTH)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}
