import type { RunResult } from '../result/run-result.ts';
import { viewResult } from '../result/view.ts';
import { FLAT_COLUMNS } from './content/columns.ts';
import type { Cell, Kind } from './content/table.ts';
import { plain } from './plain.ts';

/** Fixed units, so that a program never has to guess: suffix of the header, and base units in one of it. */
const UNITS: Readonly<Record<Kind, readonly [suffix: string, scale: number]>> = {
  text: ['', 1],
  duration: ['_ms', 1e6],
  rate: ['_hz', 1],
  count: ['', 1],
  average: ['', 1],
  share: ['_ratio', 1],
  bytes: ['_bytes', 1],
};

/** RFC 4180: quoted when it holds a quote or a comma; quotes doubled. */
function quote(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function formatCell(kind: Kind, cell: Cell): string {
  if (cell === null) return '';
  return typeof cell === 'string' ? quote(plain(cell)) : String(cell / UNITS[kind][1]);
}

/** One row for each result, figures at full precision, an empty cell where there is no value. */
export function renderCsv(results: readonly RunResult[]): string {
  const header = FLAT_COLUMNS.map(({ id, kind }) => `${id}${UNITS[kind][0]}`);
  const rows = results
    .map(viewResult)
    .map((view) => FLAT_COLUMNS.map((column) => formatCell(column.kind, column.value(view))).join(','));
  return [header.join(','), ...rows, ''].join('\n');
}
