import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Page, pages, ROOT } from './pages.ts';

/** A heading's anchor as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

const withoutCode = (text: string) => text.replace(/^```.*?^```$/gms, '');

const anchors = new Map(
  pages.map(({ path, text }) => [
    path,
    new Set([...withoutCode(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading))),
  ]),
);

/** Links within the repository that lead nowhere. */
function brokenLinks({ path, text }: Page): string[] {
  const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? path : normalize(join(dirname(path), file));
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && anchors.get(target)?.has(anchor) !== true;
  });
}

describe('links between pages', () => {
  it.each(pages)('of $path lead to a file, and to a heading in it', (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });

  it('are checked: the README has more than ten', () => {
    const readme = pages.find(({ path }) => path === 'README.md')?.text ?? '';
    expect(readme.match(/\]\((?!http)/g)?.length).toBeGreaterThan(10);
  });
});
