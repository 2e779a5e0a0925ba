import { fileURLToPath } from 'node:url';

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
