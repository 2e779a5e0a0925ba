import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { TextDecoder } from 'node:util';
import { fail, messageOf } from '../errors.ts';
import { foreign } from '../foreign.ts';
import { type AroundStamp, type SentFile, STAMP_PLACE } from '../measure/payload-contents.ts';
import { plural } from '../text.ts';
import { formatBytes } from '../units.ts';

/** Every process of a run holds all files in memory. */
const MAX_PAYLOAD_FILES_BYTES = 64 * 1024 ** 2;
const MAX_PAYLOAD_FILES = 10_000;
/** The field of an object that holds the stamp where the file has no {@link STAMP_PLACE}. */
const STAMP_FIELD = '_sb';

type OneOrMore<T> = readonly [T, ...T[]];

/**
 * Reads the file at a path, or those of a folder in the order of their names, without its folders and hidden files.
 * Throws BAD_PAYLOAD_FILE for one that cannot be a payload.
 */
export function readPayloadFiles(path: string): OneOrMore<SentFile> {
  const paths = filesAt(path);
  const sizes = paths.map((file) => {
    const stats = statSync(file);
    return stats.isFile() ? stats.size : refuseFile(file, 'is not a regular file');
  });
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes > MAX_PAYLOAD_FILES_BYTES)
    refuseFile(path, `has ${formatBytes(bytes)}; the maximum is ${formatBytes(MAX_PAYLOAD_FILES_BYTES)}`);
  const [first, ...rest] = paths.map((file) => payloadFile(basename(file), readFileSync(file)));
  return first === undefined ? refuseFile(path, 'has no files') : [first, ...rest];
}

function filesAt(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const entries = readdirSync(path, { withFileTypes: true });
    const names = entries.filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'));
    if (names.length > MAX_PAYLOAD_FILES)
      refuseFile(path, `has ${plural(names.length, 'file')}; the maximum is 10,000`);
    return names.map(({ name }) => join(path, name)).toSorted();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'BAD_PAYLOAD_FILE') throw error;
    return refuseFile(path, `cannot be read: ${foreign(messageOf(error))}`);
  }
}

function refuseFile(path: string, problem: string): never {
  return fail(
    'BAD_PAYLOAD_FILE',
    `--payload: ${foreign(path)} ${problem}`,
    'Give a size such as 64B, a file, or a folder of files: JSON, text, or bytes with --payload-type binary.',
  );
}

/** Finds where the stamp goes in a file. Throws BAD_PAYLOAD_FILE for an empty file, and for .json that is no JSON. */
export function payloadFile(name: string, bytes: Buffer): SentFile {
  if (bytes.length === 0) refuseFile(name, 'is empty');
  const text = utf8TextOf(bytes);
  if (text === null) return { name, bytes, forms: null, json: null };
  const value = jsonValueOf(name, text);
  const [head = '', tail = ''] = splitAtStamp(name, text, value);
  const plain = { head, tail };
  if (typeof value !== 'object' && typeof value !== 'string')
    return { name, bytes, forms: [plain, escapedAround(plain), quoted(plain)], json: null };
  const marked: unknown = JSON.parse(head + STAMP_PLACE + tail);
  const [compactHead = '', compactTail = ''] = JSON.stringify(marked).split(STAMP_PLACE);
  const compact = { head: compactHead, tail: compactTail };
  return {
    name,
    bytes,
    forms: [plain, escapedAround(plain), compact],
    json: { value: marked, depth: depthOfStamp(marked) ?? 0 },
  };
}

function escapedAround({ head, tail }: AroundStamp): AroundStamp {
  const within = (text: string) => JSON.stringify(text).slice(1, -1);
  return { head: within(head), tail: within(tail) };
}

/** How text that is no JSON is written as a value. */
function quoted(text: AroundStamp): AroundStamp {
  const { head, tail } = escapedAround(text);
  return { head: `"${head}`, tail: `${tail}"` };
}

/** The text of a file without white space at its ends; null for a file that is no UTF-8. */
function utf8TextOf(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim();
  } catch {
    return null;
  }
}

/** The value of a JSON text; undefined for text that is no JSON. */
function jsonValueOf(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (name.endsWith('.json')) refuseFile(name, `is not valid JSON: ${foreign(messageOf(error))}`);
    return undefined;
  }
}

/** The text before and after the stamp: at its place where the file names one, otherwise first in the object, list or text. */
function splitAtStamp(name: string, text: string, value: unknown): string[] {
  const parts = text.split(STAMP_PLACE);
  if (parts.length > 2) refuseFile(name, `has ${STAMP_PLACE} more than once`);
  if (parts.length === 2) {
    if (value !== undefined && depthOfStamp(value) === null)
      refuseFile(name, `has ${STAMP_PLACE} in the name of a field`);
    return parts;
  }
  if (value === undefined) return ['', text];
  if (typeof value === 'string') return ['"', text.slice(1)];
  if (typeof value !== 'object' || value === null)
    return refuseFile(name, 'is a JSON number, boolean or null, which has no room for the stamp');
  const isEmpty = Object.keys(value).length === 0;
  const after = `"${isEmpty ? '' : ','}${text.slice(1)}`;
  return Array.isArray(value) ? ['["', after] : [`{"${STAMP_FIELD}":"`, after];
}

/** How many lists and objects are around the text that has {@link STAMP_PLACE}; null where no value has it. */
function depthOfStamp(value: unknown): number | null {
  if (typeof value === 'string') return value.includes(STAMP_PLACE) ? 0 : null;
  if (typeof value !== 'object' || value === null) return null;
  for (const inner of Object.values(value)) {
    const depth = depthOfStamp(inner);
    if (depth !== null) return depth + 1;
  }
  return null;
}

/** A hash of names and contents, by which processes and hosts know that they have the same files. */
export function digestOfFiles(files: readonly SentFile[]): string {
  const hash = createHash('sha256');
  for (const { name, bytes } of files) hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  return hash.digest('hex').slice(0, 16);
}
