import { readResult, requireWritable } from '../result/store.ts';
import type { AddCommand } from './cli.ts';
import { FORMAT_NAMES, parseFormats, renderAs, reportName, writeReports } from './output.ts';

export const addReport: AddCommand = (program, cli) => {
  program
    .command('report')
    .description('render stored results again; several on one page compare them by eye')
    .argument('<result.json...>', 'results that run has stored')
    .option('--format <LIST>', `of ${FORMAT_NAMES}`, 'text')
    .option('--out <DIR>', 'write files here instead of to stdout')
    .action(async (paths: string[], flags: { format: string; out?: string }) => {
      const list = parseFormats(flags.format);
      if (flags.out !== undefined) await requireWritable(flags.out);
      const results = await Promise.all(paths.map(readResult));
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
