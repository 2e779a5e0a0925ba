import { randomBytes } from 'node:crypto';
import { access, constants, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail, messageOf } from '../errors.ts';

const NAME_PART_CHARACTERS = 60;
/** Names of devices on Windows, with any extension. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;

/**
 * Makes the name of a file or folder from data, which may come from a stored document: letters, digits, `.`, `_` and
 * `-`, the parts joined by `-`. It has no separator, does not begin with a dot, and each part has at most 60 characters.
 */
export function fileNameOf(...parts: readonly string[]): string {
  const safe = parts.map((part) => {
    const name = part.slice(0, NAME_PART_CHARACTERS).replaceAll(/[^\w.-]+/g, '-');
    return name.replace(/^[.-]+/, '').replace(/[.-]+$/, '') || 'unnamed';
  });
  return safe.join('-').replace(DEVICE, '_$&');
}

/**
 * The JSON of a document in pieces, each element of its lists by itself: as a whole, the text of a long run would take
 * several times its size in memory.
 */
export function* jsonPieces(document: object): Generator<string> {
  let before = '{';
  for (const [name, value] of Object.entries(document).filter(([, each]) => each !== undefined)) {
    yield `${before}${JSON.stringify(name)}:`;
    before = ',';
    if (!Array.isArray(value)) {
      yield JSON.stringify(value);
      continue;
    }
    yield '[';
    for (const [place, element] of value.entries())
      yield `${place === 0 ? '' : ','}${JSON.stringify(element)}`;
    yield ']';
  }
  yield before === '{' ? '{}' : '}';
}

/** Writes a file completely or not at all: to a temporary name beside it, synced, then renamed. */
export async function writeAtomically(path: string, text: string | Iterable<string>): Promise<void> {
  const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Whether a path is that of a folder. */
export function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Makes a folder and its parents. Node's own `recursive` never ends where none can be made, as in /proc. */
export async function makeFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  const above = dirname(folder);
  if (above !== folder) await makeFolder(above);
  try {
    await mkdir(folder);
  } catch (error) {
    // Another run may have been faster.
    if (!(await isFolder(folder))) throw error;
  }
}

/** Makes sure that a folder exists and can be written to; throws OUT_UNWRITABLE before anything is measured. */
export async function requireWritable(
  folder: string,
  hint = 'Choose another with --out DIR.',
): Promise<void> {
  try {
    await makeFolder(folder);
    await access(folder, constants.W_OK);
    const trial = join(folder, `.${randomBytes(6).toString('hex')}.tmp`);
    await (await open(trial, 'wx')).close();
    await rm(trial);
  } catch (error) {
    fail('OUT_UNWRITABLE', `the folder ${folder} cannot be written to: ${messageOf(error)}`, hint);
  }
}
