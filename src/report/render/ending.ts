import type { Paint, Style } from '../../colour.ts';
import { shellWord } from '../../text.ts';
import { cellFigure } from '../content/table.ts';
import type { Ending, Mark } from '../ending.ts';
import { displayWidth, plain } from '../plain.ts';
import { cutToWidth, wrapText } from './fit.ts';
import { fitTable, pad } from './text.ts';

/** The most that a command says at its end. */
const MAX_ENDING_LINES = 25;
const MAX_COLUMNS = 80;
/** A terminal that is narrower wraps by itself. */
const MIN_COLUMNS = 40;

/** Where an ending is shown. `page` is the path of the page, or of the stored result where there is none. */
export interface EndingPlace {
  readonly columns: number;
  readonly paint: Paint;
  readonly page: { readonly name: string; readonly path: string } | null;
}

/** How much of each part is shown: rows of the table, entries of a list, lines of a sentence. */
interface Room {
  readonly rows: number;
  /** Tables of at most so many rows have their intervals, which take a line for each row. */
  readonly intervals: number;
  readonly entries: number;
  readonly lines: number;
}

/** From all to the least; the first that fits is used. */
const ROOMS: readonly Room[] = [
  { rows: 100, intervals: 100, entries: 100, lines: 3 },
  { rows: 16, intervals: 4, entries: 6, lines: 2 },
  { rows: 12, intervals: 4, entries: 4, lines: 2 },
  { rows: 8, intervals: 4, entries: 3, lines: 2 },
  { rows: 6, intervals: 0, entries: 2, lines: 1 },
  { rows: 4, intervals: 0, entries: 1, lines: 1 },
];

interface Sheet {
  readonly width: number;
  readonly paint: Paint;
  readonly room: Room;
}

/** Lines behind a sign of one column. */
function signed(
  { width, paint }: Sheet,
  style: Style,
  sign: string,
  text: string,
  maxLines: number,
): string[] {
  const lines = wrapText(text, width - 2, maxLines);
  return lines.map((line, index) => paint(style, `${index === 0 ? sign : ' '} ${line}`));
}

/** The first entries of a list, and how many are left out. */
function listed<Item>(
  sheet: Sheet,
  items: readonly Item[],
  noun: string,
  show: (item: Item) => string[],
): string[] {
  const { entries } = sheet.room;
  if (items.length <= entries) return items.flatMap(show);
  const left = items.length - entries;
  const more = `${left} more ${left === 1 ? noun : `${noun}s`} (--verbose)`;
  return [
    ...items.slice(0, entries).flatMap(show),
    sheet.paint('faint', cutToWidth(`  ${more}`, sheet.width)),
  ];
}

function tableLines({ table }: Ending, { width, paint, room }: Sheet): string[] {
  if (table === null || table.rows.length === 0) return [];
  const left = table.rows.length - room.rows;
  const rows = left > 0 ? table.rows.slice(0, room.rows) : table.rows;
  const { heads, body } = fitTable(
    { ...table, rows: rows.length <= room.intervals ? rows : rows.map((row) => row.map(cellFigure)) },
    width,
  );
  const more = left > 0 ? [paint('faint', `${left} more rows (--verbose)`)] : [];
  const lines = body.map(({ text, isOfIntervals }) => (isOfIntervals ? paint('faint', text) : text));
  return [...heads.map((line) => paint('faint', line)), ...lines, ...more];
}

function endingFactLines({ facts }: Ending, { width, paint, room }: Sheet): string[] {
  const names = Math.min(24, Math.max(0, ...facts.map(([name]) => displayWidth(plain(name)))));
  return facts.flatMap(([name, text]) =>
    wrapText(text, width - names - 2, Math.min(room.lines, 2)).map((line, index) => {
      const label = pad(index === 0 ? cutToWidth(plain(name), names) : '', names, false);
      return `${paint('faint', label)}  ${line}`;
    }),
  );
}

const MARKS = {
  true: ['good', '\u2713'],
  false: ['bad', '\u2717'],
  null: ['warning', '?'],
} as const satisfies Readonly<Record<string, readonly [Style, string]>>;

/** Failed ones first, then those that were not judged. */
function byImportance(marks: readonly Mark[]): Mark[] {
  const order = [false, null, true];
  return marks.toSorted((a, b) => order.indexOf(a.passed) - order.indexOf(b.passed));
}

function limitLines({ caveats, reasons, thresholds, advice }: Ending, sheet: Sheet): string[][] {
  const { lines } = sheet.room;
  return [
    listed(sheet, caveats, 'caveat', (text) => signed(sheet, 'warning', '!', text, lines)),
    listed(sheet, reasons, 'reason', (text) => signed(sheet, 'bad', '\u2717', text, lines)),
    listed(sheet, byImportance(thresholds), 'threshold', ({ passed, text }) => {
      const [style, sign] = MARKS[`${passed}`];
      return signed(sheet, style, sign, text, 1);
    }),
    listed(sheet, advice, 'suggestion', (text) => signed(sheet, 'accent', '\u2192', text, lines)),
  ];
}

const STYLES = { good: 'good', warning: 'warning', bad: 'bad' } as const;

/** A path is never cut, since it is copied. One that is too long has a line of its own. */
function pageLines(page: EndingPlace['page'], { width, paint }: Sheet): string[] {
  if (page === null) return [];
  const path = plain(shellWord(page.path));
  const isLong = displayWidth(path) + page.name.length + 2 > width;
  return isLong ? [path] : [`${paint('faint', page.name)}  ${path}`];
}

function conclusionLines({ conclusion, severity }: Ending, sheet: Sheet): string[] {
  const { width, paint, room } = sheet;
  const entries = Math.max(2, room.entries);
  return listed({ ...sheet, room: { ...room, entries } }, conclusion, 'finding', (text) =>
    wrapText(text, width, conclusion.length === 1 ? Math.max(2, room.lines) : room.lines),
  ).map((line) => paint('strong', paint(STYLES[severity], line)));
}

function endingLines(ending: Ending, sheet: Sheet, page: EndingPlace['page']): string[] {
  const notes = ending.notes.flatMap((text) =>
    wrapText(text, sheet.width, 2).map((line) => sheet.paint('faint', line)),
  );
  const [first = '', ...more] = wrapText(ending.subject, sheet.width, Math.min(2, sheet.room.lines));
  const parts = [
    [sheet.paint('strong', first), ...more],
    [...tableLines(ending, sheet), ...notes],
    endingFactLines(ending, sheet),
    limitLines(ending, sheet).flat(),
    [...conclusionLines(ending, sheet), ...pageLines(page, sheet)],
  ].filter((lines) => lines.length > 0);
  return parts.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
}

/** The end of a command: at most 25 lines of at most 80 columns, with the conclusion last. */
export function renderEnding(ending: Ending, { columns, paint, page }: EndingPlace): string {
  const width = Math.min(MAX_COLUMNS, Math.max(MIN_COLUMNS, columns));
  let lines: string[] = [];
  for (const room of ROOMS) {
    lines = endingLines(ending, { width, paint, room }, page);
    if (lines.length <= MAX_ENDING_LINES) break;
  }
  return `${lines.join('\n')}\n`;
}
