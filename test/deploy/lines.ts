import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The root of the repository. */
export const ROOT = join(import.meta.dirname, '../..');

/** Reads a file, by its path from the root of the repository. */
export function fileText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The shell lines below a heading of deploy/README.md: one text per code block, in order. */
export function linesBelow(heading: string): string[] {
  const [, section = ''] = fileText('deploy/README.md').split(`\n## ${heading}\n`);
  const own = section.split('\n## ', 1)[0] ?? '';
  const blocks = [...own.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = '']) => text);
  if (blocks.length === 0) throw new Error(`deploy/README.md has no lines below "${heading}"`);
  return blocks;
}
