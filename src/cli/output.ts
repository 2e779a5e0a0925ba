import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, type ExitCode, fail, messageOf } from '../errors.ts';
import type { DocumentKind, Format } from '../report/index.ts';
import { writeAtomically } from '../result/store.ts';
import { countedBytes, MAX_DOCUMENT_BYTES } from '../result/stored-json.ts';
import { temporaryFolder } from '../run/temporary.ts';
import { formatBytes } from '../units.ts';
import type { Cli } from './cli.ts';
import { showPage } from './open-page.ts';

/** A document and its kind. */
export interface Rendering<Document> {
  readonly kind: DocumentKind<Document>;
  readonly document: Document;
}

/** Flags that say how the output of a command is shown. */
export interface OutputFlags {
  readonly quiet: boolean;
  /** Whether the page is opened in a browser. */
  readonly open: boolean;
}

/** Whether everything that was measured and asked for was written somewhere. */
export type Delivery = 'kept' | 'lost';

/** The exit code of a command whose output was delivered so: a result that is lost did not pass. */
export function unlessLost(delivery: Delivery, exitCode: ExitCode): ExitCode {
  return delivery === 'lost' && exitCode === EXIT.passed ? EXIT.usage : exitCode;
}

/**
 * Writes what was measured: the document itself into `folder` before anything else is rendered, then text, or the only
 * format asked for, to stdout, and the other formats into `folder`. Nothing that fails here is thrown: a format that
 * cannot be rendered or written is lost with an error on stderr, and the others are written. Where the document itself is
 * lost, text is shown in any case.
 */
export async function deliver<Document>(
  cli: Cli,
  folder: string,
  formats: ReadonlyArray<Format<Document>>,
  { kind, document }: Rendering<Document>,
  { quiet, open }: OutputFlags,
): Promise<Delivery> {
  const lost: string[] = [];
  let page: string | null = null;
  const nameOf = fileNames(folder, { kind, document });
  const write = async (format: Format<Document>) => {
    const text = tryRender(cli, format, document);
    if (format === source && text !== null) warnOfSize(cli, nameOf(format), text);
    const path = text === null ? null : await save(cli, folder, nameOf(format), text);
    if (path === null) lost.push(format.name);
    else if (!quiet) cli.err(`wrote ${path}\n`);
    if (format.name === 'html') page = path;
  };
  const source = kind.formats.find(({ name }) => name === 'json');
  if (source !== undefined) await write(source);
  const [shown = lost.length > 0 ? textFormatOf(kind) : undefined] =
    formats.length === 1 ? formats : formats.filter(({ name }) => name === 'text');
  if (shown !== undefined) {
    const text = tryRender(cli, shown, document);
    if (text === null) lost.push(shown.name);
    else cli.out(text);
  }
  for (const format of new Set(formats)) {
    if (format.name !== 'text' && format !== source) await write(format);
  }
  if (open && page !== null) await showPage(cli, page);
  return lost.length === 0 ? 'kept' : 'lost';
}

/** Histograms of whole runs are not merged, so very many series in very many runs may exceed what is read again. */
function warnOfSize(cli: Cli, name: string, text: string): void {
  if (Buffer.byteLength(text) <= MAX_DOCUMENT_BYTES) return;
  const bytes = countedBytes(text);
  if (bytes <= MAX_DOCUMENT_BYTES) return;
  const sizes = `has ${formatBytes(bytes)}, and report reads at most ${formatBytes(MAX_DOCUMENT_BYTES)}`;
  cli.err(`warning: ${name} ${sizes}; use fewer rounds, arms or series\n`);
}

/**
 * The names of the files of a document. Where another one has the name, as of a run that started in the same millisecond,
 * they end in `-2`. Fixed names stay.
 */
function fileNames<Document>(folder: string, { kind, document }: Rendering<Document>) {
  const nameOf = (format: Format<Document>, copy: number) => {
    const name = kind.fileName(document, format);
    const isFixed = name === format.file;
    return isFixed || copy === 1 ? name : `${name.slice(0, -format.file.length - 1)}-${copy}.${format.file}`;
  };
  const isTaken = (copy: number) =>
    kind.formats.some((format) => {
      const name = nameOf(format, copy);
      return name !== format.file && existsSync(join(folder, name));
    });
  let copy = 1;
  while (isTaken(copy)) copy += 1;
  return (format: Format<Document>) => nameOf(format, copy);
}

function textFormatOf<Document>({ formats }: DocumentKind<Document>): Format<Document> | undefined {
  return formats.find(({ name }) => name === 'text');
}

/**
 * Renders a stored document to stdout, or into `folder`. A format that cannot be rendered does not keep the others from
 * being written; its error is thrown afterwards. Returns the path of the page; null where there is none.
 */
export async function renderAgain<Document>(
  cli: Cli,
  folder: string | undefined,
  formats: ReadonlyArray<Format<Document>>,
  { kind, document }: Rendering<Document>,
): Promise<string | null> {
  const errors: unknown[] = [];
  let page: string | null = null;
  for (const format of new Set(formats)) {
    try {
      const text = format.render(document);
      if (folder === undefined) {
        cli.out(text);
        continue;
      }
      const path = await save(cli, folder, kind.fileName(document, format), text);
      if (path === null)
        fail('OUT_UNWRITABLE', `${format.name} could not be written`, 'Choose another --out DIR.');
      cli.err(`wrote ${path}\n`);
      if (format.name === 'html') page = path;
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
  return page;
}

/** Renders a document; null, with an error on stderr, when that fails. */
function tryRender<Document>(cli: Cli, format: Format<Document>, document: Document): string | null {
  try {
    return format.render(document);
  } catch (error) {
    cli.err(`error: ${format.name} could not be rendered: ${messageOf(error)}\n`);
    return null;
  }
}

/**
 * Writes a file and returns its path. Where the folder cannot take it (full disk, removed folder), writes to a new
 * folder in the temporary folder of the system, with a warning; null, with an error, when that fails too.
 */
async function save(cli: Cli, folder: string, file: string, text: string): Promise<string | null> {
  const path = join(folder, file);
  try {
    await writeAtomically(path, text);
    return path;
  } catch (error) {
    const problem = `${path} could not be written: ${messageOf(error)}`;
    let made: string | null = null;
    try {
      made = await mkdtemp(join(temporaryFolder(), 'sockbench-'));
      const rescue = join(made, file);
      await writeAtomically(rescue, text);
      cli.err(`warning: ${problem}; wrote ${rescue} instead\n`);
      return rescue;
    } catch (second) {
      if (made !== null) await rm(made, { recursive: true, force: true });
      cli.err(`error: ${problem}; the temporary folder failed too: ${messageOf(second)}\n`);
      return null;
    }
  }
}
