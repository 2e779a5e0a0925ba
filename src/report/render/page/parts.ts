import { escapeHtml } from './markup.ts';

/** Items of markup, one under the other; nothing for none. */
export function listHtml(items: readonly string[]): string {
  return items.length === 0 ? '' : `<ul>${items.map((item) => `<li>${item}</li>`).join('\n')}</ul>`;
}

/** What a page begins with: its first line, in the colour of how grave it is, and what has to be said with it. */
export function headerHtml(
  tone: 'good' | 'warning' | 'bad',
  firstLine: string,
  items: readonly string[],
): string {
  return [`<header class="${tone}"><h1>${escapeHtml(firstLine)}</h1>`, listHtml(items), '</header>'].join(
    '\n',
  );
}

/** A part that opens on a click; nothing when there is nothing in it. */
export function detailsHtml(title: string, parts: readonly string[]): string {
  const inner = parts.filter((part) => part !== '');
  return inner.length === 0
    ? ''
    : [`<details><summary>${escapeHtml(title)}</summary>`, ...inner, '</details>'].join('\n');
}
