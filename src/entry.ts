import { fileURLToPath } from 'node:url';

/** `.ts` in the repository, `.js` in the published package: child entries have the ending of this file. */
const ENDING = import.meta.url.slice(import.meta.url.lastIndexOf('.'));

/** Absolute path of a child entry, given its path from src/ without the ending: `load/worker`. */
export function entryPath(fromSrc: string): string {
  return fileURLToPath(new URL(`./${fromSrc}${ENDING}`, import.meta.url));
}
