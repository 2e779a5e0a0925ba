import { stat } from 'node:fs/promises';
import { type OptionTable, onOff, option } from '../../contract/options.ts';
import { fail } from '../../errors.ts';
import {
  CAPACITY,
  COMPARISON,
  DOCUMENT_KINDS,
  type DocumentKind,
  formatNames,
  parseFormats,
  REPEATED,
  RUNS,
  TREND,
} from '../../report/index.ts';
import { readDocument, type StoredDocument } from '../../result/documents.ts';
import { isFolder, requireWritable } from '../../result/store.ts';
import { finishCheckpoint } from '../../run/checkpoint.ts';
import { addGrowth } from '../../stats/growth.ts';
import type { AddCommand, Cli } from '../cli.ts';
import { addOptions, type Flags, readFlags } from '../flags.ts';
import { addNotes } from '../help-notes.ts';
import { requirePage, showPage } from '../open-page.ts';
import { renderAgain } from '../output.ts';
import { findResultFiles } from '../result-files.ts';

const FORMATS_BY_KIND = DOCUMENT_KINDS.map((kind) => `of a ${kind.noun}: ${formatNames(kind)}`).join('; ');

const REPORT_OPTIONS = {
  format: option('LIST', null, `list of formats (default: text); ${FORMATS_BY_KIND}`),
  out: option('DIR', null, 'write files into this folder instead of to stdout'),
  verbose: option(null, 'false', 'print every table of text, then the short end', onOff),
  open: option(null, 'false', 'write the page into --out or reports, and open it in the browser', onOff),
} as const satisfies OptionTable;

const REPORT_EXAMPLES = [
  'sockbench report reports/a.json --open',
  'sockbench report reports/*.json --format html --out pages',
];

/** A file, or the newest result in a folder. */
async function newestIn(cli: Cli, path: string): Promise<string> {
  if (!(await isFolder(path))) return path;
  const { files } = await findResultFiles([path]);
  const times = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  const newest = files[times.indexOf(Math.max(...times))];
  if (newest === undefined)
    return fail('BAD_RESULT', `${path} holds no result`, 'Give a folder that sockbench wrote to.');
  if (files.length > 1) cli.err(`${newest} is the newest of ${files.length} files in ${path}\n`);
  return newest;
}

/** A run that was killed is judged now. */
function finished(stored: StoredDocument): StoredDocument {
  if (stored.kind !== 'run' || stored.document.checkpoint === null) return stored;
  return { ...stored, document: addGrowth(finishCheckpoint(stored.document)) };
}

export const addReport: AddCommand = (program, cli) => {
  const command = program
    .command('report')
    .description('render stored results again; several runs stand side by side')
    .argument(
      '<result.json...>',
      'results of runs, or folders for the newest in each; or one rounds.json, capacity search or trend',
    );
  addOptions(command, REPORT_OPTIONS);
  addNotes(command, { examples: REPORT_EXAMPLES });
  command.action(async (paths: string[], flags: Flags) => {
    const stored: StoredDocument[] = [];
    // One after the other: the text of a document takes more memory than the document.
    for (const path of paths) stored.push(finished(await readDocument(await newestIn(cli, path))));
    const alone = stored.find(({ kind }) => kind !== 'run');
    const isSame = stored.every(({ kind }) => kind === 'repeated');
    if (alone !== undefined && stored.length > 1 && !isSame) {
      fail('ONE_RESULT_ONLY', `${alone.path} already holds several runs`, 'Render it separately.');
    }
    const { open, verbose, ...asked } = readFlags(REPORT_OPTIONS, flags);
    // A page that is opened is a file.
    const format = asked.format ?? (open ? 'html' : 'text');
    const out = asked.out ?? (open ? 'reports' : undefined);
    const render = async <Document>(kind: DocumentKind<Document>, document: Document) => {
      const formats = parseFormats(kind, format);
      requirePage(open, formats);
      if (out !== undefined) await requireWritable(out);
      const page = await renderAgain(cli, out, formats, { kind, document }, { verbose });
      if (open && page !== null) await showPage(cli, page);
    };
    if (alone?.kind === 'capacity') return render(CAPACITY, alone.document);
    if (alone?.kind === 'trend') return render(TREND, alone.document);
    if (alone?.kind === 'repeated') {
      return render(
        REPEATED,
        stored.flatMap((each) => (each.kind === 'repeated' ? [each.document] : [])),
      );
    }
    if (alone?.kind === 'comparison') return render(COMPARISON, alone.document);
    const runs = stored.flatMap((each) => (each.kind === 'run' ? [each.document] : []));
    return render(RUNS, runs);
  });
};
