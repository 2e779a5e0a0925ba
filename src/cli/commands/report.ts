import { fail } from '../../errors.ts';
import {
  CAPACITY,
  COMPARISON,
  DOCUMENT_KINDS,
  type DocumentKind,
  formatNames,
  parseFormats,
  RUNS,
} from '../../report/index.ts';
import { readDocument, type StoredDocument } from '../../result/documents.ts';
import { requireWritable } from '../../result/store.ts';
import type { AddCommand } from '../cli.ts';
import { renderAgain } from '../output.ts';

export const addReport: AddCommand = (program, cli) => {
  program
    .command('report')
    .description('render stored results again; several runs stand side by side')
    .argument('<result.json...>', 'results of runs; or one rounds.json; or one capacity search')
    .option(
      '--format <LIST>',
      DOCUMENT_KINDS.map((kind) => `of a ${kind.noun}: ${formatNames(kind)}`).join('; '),
      'text',
    )
    .option('--out <DIR>', 'write files here instead of to stdout')
    .action(async (paths: string[], asked: { readonly format: string; readonly out?: string }) => {
      const stored: StoredDocument[] = [];
      // One after the other: the text of a document takes more memory than the document.
      for (const path of paths) stored.push(await readDocument(path));
      const alone = stored.find(({ kind }) => kind !== 'run');
      if (alone !== undefined && stored.length > 1) {
        fail('ONE_RESULT_ONLY', `${alone.path} already holds several runs`, 'Render it separately.');
      }
      const { format, out } = asked;
      const render = async <Document>(kind: DocumentKind<Document>, document: Document) => {
        const formats = parseFormats(kind, format);
        if (out !== undefined) await requireWritable(out);
        await renderAgain(cli, out, formats, { kind, document });
      };
      if (alone?.kind === 'capacity') return render(CAPACITY, alone.document);
      if (alone?.kind === 'comparison') return render(COMPARISON, alone.document);
      const runs = stored.flatMap((each) => (each.kind === 'run' ? [each.document] : []));
      return render(RUNS, runs);
    });
};
