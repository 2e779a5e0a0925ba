import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EXIT, fail } from '../../errors.ts';
import { foreign } from '../../foreign.ts';
import { templateUrl } from '../../package.ts';
import { makeFolder, writeAtomically } from '../../result/store.ts';
import type { AddCommand } from '../cli.ts';

/** The templates, their paths in a project, and their purposes. */
const TEMPLATES = [
  ['sockbench.target.ts', 'sockbench.target.ts', 'the URL and the events of your server'],
  ['sockbench.scenario.ts', 'sockbench.scenario.ts', 'a workload of several steps'],
  ['sockbench.config.ts', 'sockbench.config.ts', 'flags and thresholds of every run in this folder'],
  ['sockbench.workflow.yml', '.github/workflows/sockbench.yml', 'a gate on every pull request'],
] as const;

const NEXT_STEPS = `
Next:
  1. Set the URL and the event names of your server in sockbench.target.ts, and the event of a delivery
     instead of "message" in sockbench.scenario.ts.
  2. Start your server, or uncomment exec in sockbench.target.ts.
  3. npx sockbench run broadcast-latency
`;

export const addInit: AddCommand = (program, cli, finish) => {
  program
    .command('init')
    .description('write templates: a target, a scenario, a config and a workflow')
    .argument('[folder]', 'project folder', '.')
    .action(async (folder: string) => {
      for (const [template, path, what] of TEMPLATES) {
        const file = join(folder, path);
        if (existsSync(file)) {
          cli.out(`kept   ${foreign(file)}: the file exists\n`);
          continue;
        }
        const text = await readFile(templateUrl(template), 'utf8');
        try {
          await makeFolder(dirname(file));
          await writeAtomically(file, text);
        } catch (error) {
          const hint =
            'Give the folder of your project, or omit it for this one; it must be possible to write to it.';
          fail('INIT_UNWRITABLE', `${foreign(file)} could not be written: ${foreign(error)}`, hint);
        }
        cli.out(`wrote  ${foreign(file)}: ${what}\n`);
      }
      cli.out(NEXT_STEPS);
      finish(EXIT.passed);
    });
};
