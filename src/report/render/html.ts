import type { Block, Report } from '../blocks.ts';
import type { Heading } from '../content/table.ts';
import { escapeHtml, htmlDocument } from './page/document.ts';
import { chartGroupHtml, swatchHtml } from './page/figures.ts';

type BlockOf<Kind extends Block['kind']> = Extract<Block, { readonly kind: Kind }>;

function headingHtml({ title, unit, meaning, numeric }: Heading): string {
  const space = unit?.startsWith('/') ? '' : ' ';
  const unitHtml = unit === null ? '' : `${space}<small>${escapeHtml(unit)}</small>`;
  return `<th scope="col"${numeric ? ' class="n"' : ''} title="${escapeHtml(meaning)}">${escapeHtml(title)}${unitHtml}</th>`;
}

/** Verdicts that have a colour. */
const VERDICT_CLASSES: ReadonlyArray<readonly [verdict: string, severity: string]> = [
  ['INVALID', 'bad'],
  ['REGRESSED', 'bad'],
  ['FAILED', 'bad'],
  ['INCONCLUSIVE', 'warning'],
  ['IMPROVED', 'good'],
];

function cellHtml(heading: Heading | undefined, cell: string): string {
  const severity = VERDICT_CLASSES.find(([verdict]) => cell.startsWith(verdict))?.[1] ?? '';
  const classes = [heading?.numeric ? 'n' : '', severity, heading?.isProse ? 'prose' : ''];
  const list = classes.filter((name) => name !== '').join(' ');
  return `<td${list === '' ? '' : ` class="${list}"`}>${escapeHtml(cell)}</td>`;
}

/** The first cell names the row. A row of one cell names the group of rows below it. */
function rowHtml(headings: readonly Heading[], row: readonly string[], colour: number | undefined): string {
  const [name = '', ...cells] = row;
  if (cells.length === 0 && headings.length > 1) {
    return `<tr class="group"><th scope="rowgroup" colspan="${headings.length}">${escapeHtml(name)}</th></tr>`;
  }
  const mark = colour === undefined ? '' : swatchHtml(colour);
  const inner = cells.map((cell, index) => cellHtml(headings[index + 1], cell));
  return `<tr><th scope="row">${mark}${escapeHtml(name)}</th>${inner.join('')}</tr>`;
}

const listHtml = (notes: readonly string[]) =>
  notes.length === 0 ? '' : `<ul>${notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('\n')}</ul>`;

/**
 * A table in a box of its own that scrolls sideways where the page is too narrow. Its caption is hidden where the fold
 * around it, `fold`, has the same title.
 */
function tableHtml(block: BlockOf<'table'>, fold: string): string {
  const { title, table, notes, colours } = block;
  const { headings, rows } = table;
  const caption = escapeHtml(title);
  return [
    `<div class="scroll" role="region" tabindex="0" aria-label="${caption}"><table>`,
    `<caption${title === fold ? ' hidden' : ''}>${caption}</caption>`,
    `<thead><tr>${headings.map(headingHtml).join('')}</tr></thead>`,
    `<tbody>${rows.map((row, index) => rowHtml(headings, row, colours[index])).join('\n')}</tbody>`,
    '</table></div>',
    notes.length === 0 ? '' : `<p class="note">${notes.map(escapeHtml).join('<br>')}</p>`,
  ].join('\n');
}

function factsHtml({ title, facts }: BlockOf<'facts'>): string {
  const rows = facts.map(
    ([name, text]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(text)}</td></tr>`,
  );
  return `<table class="facts"><caption>${escapeHtml(title)}</caption><tbody>${rows.join('\n')}</tbody></table>`;
}

/** Nothing without charts. */
function chartsHtml({ title, group }: BlockOf<'charts'>): string {
  const charts = chartGroupHtml(group);
  return title === '' || charts === '' ? charts : `<h3>${escapeHtml(title)}</h3>\n${charts}`;
}

/** Folds that every output shows are open. */
function blockHtml(block: Block, fold: string): string {
  switch (block.kind) {
    case 'verdict':
      return `<header class="${block.severity}"><h1>${escapeHtml(block.text)}</h1>\n${listHtml(block.notes)}\n</header>`;
    case 'heading':
      return `<h2>${escapeHtml(block.text)}</h2>`;
    case 'text':
      return `<p class="load">${escapeHtml(block.text)}</p>`;
    case 'table':
      return tableHtml(block, fold);
    case 'facts':
      return factsHtml(block);
    case 'notes':
      return listHtml(block.notes);
    case 'lines':
      return `<pre aria-label="${escapeHtml(block.title)}">${block.lines.map(escapeHtml).join('\n')}</pre>`;
    case 'charts':
      return chartsHtml(block);
    case 'details':
      return `<details${block.needs === 'text' ? ' open' : ''}><summary>${escapeHtml(block.title)}</summary>\n${blocksHtml(block.blocks, block.title)}\n</details>`;
  }
}

/** Facts that follow each other stand side by side where there is room. */
function blocksHtml(blocks: readonly Block[], fold = ''): string {
  const parts: string[] = [];
  for (const [index, block] of blocks.entries()) {
    const isFacts = block.kind === 'facts';
    if (isFacts && blocks[index - 1]?.kind !== 'facts') parts.push('<div class="pair">');
    parts.push(blockHtml(block, fold));
    if (isFacts && blocks[index + 1]?.kind !== 'facts') parts.push('</div>');
  }
  return parts.join('\n');
}

/** A report as one page that holds all it needs. A heading begins a section; what comes before stands alone. */
export function renderHtml({ title, blocks, footer }: Report): string {
  const sections: Block[][] = [[]];
  for (const block of blocks) {
    if (block.kind === 'heading') sections.push([]);
    sections.at(-1)?.push(block);
  }
  const [first = '', ...others] = sections.map((section) => blocksHtml(section));
  const body = [
    first,
    ...others.map((section) => `<section>\n${section}\n</section>`),
    `<footer>${escapeHtml(footer)}</footer>`,
  ];
  return htmlDocument(title, body.join('\n'));
}
