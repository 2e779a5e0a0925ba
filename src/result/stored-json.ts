import { constants, open } from 'node:fs/promises';
import { messageOf } from '../errors.ts';
import { foreign } from '../foreign.ts';
import { formatBytes, formatCount } from '../units.ts';
import { resultInLines } from './printed-result.ts';

/**
 * The largest file that is read. What sockbench writes is smaller: `bound.ts` sees to it. Together with the other limits
 * it keeps reading any file within about 300 MB of memory.
 */
export const MAX_DOCUMENT_BYTES = 40 * 1024 ** 2;

/** What the broadcasts of a shard may take beside that, as text. */
export const MAX_BROADCASTS_CHARACTERS = 48 * 1024 ** 2;

/** The limits of what a file may hold, checked before it is parsed. sockbench writes at most half of it. */
const MAX_DEPTH = 32;
const MAX_ITEMS = 10_000;
const MAX_VALUES = 2_000_000;
/** In characters. The longest text is an encoded histogram, except for the broadcasts of a shard. */
const MAX_TEXT = 1024 ** 2;
/** Clients of one shard are listed one by one. */
const MAX_ITEMS_OF_SHARD = 100_000;

/**
 * Reads a JSON file that somebody else may have written, or a log that a result was printed to. `refuse` throws for a file
 * that is not readable, not JSON or beyond the limits; it is given a predicate: `is a folder`.
 */
export async function readStoredJson(path: string, refuse: (problem: string) => never): Promise<unknown> {
  const text = withoutLog(await readText(path, refuse), refuse);
  const { problem, bytes } = shapeOf(text);
  if (problem !== null) return refuse(problem);
  if (bytes > MAX_DOCUMENT_BYTES) refuseSize(bytes, refuse);
  try {
    return JSON.parse(text);
  } catch (error) {
    return refuse(`cannot be read as JSON: ${foreign(error)}`);
  }
}

function refuseSize(bytes: number, refuse: (problem: string) => never): never {
  return refuse(`has ${formatBytes(bytes)}; the maximum is ${formatBytes(MAX_DOCUMENT_BYTES)}`);
}

/** The JSON in a log that a result was printed to; any other text unchanged. */
function withoutLog(text: string, refuse: (problem: string) => never): string {
  try {
    return resultInLines(text, MAX_DOCUMENT_BYTES + MAX_BROADCASTS_CHARACTERS) ?? text;
  } catch (error) {
    return refuse(messageOf(error));
  }
}

async function readText(path: string, refuse: (problem: string) => never): Promise<string> {
  // Opening a named pipe would otherwise wait for a writer.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
  const file = await open(path, flags).catch((error) => refuse(`cannot be read: ${messageOf(error)}`));
  try {
    const stats = await file.stat();
    if (stats.isDirectory()) refuse('is a folder');
    if (!stats.isFile()) refuse('is not a regular file');
    const { size } = stats;
    if (size > MAX_DOCUMENT_BYTES + MAX_BROADCASTS_CHARACTERS) refuseSize(size, refuse);
    // Reads no more than this, however fast the file grows.
    const bytes = Buffer.alloc(size);
    let length = 0;
    let read = 1;
    while (length < size && read > 0) {
      read = (await file.read(bytes, length, size - length, length)).bytesRead;
      length += read;
    }
    return bytes.toString('utf8', 0, length);
  } finally {
    await file.close();
  }
}

/** An object or array that is open at some place of the text. */
interface Level {
  readonly isList: boolean;
  items: number;
  /** Where the key of the current value is in the text. */
  key: readonly [from: number, to: number];
}

const [QUOTE, COMMA, COLON, BACKSLASH] = [0x22, 0x2c, 0x3a, 0x5c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** How large a JSON text is, without the broadcasts of a shard, which have a limit of their own. */
export function countedBytes(text: string): number {
  return shapeOf(text).bytes;
}

/**
 * Finds what would make parsing or checking expensive: depth, number of values, and long lists and texts. `problem` is a
 * predicate, or null. It does not check the grammar.
 */
function shapeOf(text: string): { readonly problem: string | null; readonly bytes: number } {
  let bytes = Buffer.byteLength(text);
  const problem = problemOfShape(text, (length) => {
    bytes -= length;
  });
  return { problem, bytes };
}

function problemOfShape(text: string, onBroadcasts: (length: number) => void): string | null {
  const levels: Level[] = [];
  let values = 0;
  let lastText: Level['key'] = [0, 0];
  const isAt = (place: readonly string[]) =>
    place.every((key, depth) => {
      const level = levels[depth];
      return level !== undefined && !level.isList && text.slice(...level.key) === key;
    });
  const at = () => (levels.length === 0 ? '' : ` at ${placeText(pathTo(text, levels))}`);
  for (let i = 0; i < text.length; i++) {
    const level = levels.at(-1);
    switch (text.charCodeAt(i)) {
      case QUOTE: {
        const end = endOfText(text, i);
        if (end - i > MAX_TEXT) {
          const isAllowed = isAt(['shard', 'broadcasts']) && end - i <= MAX_BROADCASTS_CHARACTERS;
          if (!isAllowed) return `holds a text of ${formatCount(end - i)} characters${at()}`;
          onBroadcasts(end - i);
        }
        lastText = [i + 1, end];
        i = end;
        break;
      }
      case COLON:
        if (level !== undefined) level.key = lastText;
        break;
      case COMMA:
        values += 1;
        if (level !== undefined) level.items += 1;
        if (level !== undefined && level.items >= MAX_ITEMS) {
          const max = isAt(['shard']) ? MAX_ITEMS_OF_SHARD : MAX_ITEMS;
          if (level.items < max) break;
          return `holds more than ${formatCount(max)} values in one ${level.isList ? 'list' : 'object'}${at()}`;
        }
        break;
      case OPEN_LIST:
      case OPEN_OBJECT:
        values += 1;
        if (levels.length === MAX_DEPTH) return `is nested more than ${MAX_DEPTH} levels deep${at()}`;
        levels.push({ isList: text.charCodeAt(i) === OPEN_LIST, items: 0, key: [0, 0] });
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        levels.pop();
        break;
    }
    if (values > MAX_VALUES) return `holds more than ${formatCount(MAX_VALUES)} values${at()}`;
  }
  return null;
}

/** The index of the quote that ends the text that begins at `from`; the end of all when it does not end. */
function endOfText(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

function pathTo(text: string, levels: readonly Level[]): PropertyKey[] {
  return levels.map(({ isList, items, key }) => (isList ? items : text.slice(...key)));
}

/** Writes a place in a document as JavaScript does: `rounds[3].runs[0].result.ledger`. */
export function placeText(path: readonly PropertyKey[]): string {
  const steps = path.map((step) =>
    typeof step === 'number' ? `[${step}]` : `.${foreign(String(step), 60)}`,
  );
  return steps.join('').replace(/^\./, '');
}
