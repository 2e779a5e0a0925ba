import type { Block, Report } from '../blocks.ts';
import { escapeHtml, htmlDocument } from './page/document.ts';
import { type PageData, packFiles } from './page/downloads.ts';
import { chartGroupHtml } from './page/figures.ts';
import { actionsHtml, openingHtml } from './page/opening.ts';
import { Outline } from './page/outline.ts';
import { factsHtml, tableHtml } from './page/tables.ts';

type BlockOf<Kind extends Block['kind']> = Extract<Block, { readonly kind: Kind }>;

const listHtml = (notes: readonly string[]) =>
  notes.length === 0 ? '' : `<ul>${notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('\n')}</ul>`;

/** Nothing without charts. */
function chartsHtml({ title, group }: BlockOf<'charts'>, outline: Outline): string {
  if (group.charts.length === 0) return '';
  const heading = title === '' ? outline.mark('Charts') : outline.heading(3, title);
  return `${heading}\n${chartGroupHtml(group, title === '' ? 3 : 4)}`;
}

/** Folds that every output shows are open. */
function detailsHtml({ title, needs, blocks }: BlockOf<'details'>, outline: Outline): string {
  const content = outline.fold(title, () => blocksHtml(blocks, title, outline));
  return `<details${needs === 'text' ? ' open' : ''}>${content}\n</details>`;
}

function blockHtml(block: Block, fold: string, outline: Outline): string {
  switch (block.kind) {
    case 'verdict':
      return `<header class="${block.severity}"><h1>${escapeHtml(block.text)}</h1>\n${listHtml(block.notes)}\n</header>`;
    case 'opening':
      return openingHtml(block);
    case 'heading':
      return outline.section(block.text);
    case 'text':
      return `<p class="load">${escapeHtml(block.text)}</p>`;
    case 'table':
      return tableHtml(block, fold, outline);
    case 'facts':
      return factsHtml(block);
    case 'notes':
      return listHtml(block.notes);
    case 'lines':
      return `<pre aria-label="${escapeHtml(block.title)}">${block.lines.map(escapeHtml).join('\n')}</pre>`;
    case 'charts':
      return chartsHtml(block, outline);
    case 'details':
      return detailsHtml(block, outline);
  }
}

/** Facts that follow each other stand side by side where there is room. */
function blocksHtml(blocks: readonly Block[], fold: string, outline: Outline): string {
  const parts: string[] = [];
  for (const [index, block] of blocks.entries()) {
    const isFacts = block.kind === 'facts';
    if (isFacts && blocks[index - 1]?.kind !== 'facts') parts.push('<div class="pair">');
    parts.push(blockHtml(block, fold, outline));
    if (isFacts && blocks[index + 1]?.kind !== 'facts') parts.push('</div>');
  }
  return parts.join('\n');
}

/** The blocks of a page: an opening stands for the verdict, and has blocks of its own. */
function pageBlocks(blocks: readonly Block[]): readonly Block[] {
  const opening = blocks.find((block) => block.kind === 'opening');
  if (opening === undefined) return blocks;
  const others = blocks.filter(({ kind }) => kind !== 'opening' && kind !== 'verdict');
  return [opening, ...opening.blocks, ...others, ...opening.appendix];
}

/** The sections of a page. A heading begins one; the first is what comes before. */
function sectionsHtml(blocks: readonly Block[], outline: Outline): string[] {
  const sections: Block[][] = [[]];
  for (const block of blocks) {
    if (block.kind === 'heading') sections.push([]);
    sections.at(-1)?.push(block);
  }
  const [first = '', ...others] = sections.map((section) => blocksHtml(section, '', outline));
  return [first, ...others.map((section) => `<section>\n${section}\n</section>`)];
}

/** A report as a part of a page, without data. */
export function renderBody({ blocks, footer }: Report): string {
  const sections = sectionsHtml(pageBlocks(blocks), new Outline());
  return [...sections, `<footer>${escapeHtml(footer)}</footer>`].join('\n');
}

/** Leaves out end tags that HTML does not need, which are a fifth of a long table. Texts are escaped, so none has a tag. */
function withoutOptionalTags(markup: string): string {
  return markup.replaceAll(/<\/(?:t[dhr]|li|dt|dd|tbody|thead)>/g, '');
}

/** A page with its data is at most so large, where it can be: it is attached to mails and pull requests. */
const MAX_PAGE_BYTES = 240_000;

/**
 * A report as one page that holds all it needs. A heading begins a section; what comes before stands alone. The page holds
 * the first of `data` that fits into 240 kB, or the last one.
 */
export function renderHtml(
  { title, blocks, footer }: Report,
  data: ReadonlyArray<() => PageData> = [],
): string {
  const outline = new Outline();
  const shown = pageBlocks(blocks);
  const [first = '', ...others] = sectionsHtml(shown, outline);
  const opening = shown.find((block) => block.kind === 'opening');
  const withData = ({ files, note }: PageData) => {
    const packed = files.length === 0 ? '' : packFiles(files);
    if (packed === null) return null;
    const actions = actionsHtml(files, opening?.command ?? null, note);
    const body = [first, actions, outline.contents(), ...others, `<footer>${escapeHtml(footer)}</footer>`];
    return htmlDocument(title, withoutOptionalTags(body.join('\n')), packed);
  };
  for (const files of data) {
    const page = withData(files());
    if (page !== null && Buffer.byteLength(page) <= MAX_PAGE_BYTES) return page;
  }
  return withData(data.at(-1)?.() ?? { files: [], note: '' }) ?? withData({ files: [], note: '' }) ?? '';
}
