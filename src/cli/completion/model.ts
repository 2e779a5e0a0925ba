import { type Command, Option as CommanderOption } from 'commander';
import { scenarios } from '../../../scenarios/index.ts';
import { servers } from '../../../servers/index.ts';
import { drivers } from '../../drivers/index.ts';
import { addOptions, takesScenario } from '../flags.ts';

/** What a shell completes for a flag or an operand: words, paths, or both; neither for a value that is free. */
export interface Completed {
  readonly words: readonly string[];
  readonly paths: boolean;
  /** Whether several words may be given, with commas between them. */
  readonly isList: boolean;
}

/** One flag of a command. */
export interface CompletedFlag extends Completed {
  /** With its dashes. */
  readonly flag: string;
  /** Null for a switch. */
  readonly value: string | null;
  readonly isRepeated: boolean;
  readonly about: string;
}

/** A scenario, with its own flags. */
export interface CompletedScenario {
  readonly name: string;
  readonly about: string;
  readonly flags: readonly CompletedFlag[];
}

/** One command. */
export interface CompletedCommand {
  readonly name: string;
  readonly about: string;
  readonly flags: readonly CompletedFlag[];
  /** The name of its operand in help; null for none. */
  readonly operand: string | null;
  readonly operandValues: Completed;
  readonly takesScenario: boolean;
}

/** All words of the command line. */
export interface CompletionModel {
  readonly commands: readonly CompletedCommand[];
  readonly scenarios: readonly CompletedScenario[];
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

const PATH_VALUES: readonly string[] = ['FILE', 'DIR', 'TARGET', 'PLACE', 'PROGRAM'];
const SERVER_NAMES = Object.keys(servers);
const SCENARIO_NAMES = scenarios.map(({ name }) => name);

/** Words of flags that accept other values too. */
const KNOWN_WORDS: Readonly<Record<string, readonly string[]>> = {
  '--target': SERVER_NAMES,
  '--arm': SERVER_NAMES,
  '--driver': [...new Set(drivers.map(({ name }) => name))],
  '--workers': ['auto'],
};

/** The words and paths of operands, by their name in help. */
const OPERANDS: Readonly<Record<string, Omit<Completed, 'isList'>>> = {
  scenario: { words: SCENARIO_NAMES, paths: true },
  server: { words: SERVER_NAMES, paths: false },
  shell: { words: SHELLS, paths: false },
};

/** Collects the words of a program. */
export function completionModel(program: Command): CompletionModel {
  return {
    commands: program.commands.map(completedCommand),
    scenarios: scenarios.map(({ name, summary, options }) => {
      const flags = addOptions(program.createCommand(name), options).map(completedFlag);
      return { name, about: firstClause(summary), flags };
    }),
  };
}

function completedCommand(command: Command): CompletedCommand {
  const help = [
    new CommanderOption('--help', 'show the usual options'),
    new CommanderOption('--help-all', 'show all options'),
  ];
  const options = [...command.options.filter(({ hidden }) => !hidden), ...help];
  const operand = command.registeredArguments[0]?.name() ?? null;
  const values =
    operand === null ? { words: [], paths: false } : (OPERANDS[operand] ?? { words: [], paths: true });
  return {
    name: command.name(),
    about: firstClause(command.description()),
    flags: options.map(completedFlag),
    operand,
    operandValues: { ...values, isList: false },
    takesScenario: takesScenario(command),
  };
}

function completedFlag(option: CommanderOption): CompletedFlag {
  const { flags, long, argChoices, description } = option;
  const flag = long ?? '';
  const value = /[<[](.*)[>\]]$/.exec(flags)?.[1] ?? null;
  return {
    flag,
    value,
    words: argChoices ?? KNOWN_WORDS[flag] ?? [],
    paths: value !== null && PATH_VALUES.includes(value),
    isList: value === 'LIST',
    isRepeated: description.includes('; repeatable'),
    about: firstClause(description),
  };
}

/** Shortens a description to what fits beside a word, without characters that shells treat specially. */
function firstClause(text: string): string {
  return (text.split(/[:;(]|, '/)[0] ?? '').replaceAll(/['"`[\]\\]/g, '').trim();
}
