import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The package's version; its package.json stands above src/ in the repository and above dist/ when published. */
function readVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const found = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
        name: string;
        version: string;
      };
      if (found.name === 'sockbench') return found.version;
    } catch {
      // Not at this level.
    }
  }
  return 'unknown';
}

export const VERSION = readVersion();

/** `.ts` in the repository, `.js` in the published package: child entries have the ending of this file. */
const ENDING = import.meta.url.slice(import.meta.url.lastIndexOf('.'));

/** Absolute path of a child entry, given its path from src/ without the ending: `load/worker`. */
export function entryPath(fromSrc: string): string {
  return fileURLToPath(new URL(`./${fromSrc}${ENDING}`, import.meta.url));
}

/** Where a file of templates/ lies: beside src/ in the repository, beside dist/ in the published package. */
export function templateUrl(name: string): URL {
  return new URL(`${ENDING === '.ts' ? '..' : '../..'}/templates/${name}`, import.meta.url);
}
