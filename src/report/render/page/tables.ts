import type { NotedTable } from '../../content/headline.ts';
import type { Fact } from '../../content/run-facts.ts';
import type { Heading, Table } from '../../content/table.ts';
import { swatchHtml } from './lines.ts';
import { escapeHtml } from './markup.ts';

function headingHtml({ title, unit, meaning, numeric }: Heading): string {
  const space = unit?.startsWith('/') ? '' : ' ';
  const unitHtml = unit === null ? '' : `${space}<small>${escapeHtml(unit)}</small>`;
  return `<th scope="col"${numeric ? ' class="n"' : ''} title="${escapeHtml(meaning)}">${escapeHtml(title)}${unitHtml}</th>`;
}

/** Verdicts that bear a colour. */
const SEVERITIES: ReadonlyArray<readonly [verdict: string, tone: string]> = [
  ['INVALID', 'bad'],
  ['REGRESSED', 'bad'],
  ['INCONCLUSIVE', 'warning'],
  ['IMPROVED', 'good'],
];

function cellHtml(heading: Heading | undefined, cell: string): string {
  const tone = SEVERITIES.find(([verdict]) => cell.startsWith(verdict))?.[1] ?? '';
  const classes = [heading?.numeric ? 'n' : '', tone].join(' ').trim();
  return `<td${classes === '' ? '' : ` class="${classes}"`}>${escapeHtml(cell)}</td>`;
}

/** The first cell names the row; `mark` is markup before its name. */
function rowHtml(
  headings: readonly Heading[],
  [name = '', ...cells]: readonly string[],
  mark: string,
): string {
  const inner = cells.map((cell, index) => cellHtml(headings[index + 1], cell));
  return `<tr><th scope="row">${mark}${escapeHtml(name)}</th>${inner.join('')}</tr>`;
}

/** A table in a box of its own that scrolls sideways where the page is too narrow. */
export function tableHtml(caption: string, { headings, rows }: Table, marks: readonly string[] = []): string {
  return [
    `<div class="scroll" role="region" tabindex="0" aria-label="${escapeHtml(caption)}"><table>`,
    `<caption>${escapeHtml(caption)}</caption>`,
    `<thead><tr>${headings.map(headingHtml).join('')}</tr></thead>`,
    `<tbody>${rows.map((row, index) => rowHtml(headings, row, marks[index] ?? '')).join('\n')}</tbody>`,
    '</table></div>',
  ].join('\n');
}

/** Names on the left, what there is to say of them on the right. */
export function factsHtml(caption: string, facts: readonly Fact[]): string {
  const rows = facts.map(
    ([name, text]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(text)}</td></tr>`,
  );
  return `<table class="facts"><caption>${escapeHtml(caption)}</caption><tbody>${rows.join('\n')}</tbody></table>`;
}

/** Remarks under a table; nothing for none. */
export function notesHtml(notes: readonly string[]): string {
  return notes.length === 0 ? '' : `<p class="note">${notes.map(escapeHtml).join('.<br>')}.</p>`;
}

/** How a run is marked on the page: its label and its colour in charts. */
export interface RunMark {
  readonly label: string;
  readonly colour: number;
}

/** A headline table whose rows bear the marks of their runs instead of the target's bare name. */
export function headlineHtml({ title, table, notes }: NotedTable, marks: readonly RunMark[]): string {
  const rows = table.rows.map(([, ...cells], run) => [marks[run]?.label ?? '', ...cells]);
  const swatches = marks.map(({ colour }) => swatchHtml(colour));
  return `${tableHtml(title, { ...table, rows }, swatches)}\n${notesHtml(notes)}`;
}
