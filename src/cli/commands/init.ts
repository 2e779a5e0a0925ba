import { existsSync, statSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EXIT, SockbenchError } from '../../errors.ts';
import { templateUrl } from '../../package.ts';
import { writeAtomically } from '../../result/store.ts';
import type { AddCommand } from '../cli.ts';

/** Templates, and where in a project they go. */
const FILES = [
  ['sockbench.target.ts', 'sockbench.target.ts', 'your server: where it is and how to speak with it'],
  ['sockbench.scenario.ts', 'sockbench.scenario.ts', 'a workload of your own, with several steps'],
  ['sockbench.config.ts', 'sockbench.config.ts', 'flags of every run in this folder, and thresholds'],
  ['sockbench.workflow.yml', '.github/workflows/sockbench.yml', 'a run on every pull request'],
] as const;

const NEXT = `
Next:
  1. Change URL and event names in sockbench.target.ts to those of your server, and "message" in
     sockbench.scenario.ts to the event of a delivery.
  2. Start your server, or uncomment exec.
  3. npx sockbench run broadcast-latency
`;

function requireFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== false) return;
  throw new SockbenchError({
    code: 'NOT_A_FOLDER',
    message: `${folder} is not a folder`,
    hint: 'Give the folder of your project, or nothing for this one.',
  });
}

export const addInit: AddCommand = (program, cli, finish) => {
  program
    .command('init')
    .description('write a target, a scenario, a config and a CI workflow to start from')
    .argument('[folder]', 'where to write them', '.')
    .action(async (folder: string) => {
      requireFolder(folder);
      for (const [template, path, what] of FILES) {
        const file = join(folder, path);
        if (existsSync(file)) {
          cli.out(`kept   ${file}: it is there already\n`);
          continue;
        }
        await mkdir(dirname(file), { recursive: true });
        await writeAtomically(file, await readFile(templateUrl(template), 'utf8'));
        cli.out(`wrote  ${file}: ${what}\n`);
      }
      cli.out(NEXT);
      finish(EXIT.passed);
    });
};
