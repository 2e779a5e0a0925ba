import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, SockbenchError } from '../errors.ts';
import { type Format, formats } from '../report/index.ts';
import type { RunResult } from '../result/run-result.ts';
import { writeAtomically } from '../result/store.ts';
import { nearest } from '../text.ts';
import type { Cli } from './cli.ts';

/** For help. */
export const FORMAT_NAMES = formats.map(({ name }) => name).join(', ');

/** Reads `--format text,html`, of the formats that there are for this; throws UNKNOWN_FORMAT. */
export function pickFormats<T extends { readonly name: string }>(list: string, all: readonly T[]): T[] {
  return list.split(',').map((name) => {
    const found = all.find((format) => format.name === name.trim());
    if (found !== undefined) return found;
    const known = [...new Set(all.map((format) => format.name))];
    const suggestion = nearest(name, known);
    throw new SockbenchError({
      code: 'UNKNOWN_FORMAT',
      message: `--format: there is no format "${name}"; there are: ${known.join(', ')}`,
      hint: suggestion === null ? '' : `Did you mean ${suggestion}?`,
    });
  });
}

/** Reads the formats of results of runs; throws UNKNOWN_FORMAT. */
export function parseFormats(list: string): Format[] {
  return pickFormats(list, formats);
}

/** A way to write one kind of document down. */
interface Rendering<Document> {
  readonly name: string;
  render(document: Document): string;
}

/** A document, and what its files are called. */
export interface Written<Document, As extends Rendering<Document>> {
  readonly document: Document;
  /** The format from which all others can be made again. */
  readonly source: As;
  fileOf(format: As): string;
}

/** Results of runs, as files that begin with `name`. */
export function writtenRuns(
  name: string,
  results: readonly RunResult[],
): Written<readonly RunResult[], Format> {
  return {
    document: results,
    source: sourceOf(formats),
    fileOf: ({ extension }) => `${name}.${extension}`,
  };
}

/** The format that is the document itself. */
export function sourceOf<As extends { readonly name: string }>(all: readonly As[]): As {
  const [source] = pickFormats('json', all);
  if (source === undefined) throw new Error('no format of that name');
  return source;
}

/**
 * Writes one file per format and returns their paths. A folder that takes no more (full disk, removed
 * meanwhile) is replaced by the system's temporary one, with a warning: what was measured is not lost.
 */
export async function writeFiles<Document, As extends Rendering<Document>>(
  cli: Cli,
  folder: string,
  list: Iterable<As>,
  { document, fileOf }: Written<Document, As>,
): Promise<string[]> {
  const paths: string[] = [];
  for (const format of list) {
    const path = await writeOrRescue(cli, folder, fileOf(format), format.render(document));
    if (path !== null) paths.push(path);
  }
  return paths;
}

/**
 * Text to stdout, or the one format asked for; everything else, and always the document itself, into `folder`. The
 * document comes first: from it all else can be made again.
 */
export async function deliver<Document, As extends Rendering<Document>>(
  cli: Cli,
  folder: string,
  list: readonly As[],
  written: Written<Document, As>,
  isQuiet: boolean,
): Promise<void> {
  const tell = (paths: readonly string[]) => {
    if (!isQuiet) for (const path of paths) cli.err(`wrote ${path}\n`);
  };
  tell(await writeFiles(cli, folder, [written.source], written));
  const [shown] = list.length === 1 ? list : list.filter(({ name }) => name === 'text');
  if (shown !== undefined) cli.out(shown.render(written.document));
  const others = list.filter((format) => format.name !== 'text' && format !== written.source);
  tell(await writeFiles(cli, folder, new Set(others), written));
}

/** What is stored, again: to stdout, or into `folder`. */
export async function renderAgain<Document, As extends Rendering<Document>>(
  cli: Cli,
  folder: string | undefined,
  list: readonly As[],
  written: Written<Document, As>,
): Promise<void> {
  if (folder === undefined) {
    for (const format of list) cli.out(format.render(written.document));
    return;
  }
  for (const path of await writeFiles(cli, folder, list, written)) cli.err(`wrote ${path}\n`);
}

/**
 * Writes a file, or where that fails into a new folder in the system's temporary one, with a warning; returns its path,
 * null where that fails too.
 */
async function writeOrRescue(cli: Cli, folder: string, file: string, text: string): Promise<string | null> {
  const path = join(folder, file);
  try {
    await writeAtomically(path, text);
    return path;
  } catch (error) {
    const problem = `warning: ${path} could not be written: ${messageOf(error)}`;
    try {
      const rescue = join(await mkdtemp(join(tmpdir(), 'sockbench-')), file);
      await writeAtomically(rescue, text);
      cli.err(`${problem}; it is at ${rescue} instead\n`);
      return rescue;
    } catch (second) {
      cli.err(`${problem}; nor elsewhere: ${messageOf(second)}\n`);
      return null;
    }
  }
}

/** When something began, for the name of a file or folder: `20261121-233355-042`; UTC. */
export function timeInName(startedAt: string): string {
  return startedAt.slice(0, 23).replaceAll(/[-:]/g, '').replaceAll(/[T.]/g, '-');
}

/** `room-fanout-socketio-polling-20261121-233355-042`, from when the run began. */
export function reportName({ plan, startedAt }: RunResult): string {
  const target = plan.target.url === null ? plan.target.name : plan.target.protocol;
  return `${plan.scenario}-${target}-${plan.transport}-${timeInName(startedAt)}`;
}
