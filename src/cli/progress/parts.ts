import type { Paint, Style } from '../../colour.ts';
import { cut } from '../../report/plain.ts';

/** A piece of a line that is shown whole or not at all. */
export interface Piece {
  readonly text: string;
  readonly style: Style | null;
}

export function piece(text: string, style: Style | null = null): Piece {
  return { text, style };
}

const PIECE_GAP = '  ';

/** How many columns a text takes, if no character is wide. */
function columnsOf(text: string): number {
  return [...text].length;
}

/** Puts pieces side by side, as many from the first as fit. A first piece that is too long is cut. */
export function lineOf(pieces: readonly Piece[], columns: number, paint: Paint): string {
  const [first, ...others] = pieces.filter(({ text }) => text !== '');
  if (first === undefined) return '';
  const kept = [{ ...first, text: cut(first.text, columns) }];
  let used = columnsOf(first.text);
  for (const next of others) {
    used += PIECE_GAP.length + columnsOf(next.text);
    if (used > columns) break;
    kept.push(next);
  }
  return kept.map(({ text, style }) => (style === null ? text : paint(style, text))).join(PIECE_GAP);
}

/** The columns that are left beside these pieces for one more. */
export function columnsLeft(pieces: readonly Piece[], columns: number): number {
  return columns - pieces.reduce((sum, { text }) => sum + columnsOf(text) + PIECE_GAP.length, 0);
}

/** A bar of which a share (0 to 1) is full. */
export function barOf(share: number, columns: number, paint: Paint): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * columns);
  return paint('accent', '━'.repeat(full)) + paint('faint', '─'.repeat(columns - full));
}

const BLOCKS = '▁▂▃▄▅▆▇█';

/** One block for each value, from 0 to the highest of them; a blank for null. */
export function sparkline(values: ReadonlyArray<number | null>): string {
  const highest = Math.max(0, ...values.map((value) => value ?? 0));
  return values
    .map((value) => {
      if (value === null || highest === 0) return ' ';
      return BLOCKS[Math.min(BLOCKS.length - 1, Math.floor((value / highest) * BLOCKS.length))];
    })
    .join('');
}

/** `9s`, `1m 05s`, `2h 03m`: a time in the digits that matter, always rounded up to a second. */
export function clockText(durationMs: number): string {
  const seconds = Math.max(0, Math.ceil(durationMs / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${two(seconds % 60)}s`;
  return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
}
