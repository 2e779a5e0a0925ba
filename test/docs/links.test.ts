import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Page, pages, ROOT } from './pages.ts';

/** Returns the anchor that GitHub gives to a heading. */
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

/** Returns the links within the repository whose target does not exist. */
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

const SOURCES = ['src', 'servers', 'scenarios', 'scripts', 'bench', 'templates', 'test'];

/** Returns paths that a page names and that do not exist. `NAME` is a placeholder. */
function missingPaths({ text }: Page): string[] {
  const named = [
    ...withoutCode(text).matchAll(
      /`((?:src|servers|scenarios|scripts|templates|test|bin|bench|deploy)\/[\w./-]*)`/g,
    ),
  ];
  return named
    .map(([, path = '']) => path)
    .filter((path) => !/NAME/.test(path) && !existsSync(join(ROOT, path)));
}

describe('paths', () => {
  it.each(pages.filter(({ path }) => path !== 'CHANGELOG.md'))('in $path exist', (page) => {
    expect(missingPaths(page)).toEqual([]);
  });

  it('of pages in sources exist', () => {
    const files = SOURCES.flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.(ts|js|cjs|yml)$/.test(entry.name))
        .map((entry) => join(entry.parentPath, entry.name))
        .filter((file) => !file.includes('/node_modules/')),
    );
    const named = files.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/(?<![\w./])docs\/[\w/-]+\.md/g)].map(([page]) => page),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((page) => !existsSync(join(ROOT, page)))).toEqual([]);
  });
});

describe('README.md', () => {
  it('has at most 150 lines', () => {
    const readme = pages.find(({ path }) => path === 'README.md')?.text ?? '';
    expect(readme.split('\n').length - 1).toBeLessThanOrEqual(150);
  });
});

describe('links between pages', () => {
  it.each(pages)('of $path lead to existing files and headings', (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });

  it('are found: the README has more than ten', () => {
    const readme = pages.find(({ path }) => path === 'README.md')?.text ?? '';
    expect(readme.match(/\]\((?!http)/g)?.length).toBeGreaterThan(10);
  });
});

it.each(pages.map((page) => [page.path, page] as const))('%s writes microseconds as µs', (_, { text }) => {
  const prose = withoutCode(text).replace(/`[^`\n]*`/g, '');
  expect(prose.match(/.*\bus\b.*/g)).toBeNull();
});
