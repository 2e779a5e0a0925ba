import { fail } from '../errors.ts';
import { didYouMean, list } from '../text.ts';

/** Reads `key=value` terms, each key once. Throws `code` for a term without a value, and for a key that is not known. */
export function readTerms(
  terms: readonly string[],
  {
    of,
    code,
    keys,
    example = `${keys[0] ?? 'key'}=1s`,
  }: {
    readonly of: string;
    readonly code: string;
    readonly keys: readonly string[];
    /** A term as it should be. */
    readonly example?: string;
  },
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const term of terms) {
    const [, key = '', value = ''] = /^([^=]*)=(.+)$/.exec(term) ?? [];
    if (value === '')
      fail(code, `"${term}" after ${of} is not a key with a value`, `Write it like ${example}.`);
    const known = keys.length === 0 ? `${of} has no keys` : `those of ${of} are ${list(keys)}`;
    if (!keys.includes(key)) fail(code, `"${key}" is not a key of ${of}; ${known}`, didYouMean(key, keys));
    if (values.has(key)) fail(code, `${key} is given twice for ${of}`, 'Give it once.');
    values.set(key, value);
  }
  return values;
}

/** Reads a percentage: `10%` is 0.1. Not a number for another text. */
export function percentageOf(text: string): number {
  return /^\d+(?:\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) / 100 : Number.NaN;
}
