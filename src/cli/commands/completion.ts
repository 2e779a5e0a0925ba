import { choice } from '../../contract/options.ts';
import { withContext } from '../../errors.ts';
import type { AddCommand } from '../cli.ts';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { type CompletionModel, completionModel, SHELLS } from '../completion/model.ts';
import { zshCompletion } from '../completion/zsh.ts';
import { addNotes } from '../help-notes.ts';

const SCRIPTS: Readonly<Record<(typeof SHELLS)[number], (model: CompletionModel) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

const parseShell = choice(SHELLS);

export const addCompletion: AddCommand = (program, cli) => {
  const command = program
    .command('completion')
    .description('print a completion script for bash, zsh or fish')
    .argument('<shell>', 'bash, zsh or fish')
    .action((name: string) => {
      const shell = withContext('completion', () => parseShell(name));
      cli.out(SCRIPTS[shell](completionModel(program)));
    });
  addNotes(command, {
    paragraphs: ['The script knows the flags of this version; load it in the startup file of the shell.'],
    examples: [
      'source <(sockbench completion bash)',
      'source <(sockbench completion zsh)',
      'sockbench completion fish | source',
    ],
  });
};
