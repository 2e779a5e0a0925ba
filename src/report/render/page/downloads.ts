import { gzipSync } from 'node:zlib';

/** A file that the page offers for download. */
export interface PageFile {
  readonly name: string;
  /** Text of its button: `JSON`. */
  readonly label: string;
  readonly type: string;
  readonly text: string;
}

/** Files of a document, from all of them to the fewest, and what the page says about those that it does not hold. */
export interface PageData {
  readonly files: readonly PageFile[];
  readonly note: string;
}

/** Packs JSON for a script of the page: gzip in base64, a quarter of the size for numbers. */
export function pack(json: string): string {
  return gzipSync(json, { level: 9 }).toString('base64');
}

/** Encoded histograms, which several files have in common. */
const HISTOGRAM = /HISTF[\w+/=]+/g;

/** Longer texts are not worth compressing, as a page never holds them. */
const MAX_TEXT_CHARACTERS = 4_000_000;

/**
 * Packs files for the script of the page. A histogram stands in it once, and the
 * texts hold its number between two U+0001, which no format writes. Null for files that are too long for any page.
 */
export function packFiles(files: readonly PageFile[]): string | null {
  if (files.reduce((sum, { text }) => sum + text.length, 0) > MAX_TEXT_CHARACTERS) return null;
  const numbers = new Map<string, number>();
  const shortened = files.map(({ name, type, text }) => {
    const short = text.replaceAll(HISTOGRAM, (histogram) => {
      const number = numbers.get(histogram) ?? numbers.size;
      numbers.set(histogram, number);
      return `\u0001${number}\u0001`;
    });
    return { name, type, text: short };
  });
  return pack(JSON.stringify({ histograms: [...numbers.keys()], files: shortened }));
}
