import { randomBytes } from 'node:crypto';
import { access, constants, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, SockbenchError } from '../errors.ts';
import { NsHistogram } from '../measure/histogram.ts';
import { type RunResult, runResultSchema, SCHEMA_VERSION } from './run-result.ts';

/** Writes a file whole or not at all: to a temporary name beside it, to the disk, then renamed. */
export async function writeAtomically(path: string, text: string): Promise<void> {
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

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Makes a folder and those above it. Node's own `recursive` never ends where none can be made, as in /proc. */
async function makeFolder(folder: string): Promise<void> {
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

/** Makes sure that a folder exists and takes files; throws OUT_UNWRITABLE before anything is measured. */
export async function requireWritable(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
    await access(folder, constants.W_OK);
    const trial = join(folder, `.${randomBytes(6).toString('hex')}.tmp`);
    await (await open(trial, 'wx')).close();
    await rm(trial);
  } catch (error) {
    throw new SockbenchError({
      code: 'OUT_UNWRITABLE',
      message: `the folder ${folder} cannot be written to: ${messageOf(error)}`,
      hint: 'Choose another with --out DIR.',
    });
  }
}

/** What a file that was edited or cut betrays itself by; null when all is well. */
function inconsistency({ ledger, series, headline, samples }: RunResult): string | null {
  const { expected, delivered, lost, unknown } = ledger;
  if (expected !== delivered + lost + unknown) {
    return `${expected} messages owed are not ${delivered} delivered + ${lost} lost + ${unknown} unknown`;
  }
  if (delivered > 0 && samples.count > 0 && series[headline] === undefined)
    return `the series ${headline} is missing`;
  for (const [name, { count, histogram }] of Object.entries(series)) {
    try {
      if (NsHistogram.decode(histogram).count !== count)
        return `the histogram of ${name} has not ${count} values`;
    } catch (error) {
      return `the histogram of ${name} cannot be read: ${messageOf(error)}`;
    }
  }
  return null;
}

function refuse(path: string, problem: string, hint: string): never {
  throw new SockbenchError({ code: 'BAD_RESULT', message: `${path} ${problem}`, hint });
}

/** Reads a file of JSON; throws BAD_RESULT with `hint` when it is missing or no JSON. */
export async function readJson(path: string, hint: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    return refuse(path, `cannot be read as JSON: ${messageOf(error)}`, hint);
  }
}

/** What a document says that it is; null for results of single runs, which do not say. */
export function kindOf(stored: unknown): unknown {
  return typeof stored === 'object' && stored !== null && 'kind' in stored ? stored.kind : null;
}

/** Throws BAD_RESULT for a document of another version than this sockbench writes. */
export function requireVersion(path: string, stored: unknown, known: number): void {
  const version = (stored as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version !== 'number' || version === known) return;
  refuse(
    path,
    `has schemaVersion ${version}; this sockbench reads ${known}`,
    version < known
      ? 'Measure again with this sockbench, or read it with the older one that wrote it.'
      : 'Use the sockbench that wrote it, or a newer one.',
  );
}

/** Throws BAD_RESULT for a result that was edited or cut; `path` is how the error names it. */
export function requireSound(path: string, result: RunResult): void {
  const fault = inconsistency(result);
  if (fault === null) return;
  refuse(path, `does not hold together: ${fault}`, 'Give a result.json as sockbench wrote it.');
}

/** Reads a stored result; throws BAD_RESULT when the file is missing, not JSON, or not a result of this version. */
export async function readResult(path: string): Promise<RunResult> {
  const hint = 'Give a result.json that sockbench wrote.';
  return parseResult(path, await readJson(path, hint));
}

/** A result from what was read at `path`; throws BAD_RESULT when it is none of this version. */
export function parseResult(path: string, stored: unknown): RunResult {
  requireVersion(path, stored, SCHEMA_VERSION);
  const parsed = runResultSchema.safeParse(stored);
  if (parsed.success) {
    requireSound(path, parsed.data);
    return parsed.data;
  }
  const [issue] = parsed.error.issues;
  return refuse(
    path,
    `is not a sockbench result: ${issue?.path.join('.') || 'the file'}: ${issue?.message}`,
    'Give a result.json that sockbench wrote.',
  );
}
