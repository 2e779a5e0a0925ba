import { displayWidth } from '../plain.ts';

/** Columns of the smallest terminal that is supported. */
const COLUMNS = 80;
const HANGING_INDENT = '  ';

/**
 * Breaks lines of more than 80 columns between words, and indents what follows by two columns. Columns of a table that fits
 * are kept; a word that is longer than a line is not broken.
 */
export function wrapLines(text: string): string {
  return text
    .split('\n')
    .flatMap((line) => (displayWidth(line) <= COLUMNS ? [line] : wrapLine(line)))
    .join('\n');
}

function wrapLine(line: string): string[] {
  const lines: string[] = [];
  for (const word of line.split(' ')) {
    const last = lines.at(-1);
    const joined = `${last} ${word}`;
    if (last !== undefined && displayWidth(joined) <= COLUMNS) lines[lines.length - 1] = joined;
    else lines.push(last === undefined ? word : `${HANGING_INDENT}${word}`);
  }
  return lines;
}
