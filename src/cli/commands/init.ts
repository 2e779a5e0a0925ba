import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { EXIT, fail } from '../../errors.ts';
import { foreign } from '../../foreign.ts';
import { PACKAGE_FOLDER, templateUrl } from '../../package.ts';
import { makeFolder, writeAtomically } from '../../result/store.ts';
import { shellWord } from '../../text.ts';
import type { AddCommand } from '../cli.ts';

/** The templates, their paths in a project, and their purposes. */
const TEMPLATES = [
  ['sockbench.target.mts', 'sockbench.target.mts', 'the URL and the events of your server'],
  ['sockbench.scenario.mts', 'sockbench.scenario.mts', 'a workload of several steps'],
  ['sockbench.config.mts', 'sockbench.config.mts', 'flags and thresholds of every run in this folder'],
  ['sockbench.workflow.yml', '.github/workflows/sockbench.yml', 'a gate on every pull request'],
] as const;

const NEXT_STEPS = [
  'Set the URL and the event names of your server in sockbench.target.mts, and the event of a delivery\n     instead of "message" in sockbench.scenario.mts.',
  'Start your server, or uncomment exec in sockbench.target.mts.',
  'npx --no-install sockbench run broadcast-latency',
];

/** Whether a project has sockbench in its node_modules, or in those of a folder above. */
function isInstalledIn(folder: string): boolean {
  const paths = createRequire(join(resolve(folder), 'package.json')).resolve.paths('sockbench') ?? [];
  return paths.some((path) => existsSync(join(path, 'sockbench/package.json')));
}

/** How to install this sockbench in a project. The name may be a stranger's on the registry. */
function installStep(): string {
  // The repository is built when it is packed. A published package is, and lacks what builds it.
  const flags = existsSync(join(PACKAGE_FOLDER, 'src')) ? '--silent' : '--silent --ignore-scripts';
  const command = `npm install --save-dev ./$(npm pack ${flags} ${shellWord(PACKAGE_FOLDER)})`;
  return `Install sockbench in the project:\n       ${command}\n     Commit the .tgz file, which CI installs too.`;
}

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
      const steps = isInstalledIn(folder) ? NEXT_STEPS : [installStep(), ...NEXT_STEPS];
      cli.out(`\nNext:\n${steps.map((step, index) => `  ${index + 1}. ${step}\n`).join('')}`);
      finish(EXIT.passed);
    });
};
