import type { Block } from '../../blocks.ts';
import {
  type Cell,
  cellFigure,
  type Heading,
  hasIntervals,
  INTERVAL_NOTE,
  intervalOf,
  NO_VALUE,
} from '../../content/table.ts';
import { escapeHtml } from './document.ts';
import { swatchHtml } from './figures.ts';
import type { Outline } from './outline.ts';

type TableBlock = Extract<Block, { readonly kind: 'table' }>;

/** Verdicts that have a colour. */
const VERDICT_CLASSES: ReadonlyArray<readonly [verdict: string, severity: string]> = [
  ['INVALID', 'bad'],
  ['REGRESSED', 'bad'],
  ['FAILED', 'bad'],
  ['INCONCLUSIVE', 'warning'],
  ['IMPROVED', 'good'],
];

function severityOf(cell: string): string {
  return VERDICT_CLASSES.find(([verdict]) => cell.startsWith(verdict))?.[1] ?? '';
}

function classHtml(...names: readonly string[]): string {
  const list = names.filter((name) => name !== '').join(' ');
  return list === '' ? '' : ` class="${list}"`;
}

/** ` <small>ms</small>`; without the space before a unit such as `/s`. */
function unitHtml(unit: string | null): string {
  if (unit === null) return '';
  return `${unit.startsWith('/') ? '' : ' '}<small>${escapeHtml(unit)}</small>`;
}

function headingHtml({ title, unit, meaning, numeric }: Heading): string {
  const text = `${escapeHtml(title)}${unitHtml(unit)}`;
  return `<th scope="col"${classHtml(numeric ? 'n' : '')} title="${escapeHtml(meaning)}">${text}</th>`;
}

/** Longer prose gets a wider column, so that its rows are not much taller than others. */
const LONG_PROSE_CHARACTERS = 120;

/** The interval of a figure, grey and below it. The space keeps both apart where a table is sorted or copied. */
function intervalHtml(cell: Cell): string {
  const interval = intervalOf(cell);
  return interval === null ? '' : ` <small>${escapeHtml(interval)}</small>`;
}

function cellHtml(heading: Heading | undefined, shown: Cell): string {
  const cell = cellFigure(shown);
  const prose = cell.length > LONG_PROSE_CHARACTERS ? 'long prose' : 'prose';
  const classes = classHtml(heading?.numeric ? '' : 't', severityOf(cell), heading?.isProse ? prose : '');
  return `<td${classes}>${escapeHtml(cell)}${intervalHtml(shown)}</td>`;
}

/** Lets a narrow column break a name such as `server_cpu_per_delivery` between its words. */
const breakable = (html: string) => html.replaceAll('_', '_<wbr>');

/** One row; its first cell names it. */
function rowHtml(
  headings: readonly Heading[],
  [name = '', ...cells]: readonly Cell[],
  colour: number | null,
  isInvalid: boolean,
): string {
  const mark = colour === null ? '' : swatchHtml(colour);
  const inner = cells.map((cell, index) => cellHtml(headings[index + 1], cell));
  return `<tr${classHtml(isInvalid ? 'invalid' : '')}><th scope="row">${mark}${breakable(escapeHtml(cellFigure(name)))}</th>${inner.join('')}</tr>`;
}

/** A body of rows for each group, which begins with a row of one cell. Rows are sorted within their group. */
function bodiesHtml({ table: { headings, rows }, colours, invalid }: TableBlock): string {
  const bodies: string[][] = [[]];
  for (const [index, row] of rows.entries()) {
    if (row.length === 1 && headings.length > 1) {
      const name = escapeHtml(cellFigure(row[0] ?? ''));
      bodies.push([
        `<tr class="group"><th scope="rowgroup" colspan="${headings.length}"><span>${name}</span></th></tr>`,
      ]);
    } else {
      bodies.at(-1)?.push(rowHtml(headings, row, colours[index] ?? null, invalid[index] === true));
    }
  }
  return bodies
    .filter((body) => body.length > 0)
    .map((body) => `<tbody>${body.join('\n')}</tbody>`)
    .join('\n');
}

function notesHtml({ table, notes }: TableBlock): string {
  const all = hasIntervals(table) ? [INTERVAL_NOTE, ...notes] : notes;
  return all.length === 0 ? '' : `<p class="note">${all.map(escapeHtml).join('<br>')}</p>`;
}

/** A table with a single row of figures is read more easily as tiles. */
function isTiles({ table: { headings, rows } }: TableBlock): boolean {
  return rows.length === 1 && headings.length > 1 && headings.every(({ isProse }) => !isProse);
}

/** The cells of the only row, each under its title. The name of the row stands beside the title of the tiles. */
function tilesHtml(block: TableBlock, outline: Outline): string {
  const { title, table, invalid } = block;
  const [name = '', ...cells] = table.rows[0] ?? [];
  const tiles = cells.map((estimate, index) => {
    const heading = table.headings[index + 1];
    const cell = cellFigure(estimate);
    const unit = cell === NO_VALUE ? '' : unitHtml(heading?.unit ?? null);
    const interval = intervalOf(estimate);
    const range = interval === null ? '' : `<dd class="interval">${escapeHtml(interval)}</dd>`;
    const tileName = escapeHtml(heading?.title ?? '').replaceAll('/', '/<wbr>');
    const term = `<dt title="${escapeHtml(heading?.meaning ?? '')}">${tileName}</dt>`;
    return `<div${classHtml(severityOf(cell), heading?.numeric ? '' : 'word')}>${term}<dd>${escapeHtml(cell)}${unit}</dd>${range}</div>`;
  });
  const heading = outline.heading(3, title, `<span class="of">${escapeHtml(cellFigure(name))}</span>`);
  return [
    heading,
    `<dl${classHtml('tiles', invalid[0] === true ? 'invalid' : '')}>${tiles.join('\n')}</dl>`,
    notesHtml(block),
  ].join('\n');
}

/**
 * A table in a box of its own that scrolls sideways where the page is too narrow. Its caption is hidden where the fold
 * around it, `fold`, has the same title.
 */
export function tableHtml(block: TableBlock, fold: string, outline: Outline): string {
  if (isTiles(block)) return tilesHtml(block, outline);
  const { title, table } = block;
  const caption = title === fold ? `<caption hidden>${escapeHtml(title)}</caption>` : outline.caption(title);
  return [
    `<div class="scroll" role="region" tabindex="0" aria-label="${escapeHtml(outline.label(title))}"><table>`,
    caption,
    `<thead><tr>${table.headings.map(headingHtml).join('')}</tr></thead>`,
    bodiesHtml(block),
    '</table></div>',
    notesHtml(block),
  ].join('\n');
}

/** Names and texts in two columns. */
export function factsHtml({ title, facts }: Extract<Block, { readonly kind: 'facts' }>): string {
  const rows = facts.map(
    ([name, text]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(text)}</td></tr>`,
  );
  return `<table class="facts"><caption>${escapeHtml(title)}</caption><tbody>${rows.join('\n')}</tbody></table>`;
}
