import { fail } from '../../errors.ts';
import { CAPACITY, COMPARISON, DOCUMENT_KINDS, formatNames, parseFormats, RUNS } from '../../report/index.ts';
import { isCapacity, parseCapacity } from '../../result/capacity.ts';
import { isComparison, parseComparison } from '../../result/comparison.ts';
import { parseResult, readJson, requireWritable } from '../../result/store.ts';
import type { AddCommand, Cli } from '../cli.ts';
import { type Rendering, renderAgain } from '../output.ts';

const HINT = 'Give files that sockbench wrote: results of runs, or one rounds.json or capacity search.';

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
      const stored = await Promise.all(
        paths.map(async (path) => ({ path, document: await readJson(path, HINT) })),
      );
      const alone = stored.find(({ document }) => isCapacity(document) || isComparison(document));
      if (alone === undefined) {
        const document = stored.map((each) => parseResult(each.path, each.document));
        return render(cli, { kind: RUNS, document }, asked);
      }
      const { path, document } = alone;
      if (stored.length > 1) {
        fail('ONE_RESULT_ONLY', `${path} already holds several runs`, 'Render it separately.');
      }
      return isCapacity(document)
        ? render(cli, { kind: CAPACITY, document: parseCapacity(path, document) }, asked)
        : render(cli, { kind: COMPARISON, document: parseComparison(path, document) }, asked);
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
