import { SockbenchError } from '../../errors.ts';
import { capacityFormats } from '../../report/content/capacity-formats.ts';
import { comparisonFormats } from '../../report/content/comparison-formats.ts';
import { formats } from '../../report/index.ts';
import { isCapacity, parseCapacity } from '../../result/capacity.ts';
import { isComparison, parseComparison } from '../../result/comparison.ts';
import { parseResult, readJson, requireWritable } from '../../result/store.ts';
import { CAPACITY_FORMAT_NAMES, parseCapacityFormats, writtenCapacity } from '../capacity-output.ts';
import type { AddCommand, Cli } from '../cli.ts';
import { COMPARISON_FORMAT_NAMES, parseComparisonFormats, writtenComparison } from '../comparison-output.ts';
import { FORMAT_NAMES, parseFormats, pickFormats, renderAgain, reportName, writtenRuns } from '../output.ts';

const HINT = 'Give a file that sockbench stored: a result.json, a rounds.json, a search of capacity.';

/** What is no format of anything is refused before a file is read. */
const EVERY_FORMAT = [...formats, ...comparisonFormats, ...capacityFormats];

interface Asked {
  readonly format: string;
  readonly out?: string;
}

interface Stored {
  readonly path: string;
  readonly document: unknown;
}

export const addReport: AddCommand = (program, cli) => {
  program
    .command('report')
    .description('render stored results again; several on one page compare them by eye')
    .argument(
      '<result.json...>',
      'results that run has stored; or one rounds.json, or one search of capacity',
    )
    .option(
      '--format <LIST>',
      `of ${FORMAT_NAMES}; of rounds ${COMPARISON_FORMAT_NAMES}; of a search ${CAPACITY_FORMAT_NAMES}`,
      'text',
    )
    .option('--out <DIR>', 'write files here instead of to stdout')
    .action(async (paths: string[], asked: Asked) => {
      pickFormats(asked.format, EVERY_FORMAT);
      const stored = await Promise.all(
        paths.map(async (path) => ({ path, document: await readJson(path, HINT) })),
      );
      await reportAgain(cli, stored, asked);
    });
};

async function reportAgain(cli: Cli, stored: readonly Stored[], asked: Asked): Promise<void> {
  const { format, out } = asked;
  const alone = stored.find(({ document }) => isCapacity(document) || isComparison(document));
  if (alone === undefined) return reportRuns(cli, stored, asked);
  const { path, document } = alone;
  if (stored.length > 1) {
    throw new SockbenchError({
      code: 'ONE_RESULT_ONLY',
      message: `${path} holds more than one run already; ${stored.length} files were given`,
      hint: 'Render it on its own.',
    });
  }
  if (out !== undefined) await requireWritable(out);
  if (isCapacity(document)) {
    const list = parseCapacityFormats(format);
    return renderAgain(cli, out, list, writtenCapacity(parseCapacity(path, document)));
  }
  const list = parseComparisonFormats(format);
  return renderAgain(cli, out, list, writtenComparison(parseComparison(path, document)));
}

async function reportRuns(cli: Cli, stored: readonly Stored[], { format, out }: Asked): Promise<void> {
  const list = parseFormats(format);
  if (out !== undefined) await requireWritable(out);
  const results = stored.map(({ path, document }) => parseResult(path, document));
  const [first] = results;
  if (first === undefined) return;
  const name = results.length === 1 ? reportName(first) : `comparison-of-${results.length}`;
  await renderAgain(cli, out, list, writtenRuns(name, results));
}
