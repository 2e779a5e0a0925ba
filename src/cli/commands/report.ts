import { fail } from '../../errors.ts';
import { CAPACITY, COMPARISON, DOCUMENT_KINDS, formatNames, parseFormats, RUNS } from '../../report/index.ts';
import { readDocument } from '../../result/documents.ts';
import { requireWritable } from '../../result/store.ts';
import type { AddCommand, Cli } from '../cli.ts';
import { type Rendering, renderAgain } from '../output.ts';

interface Asked {
  readonly format: string;
  readonly out?: string;
}

export const addReport: AddCommand = (program, cli) => {
  program
    .command('report')
    .description('render stored results again; several runs on one page compare side by side')
    .argument('<result.json...>', 'results of runs; or one rounds.json; or one capacity search')
    .option(
      '--format <LIST>',
      DOCUMENT_KINDS.map((kind) => `of a ${kind.noun}: ${formatNames(kind)}`).join('; '),
      'text',
    )
    .option('--out <DIR>', 'write files here instead of to stdout')
    .action(async (paths: string[], asked: Asked) => {
      const stored = await Promise.all(paths.map(readDocument));
      const alone = stored.find(({ kind }) => kind !== 'run');
      if (alone !== undefined && stored.length > 1) {
        fail('ONE_RESULT_ONLY', `${alone.path} already holds several runs`, 'Render it separately.');
      }
      if (alone?.kind === 'capacity') return render(cli, { kind: CAPACITY, document: alone.document }, asked);
      if (alone?.kind === 'comparison') {
        return render(cli, { kind: COMPARISON, document: alone.document }, asked);
      }
      const document = stored.flatMap((each) => (each.kind === 'run' ? [each.document] : []));
      return render(cli, { kind: RUNS, document }, asked);
    });
};

async function render<Document>(
  cli: Cli,
  rendering: Rendering<Document>,
  { format, out }: Asked,
): Promise<void> {
  const formats = parseFormats(rendering.kind, format);
  if (out !== undefined) await requireWritable(out);
  await renderAgain(cli, out, formats, rendering);
}
