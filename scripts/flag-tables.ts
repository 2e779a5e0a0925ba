import type { Command, Option } from 'commander';
import type { Cli } from '../src/cli/cli.ts';
import { byPlace, groupOf } from '../src/cli/help-groups.ts';
import { createProgram } from '../src/cli/program.ts';
import { unpainted } from '../src/colour.ts';
import { markdownTable } from './markdown.ts';

/** Commands are described, and none of them is run. */
const NO_PROCESS: Cli = {
  out: () => {},
  err: () => {},
  control: () => {},
  screen: null,
  width: 80,
  outWidth: 80,
  paint: { out: unpainted, control: unpainted },
  argv: [],
  env: {},
  cwd: process.cwd(),
  listenForStop: () => new AbortController().signal,
  removeLeftovers: async () => [],
};

interface DescribedFlag {
  /** In camelCase. */
  readonly name: string;
  readonly usage: string;
  readonly meaning: string;
  readonly command: string;
}

function flagsOfCommand(command: Command): DescribedFlag[] {
  const described = ({ hidden }: Option) => !hidden;
  return command.options.filter(described).map((option) => ({
    name: option.attributeName(),
    usage: option.flags.replace(/<(.*)>$/, '$1'),
    meaning: option.description,
    command: command.name(),
  }));
}

/** The flags of all commands by group, in the order of help. Flags that mean the same in several commands are one row. */
export function flagTables(): string {
  const program = createProgram(NO_PROCESS, () => {});
  const flags = program.commands.flatMap(flagsOfCommand).toSorted((a, b) => byPlace(a.name, b.name));
  return [...Map.groupBy(flags, ({ name }) => groupOf(name))]
    .map(([title, group]) => {
      const alike = Map.groupBy(group, ({ usage, meaning }) => JSON.stringify([usage, meaning]));
      const rows = [...alike.values()].flatMap((each) =>
        each.slice(0, 1).map(({ usage, meaning }) => {
          const commands = each.map(({ command }) => `\`${command}\``).join(', ');
          return [`\`${usage}\``, meaning, commands];
        }),
      );
      return `## ${title}\n\n${markdownTable(['flag', 'meaning', 'commands'], rows)}`;
    })
    .join('\n\n');
}

/** Every command, with what follows its name. */
export function commandTable(): string {
  const program = createProgram(NO_PROCESS, () => {});
  const rows = program.commands.map((command) => {
    const operands = command.registeredArguments.map((argument) => {
      const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
      return argument.required ? `<${name}>` : `[${name}]`;
    });
    return [`\`${[command.name(), ...operands].join(' ')}\``, command.description()];
  });
  return markdownTable(['command', 'does'], rows);
}
