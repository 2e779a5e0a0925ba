import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { CommandHelp, type HelpView, type NamedScenario } from './command-help.ts';
import { takesScenario } from './flags.ts';
import { resolveScenario } from './resolve.ts';

const MAX_HELP_COLUMNS = 100;
const HELP_FLAGS: readonly string[] = ['-h', '--help', '--help-all'];

/** Prepares the help of the program and of all its commands for the terminal. */
export function prepareHelp(program: Command, cli: Cli): void {
  program.helpCommand(false);
  const view = { ...outputOf(cli), isFull: false, named: null };
  for (const command of [program, ...program.commands]) useView(command, view);
}

/**
 * Shows the help that a command line asks for by `-h`, `--help`, `--help-all` or `help COMMAND`. Returns whether it did: a
 * command that does not exist is left to the parser. Throws a SockbenchError for a scenario that cannot be loaded.
 */
export async function showHelp(program: Command, cli: Cli, argv: readonly string[]): Promise<boolean> {
  const asked = argv[0] === 'help' ? argv.slice(1) : argv;
  const words = asked.filter((word) => !HELP_FLAGS.includes(word));
  if (words.length === argv.length) return false;
  const [name, ...rest] = words;
  const command = name === undefined ? program : commandNamed(program, name);
  if (command === undefined) return false;
  const named = await namedScenario(command, rest);
  useView(command, { ...outputOf(cli), isFull: argv.includes('--help-all'), named });
  command.outputHelp();
  return true;
}

function outputOf({ outWidth, paint }: Cli): Pick<HelpView, 'columns' | 'paint'> {
  return { columns: Math.min(outWidth, MAX_HELP_COLUMNS), paint: paint.out };
}

function useView(command: Command, view: HelpView): void {
  command.createHelp = () => new CommandHelp(view);
}

function commandNamed(program: Command, name: string): Command | undefined {
  return program.commands.find((command) => command.name() === name);
}

async function namedScenario(command: Command, words: readonly string[]): Promise<NamedScenario | null> {
  if (!takesScenario(command)) return null;
  const [given] = command.parseOptions([...words]).operands;
  if (given === undefined) return null;
  const { scenario, file } = await resolveScenario(given);
  return { given, scenario, isFile: file !== null };
}
