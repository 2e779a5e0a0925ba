import { displayWidth, graphemesOf, plain } from '../plain.ts';

/** Between words, but not between a number and its unit. */
const BREAKS = / +(?!(?:%|ms|\u00b5s|ns|s|[KM]iB|B)(?:[ ,;:)]|$))/;

const ELLIPSIS = '\u2026';

/** Cuts a text to `width` columns of a terminal; the last one is then an ellipsis. */
export function cutToWidth(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let [kept, used] = ['', 0];
  for (const { segment } of graphemesOf(text)) {
    used += displayWidth(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept.trimEnd()}${ELLIPSIS}`;
}

/** A word in pieces of at most `width` columns. */
function breakWord(word: string, width: number): string[] {
  if (displayWidth(word) <= width) return [word];
  const pieces = [''];
  for (const { segment } of graphemesOf(word)) {
    const joined = `${pieces.at(-1) ?? ''}${segment}`;
    if (displayWidth(joined) <= width) pieces[pieces.length - 1] = joined;
    else pieces.push(segment);
  }
  return pieces;
}

/**
 * Makes a text safe and breaks it between words into at most `maxLines` lines of at most `width` columns. A text that needs
 * more lines ends in an ellipsis.
 */
export function wrapText(text: string, width: number, maxLines: number): string[] {
  const lines: string[] = [];
  for (const word of plain(text)
    .split(BREAKS)
    .flatMap((each) => breakWord(each, width))) {
    const last = lines.at(-1);
    if (last !== undefined && displayWidth(`${last} ${word}`) <= width) lines[lines.length - 1] += ` ${word}`;
    else lines.push(word);
  }
  if (lines.length <= maxLines) return lines;
  const rest = lines.slice(maxLines - 1).join(' ');
  return [...lines.slice(0, maxLines - 1), endAtClause(rest, width)];
}

/** Cuts a text that is too long after its last clause that fits, otherwise after a word. */
function endAtClause(text: string, width: number): string {
  const short = cutToWidth(text, width).slice(0, -1);
  const clause = short.search(/[;:,][^;:,]*$/);
  const word = short.lastIndexOf(' ');
  const end = clause >= width * 0.75 ? clause : word >= width / 2 ? word : short.length;
  return `${short.slice(0, end).trimEnd()}${ELLIPSIS}`;
}
