import type { RunResult } from '../result/run-result.ts';
import { viewResult } from '../result/view.ts';
import { FLAT_COLUMNS } from './content/columns.ts';
import type { CellValue, Kind } from './content/table.ts';
import { plain } from './plain.ts';

/** Fixed units: the suffix of a header, and what a value in its base unit is divided by. */
const CSV_UNITS: Readonly<Record<Kind, readonly [suffix: string, scale: number]>> = {
  text: ['', 1],
  duration: ['_ms', 1e6],
  rate: ['_hz', 1],
  count: ['', 1],
  average: ['', 1],
  share: ['_ratio', 1],
  bytes: ['_bytes', 1],
};

/**
 * Quotes a text with a quote or a comma, and doubles its quotes (RFC 4180). Spreadsheets run a text that begins like a
 * formula; with an apostrophe before it they show it.
 */
function quote(text: string): string {
  const shown = /^[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",]/.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
}

function csvCell(kind: Kind, cell: CellValue): string {
  if (cell === null) return '';
  return typeof cell === 'string' ? quote(plain(cell)) : String(cell / CSV_UNITS[kind][1]);
}

/** Renders one row per result: numbers at full precision, an empty cell where there is no value. */
export function renderCsv(results: readonly RunResult[]): string {
  const header = FLAT_COLUMNS.map(({ id, kind }) => `${id}${CSV_UNITS[kind][0]}`);
  const rows = results
    .map(viewResult)
    .map((view) => FLAT_COLUMNS.map((column) => csvCell(column.kind, column.value(view))).join(','));
  return [header.join(','), ...rows, ''].join('\n');
}
