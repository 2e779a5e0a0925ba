import { SockbenchError } from '../errors.ts';
import { type Capacity, isCapacity, parseCapacity } from '../result/capacity.ts';
import { parseResult, readJson, requireWritable } from '../result/store.ts';
import { CAPACITY_FORMAT_NAMES, renderCapacityAgain } from './capacity-output.ts';
import type { AddCommand } from './cli.ts';
import { FORMAT_NAMES, parseFormats, renderAs, reportName, writeReports } from './output.ts';

const HINT = 'Give a result.json that sockbench wrote.';

/** The search among what was read; null when there is none. Throws ONE_RESULT_ONLY when it is not alone. */
function onlySearch(paths: readonly string[], stored: readonly unknown[]): Capacity | null {
  const index = stored.findIndex(isCapacity);
  if (index < 0) return null;
  const path = paths[index] ?? '';
  if (stored.length === 1) return parseCapacity(path, stored[index]);
  throw new SockbenchError({
    code: 'ONE_RESULT_ONLY',
    message: `${path} is a search for capacity; ${stored.length} files were given`,
    hint: 'Render it on its own.',
  });
}

export const addReport: AddCommand = (program, cli) => {
  program
    .command('report')
    .description('render stored results again; several on one page compare them by eye')
    .argument('<result.json...>', 'results that run has stored, or one search of capacity')
    .option('--format <LIST>', `of ${FORMAT_NAMES}; of a search ${CAPACITY_FORMAT_NAMES}`, 'text')
    .option('--out <DIR>', 'write files here instead of to stdout')
    .action(async (paths: string[], flags: { format: string; out?: string }) => {
      const stored = await Promise.all(paths.map((path) => readJson(path, HINT)));
      const search = onlySearch(paths, stored);
      const list = search === null ? parseFormats(flags.format) : [];
      if (flags.out !== undefined) await requireWritable(flags.out);
      if (search !== null) return renderCapacityAgain(cli, flags.out, flags.format, search);
      const results = stored.map((each, index) => parseResult(paths[index] ?? '', each));
      const [first] = results;
      if (flags.out === undefined) {
        for (const format of list) cli.out(await renderAs(format, results));
      } else if (first !== undefined) {
        const name = results.length === 1 ? reportName(first) : `comparison-of-${results.length}`;
        for (const path of await writeReports(cli, flags.out, name, list, results))
          cli.err(`wrote ${path}\n`);
      }
    });
};
