import { deflateSync, inflateSync } from 'node:zlib';
import { messageOf } from '../errors.ts';

/**
 * A result as lines of a log, for a container whose disk is lost:
 *
 *     sockbench-result NAME 1/3 eJzt...
 *     sockbench-result NAME 2/3 Kx0Q...
 *     sockbench-result NAME 3/3 AfE=
 *
 * The last words joined are the base64 of the deflated JSON (zlib, RFC 1950). Anything may stand before the first word, as
 * a time of day, and other lines in between. `sockbench report` and `merge` read a log that holds one result.
 */
const MARK = 'sockbench-result';
const PRINTED_CHARACTERS = 4000;
const PRINTED_LINE = /sockbench-result ([\w.-]+) (\d+)\/(\d+) ([A-Za-z0-9+/=]+)\s*$/;

/** Writes a document as lines, each with a line break. `name` has letters, digits, `.`, `_` and `-` only. */
export function printedLines(name: string, json: string): string {
  const text = deflateSync(json).toString('base64');
  const parts = text.match(new RegExp(`.{1,${PRINTED_CHARACTERS}}`, 'g')) ?? [];
  return parts.map((part, index) => `${MARK} ${name} ${index + 1}/${parts.length} ${part}\n`).join('');
}

/**
 * Finds the printed result in a log; null for a text without one. Throws an Error, whose message is a predicate, for more
 * than one result, a missing line, or more than `maxBytes` of JSON.
 */
export function resultInLines(text: string, maxBytes: number): string | null {
  if (!text.includes(`${MARK} `)) return null;
  const results = new Map<string, { readonly parts: Map<number, string>; readonly count: number }>();
  for (const line of text.split('\n')) {
    const [, name = '', index, count, part = ''] = PRINTED_LINE.exec(line) ?? [];
    if (index === undefined) continue;
    const found = results.get(name) ?? { parts: new Map<number, string>(), count: Number(count) };
    found.parts.set(Number(index), part);
    results.set(name, found);
  }
  const [first, ...others] = results;
  if (first === undefined) return null;
  if (others.length > 0)
    throw new Error(`holds ${results.size} printed results: ${[...results.keys()].join(', ')}`);
  const [name, { parts, count }] = first;
  // The count is not trusted: no list is made of it.
  let joined = '';
  for (let place = 1; place <= count; place++) {
    const part = parts.get(place);
    if (part === undefined) throw new Error(`lacks line ${place} of ${count} of the printed result ${name}`);
    joined += part;
  }
  try {
    return inflateSync(Buffer.from(joined, 'base64'), { maxOutputLength: maxBytes }).toString();
  } catch (error) {
    throw new Error(`holds a printed result that cannot be inflated: ${messageOf(error)}`);
  }
}
