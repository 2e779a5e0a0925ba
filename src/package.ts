import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** `.ts` in the repository, `.js` in the published package. Child entries have the ending of this file. */
const ENDING = import.meta.url.slice(import.meta.url.lastIndexOf('.'));

/** The folder of package.json and templates/: above src/ in the repository, above dist/src/ in the published package. */
const PACKAGE_URL = new URL(ENDING === '.ts' ? '../' : '../../', import.meta.url);

/** The folder of the package. */
export const PACKAGE_FOLDER = fileURLToPath(PACKAGE_URL);

const MANIFEST: { readonly version: string } = JSON.parse(
  readFileSync(new URL('package.json', PACKAGE_URL), 'utf8'),
);

export const VERSION = MANIFEST.version;

/** Returns the absolute path of a child entry, given its path below src/ without the ending: `generator/process`. */
export function entryPath(fromSrc: string): string {
  return fileURLToPath(new URL(`./${fromSrc}${ENDING}`, import.meta.url));
}

/** Returns the absolute path of a file below src/ that is used as it is: `measure/preload.cjs`. */
export function ownFilePath(fromSrc: string): string {
  return fileURLToPath(new URL(`./${fromSrc}`, import.meta.url));
}

/** Returns the URL of a file in templates/. */
export function templateUrl(name: string): URL {
  return new URL(`templates/${name}`, PACKAGE_URL);
}
