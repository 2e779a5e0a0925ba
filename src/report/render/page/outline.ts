import { escapeHtml } from './document.ts';

interface OutlineEntry {
  readonly id: string;
  readonly text: string;
  readonly children: OutlineEntry[];
}

/** Makes `Latency over time` into `latency-over-time`. */
function slug(text: string): string {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.join('-').slice(0, 60) || 'part';
}

/** Fewer entries fit on a screen, and need no table of contents. */
const MIN_ENTRIES = 4;

/** Gives the parts of a page their anchors, and collects them into a table of contents. */
export class Outline {
  readonly #ids = new Set<string>();
  readonly #sections: OutlineEntry[] = [];
  readonly #labels = new Set<string>();
  #section = '';
  #isFolded = false;

  /** An id that no other part of the page has. */
  #idOf(text: string): string {
    const wanted = slug(text);
    let id = wanted;
    for (let copy = 2; this.#ids.has(id); copy++) id = `${wanted}-${copy}`;
    this.#ids.add(id);
    return id;
  }

  /** Adds an entry below the current section, or one of its own before the first section. */
  #add(text: string): string {
    const id = this.#idOf(this.#section === '' ? text : `${this.#section} ${text}`);
    if (!this.#isFolded) (this.#sections.at(-1)?.children ?? this.#sections).push({ id, text, children: [] });
    return id;
  }

  /** Begins a section. */
  section(text: string): string {
    const id = this.#idOf(text);
    this.#section = text;
    this.#sections.push({ id, text, children: [] });
    return `<h2 id="${id}">${escapeHtml(text)}${anchorHtml(id, text)}</h2>`;
  }

  /** A heading within a section. `more` is markup after its text. */
  heading(level: 3 | 4, text: string, more = ''): string {
    const id = this.#add(text);
    return `<h${level} id="${id}">${escapeHtml(text)} ${more}${anchorHtml(id, text)}</h${level}>`;
  }

  /** Where a part without a heading of its own begins. */
  mark(text: string): string {
    return `<div id="${this.#add(text)}"></div>`;
  }

  /** The caption of a table. */
  caption(text: string): string {
    const id = this.#add(text);
    return `<caption id="${id}">${escapeHtml(text)}${anchorHtml(id, text)}</caption>`;
  }

  /** The title of a fold and what `inner` renders; only the title is in the table of contents. */
  fold(text: string, inner: () => string): string {
    const id = this.#add(text);
    const isWithin = this.#isFolded;
    this.#isFolded = true;
    const content = inner();
    this.#isFolded = isWithin;
    return `<summary id="${id}">${escapeHtml(text)}</summary>\n${content}`;
  }

  /** A name for a region that no other region of the page has. */
  label(text: string): string {
    const wanted = this.#section === '' ? text : `${this.#section}: ${text}`;
    let label = wanted;
    for (let copy = 2; this.#labels.has(label); copy++) label = `${wanted} (${copy})`;
    this.#labels.add(label);
    return label;
  }

  /** The table of contents; empty on short pages. */
  contents(): string {
    const count = this.#sections.reduce((sum, { children }) => sum + 1 + children.length, 0);
    if (count < MIN_ENTRIES) return '';
    const items = this.#sections.map(({ id, text, children }) => {
      const inner = children.map((child) => `<li>${linkHtml(child)}</li>`).join('\n');
      return `<li>${linkHtml({ id, text })}${inner === '' ? '' : `<ul>${inner}</ul>`}</li>`;
    });
    return `<nav class="contents" aria-label="Contents"><ol>${items.join('\n')}</ol></nav>`;
  }
}

function linkHtml({ id, text }: Pick<OutlineEntry, 'id' | 'text'>): string {
  return `<a href="#${id}">${escapeHtml(text)}</a>`;
}

function anchorHtml(id: string, text: string): string {
  return `<a class="anchor" href="#${id}" aria-label="Link to ${escapeHtml(text)}">#</a>`;
}
