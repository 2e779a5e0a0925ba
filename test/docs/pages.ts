import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** One fenced block of a page. */
export interface CodeBlock {
  readonly page: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  /** Empty for none. */
  readonly language: string;
  readonly text: string;
}

function markdownIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((path) => !path.includes('node_modules'));
}

/** All pages for users and contributors. */
export const pages: readonly Page[] = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'deploy/README.md',
  'scenarios/artillery/README.md',
  ...markdownIn('docs').toSorted(),
].map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

/** Returns the code blocks of a page in order. */
export function blocksOf({ path, text }: Page): CodeBlock[] {
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(({ index, 1: language = '', 2: block = '' }) => ({
    page: path,
    line: text.slice(0, index).split('\n').length,
    language,
    text: block,
  }));
}
