import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, type ExitCode, fail, messageOf } from '../errors.ts';
import type { DocumentKind, Format } from '../report/index.ts';
import { type EndingPlace, renderEnding } from '../report/render/ending.ts';
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
  /** Whether every table is printed before the end. */
  readonly verbose: boolean;
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
 * Writes what was measured: the document itself into `folder` before anything else is rendered, then the other formats,
 * and at last the end, or the only format asked for, to stdout. Nothing that fails here is thrown: a format that cannot
 * be rendered or written is lost with an error on stderr, and the others are written. Where the document itself is lost,
 * the whole text is shown in any case.
 */
export async function deliver<Document>(
  cli: Cli,
  folder: string,
  formats: ReadonlyArray<Format<Document>>,
  { kind, document }: Rendering<Document>,
  { quiet, verbose, open }: OutputFlags,
): Promise<Delivery> {
  const lost: string[] = [];
  const written = new Map<string, string>();
  const nameOf = fileNames(folder, { kind, document });
  const write = async (format: Format<Document>) => {
    const text = tryRender(cli, format.name, () => format.render(document));
    if (format === source && text !== null) warnOfSize(cli, nameOf(format), text);
    const path = text === null ? null : await save(cli, folder, nameOf(format), text);
    if (path === null) lost.push(format.name);
    else written.set(format.name, path);
  };
  const source = kind.formats.find(({ name }) => name === 'json');
  if (source !== undefined) await write(source);
  const [shown = lost.length > 0 ? textFormatOf(kind) : undefined] =
    formats.length === 1 ? formats : formats.filter(({ name }) => name === 'text');
  for (const format of new Set(formats)) {
    if (format.name !== 'text' && format !== source) await write(format);
  }
  const page = writtenPageOf(written);
  const isNamed = shown?.name === 'text' && kind.ending !== undefined;
  for (const path of written.values()) {
    if (!quiet && !(isNamed && path === page?.path)) cli.err(`wrote ${path}\n`);
  }
  if (shown !== undefined) {
    const isWhole = verbose || lost.length > 0;
    const text = tryRender(cli, shown.name, () =>
      textOnTerminal(cli, shown, { kind, document }, { isWhole, page }),
    );
    if (text === null) lost.push(shown.name);
    else cli.out(text);
  }
  const opened = written.get('html');
  if (open && opened !== undefined) await showPage(cli, opened);
  return lost.length === 0 ? 'kept' : 'lost';
}

/** The page among the files that were written, otherwise the stored result. */
function writtenPageOf(written: ReadonlyMap<string, string>): EndingPlace['page'] {
  const [page, result] = [written.get('html'), written.get('json')];
  if (page !== undefined) return { name: 'page', path: page };
  return result === undefined ? null : { name: 'result', path: result };
}

/** What stdout shows of a format: the end of a command in place of text, or after it where all of it is asked for. */
function textOnTerminal<Document>(
  cli: Cli,
  format: Format<Document>,
  { kind, document }: Rendering<Document>,
  { isWhole, page }: { readonly isWhole: boolean; readonly page: EndingPlace['page'] },
): string {
  const { ending } = kind;
  if (format.name !== 'text' || ending === undefined) return format.render(document);
  const end = renderEnding(ending(document), { columns: cli.outWidth, paint: cli.paint.out, page });
  return isWhole ? `${format.render(document)}\n${end}` : end;
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
  { verbose }: Pick<OutputFlags, 'verbose'>,
): Promise<string | null> {
  const errors: unknown[] = [];
  let page: string | null = null;
  for (const format of new Set(formats)) {
    try {
      if (folder === undefined) {
        cli.out(textOnTerminal(cli, format, { kind, document }, { isWhole: verbose, page: null }));
        continue;
      }
      const text = format.render(document);
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

/** Renders a format; null, with an error on stderr, when that fails. */
function tryRender(cli: Cli, name: string, render: () => string): string | null {
  try {
    return render();
  } catch (error) {
    cli.err(`error: ${name} could not be rendered: ${messageOf(error)}\n`);
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
