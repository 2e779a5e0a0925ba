import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, messageOf } from '../errors.ts';
import { COMPARISON } from '../report/index.ts';
import { plural } from '../text.ts';

/** More files than this are an error: reading them would take minutes. */
const MAX_RESULT_FILES = 5000;
const MAX_FOLDER_DEPTH = 16;

/** Files that a comparison writes beside its document. */
const OF_OTHER_TOOLS = COMPARISON.formats.filter(({ name }) => name !== 'json').map(({ file }) => file);

/** Files that may hold results, and folders that could not be read, each with why. */
export interface FoundFiles {
  readonly files: readonly string[];
  readonly problems: ReadonlyArray<{ readonly path: string; readonly reason: string }>;
}

/**
 * Lists the files of paths in order: a file as it was given; of a folder, all JSON files in it and its folders, but hidden
 * ones and those in formats of other tools. Throws NO_SUCH_PATH and TOO_MANY_FILES.
 */
export async function findResultFiles(paths: readonly string[]): Promise<FoundFiles> {
  const files = new Set<string>();
  const problems: Array<{ path: string; reason: string }> = [];
  const visit = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
      problems.push({ path: folder, reason: `cannot be read: ${messageOf(error)}` });
      return [];
    });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      if (entry.isDirectory() && depth < MAX_FOLDER_DEPTH) await visit(path, depth + 1);
      else if (entry.name.endsWith('.json') && !OF_OTHER_TOOLS.includes(entry.name)) files.add(path);
    }
  };
  for (const path of paths) {
    const found = await stat(path).catch((error) =>
      fail(
        'NO_SUCH_PATH',
        `${path} cannot be read: ${messageOf(error)}`,
        'Give a folder of results, or files.',
      ),
    );
    if (found.isDirectory()) await visit(path, 0);
    else files.add(join(path));
    if (files.size > MAX_RESULT_FILES) {
      fail(
        'TOO_MANY_FILES',
        `${path} holds more than ${plural(MAX_RESULT_FILES, 'JSON file')}`,
        'Give a folder with fewer results.',
      );
    }
  }
  return { files: [...files], problems };
}
