import { Argument, type Command, Option as CommanderOption } from 'commander';
import { scenarios } from '../../scenarios/index.ts';
import {
  allowedValues,
  flagOf,
  type GivenOptions,
  joinRepeated,
  meaningOf,
  type Option,
  type OptionTable,
  type OptionValues,
  onOff,
  option,
  parseOptions,
} from '../contract/options.ts';
import type { Scenario } from '../contract/scenario.ts';
import { fail } from '../errors.ts';
import { PLAN_OPTION_NAMES, PLAN_OPTIONS } from '../plan/options.ts';
import { type DocumentKind, formatNames } from '../report/index.ts';
import { didYouMean, either, list, shellWord } from '../text.ts';
import type { LoadedConfig } from '../user-files/config-file.ts';
import { addNotes, type HelpNotes } from './help-notes.ts';

/** Flags as commander read them: text, true for a switch, a list for a repeated flag. */
export type Flags = Readonly<Record<string, unknown>>;

/** A flag that may be given several times; it has no default. */
export interface RepeatedOption extends Option<string> {
  readonly isRepeated: true;
}

/** The values of a table of flags: a list for a repeated one, empty when it was not given. */
export type FlagValues<T extends OptionTable> = {
  readonly [Name in keyof T]: T[Name] extends RepeatedOption ? readonly string[] : OptionValues<T>[Name];
};

/** Describes a flag that may be given several times. */
export function repeated(value: string, summary: string): RepeatedOption {
  return { ...option(value, null, `${summary}; repeatable`), isRepeated: true };
}

function isRepeated(option: Option<unknown>): boolean {
  return option.isRepeated === true;
}

/** Reads the flags of a table and ignores all others. Throws what the parsers of the options throw. */
export function readFlags<T extends OptionTable>(table: T, flags: Flags): FlagValues<T> {
  const lists = Object.entries(table).filter(([, option]) => isRepeated(option));
  return {
    ...parseOptions(table, textOf(flags)),
    ...Object.fromEntries(lists.map(([name]) => [name, flags[name] ?? []])),
  } as FlagValues<T>;
}

function textOf(flags: Flags): GivenOptions {
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    given.map(([name, value]) => [name, Array.isArray(value) ? joinRepeated(value) : String(value)]),
  );
}

/** Adds a flag for every option of the table that the command does not have yet, and returns the added ones. */
export function addOptions(command: Command, table: OptionTable): CommanderOption[] {
  const known = command.options.map((flag) => flag.attributeName());
  const added = Object.entries(table).filter(([name]) => !known.includes(name));
  return added.map(([name, definition]) => {
    const flag = new CommanderOption(usageOf(name, definition), describeOption(definition));
    const allowed = allowedValues(definition);
    // Completion reads them.
    if (allowed.length > 0) flag.argChoices = [...allowed];
    if (isRepeated(definition)) {
      flag.argParser((value, before: readonly string[] = []) => [...before, value]);
    }
    command.addOption(flag);
    return flag;
  });
}

/** Writes a flag as help shows it: `--rooms <R>`; `--dashboard [PORT]` where the value may be left out. */
export function usageOf(name: string, { value }: Option<unknown>): string {
  if (value === null) return flagOf(name);
  return value.startsWith('[') ? `${flagOf(name)} ${value}` : `${flagOf(name)} <${value}>`;
}

/** Describes a flag as help does: its meaning, its allowed values and its default. */
export function describeOption(definition: Option<unknown>): string {
  const { value, default: fallback } = definition;
  const meaning = meaningOf(definition);
  return fallback === null || value === null ? meaning : `${meaning} (default: ${fallback})`;
}

/** Flags for the output folder and the formats of a kind of document. */
export function outputOptions<Folder extends string | null>(
  kind: DocumentKind<never>,
  folder: Folder,
  formats = kind.defaultFormats,
) {
  return {
    out: option('DIR', folder, `output folder${folder === null ? ' (default: a new one in reports)' : ''}`),
    format: option('LIST', formats, `list of ${formatList(kind)}`, formatText(kind)),
    open: option(null, 'false', 'open the page in the browser at the end', onOff),
    verbose: option(null, 'false', 'print every table, then the short end', onOff),
    quiet: option(null, 'false', 'suppress progress output', onOff),
  } as const satisfies OptionTable;
}

/** Keeps the text, which parseFormats reads, and knows the names that may stand in it. */
function formatText(kind: DocumentKind<never>) {
  const allowed = kind.formats.map(({ name }) => name);
  return Object.assign((text: string) => text, { allowed });
}

/** Help names at most this many formats. */
const MAX_NAMED_FORMATS = 9;

function formatList(kind: DocumentKind<never>): string {
  const names = kind.formats.map(({ name }) => name);
  if (names.length <= MAX_NAMED_FORMATS) return formatNames(kind);
  return `${names.slice(0, MAX_NAMED_FORMATS - 4).join(', ')} and others (see list)`;
}

/** Flags that say where the values of options come from. */
export const SOURCE_OPTIONS = {
  config: option('FILE', null, 'config file (default: sockbench.config.mts or .ts, where it exists)'),
  option: repeated('NAME=VALUE', 'option of your own scenario'),
} as const satisfies OptionTable;

/** A command that measures a scenario. */
export interface ScenarioCommand {
  readonly name: string;
  readonly description: string;
  /** Its own options. Those of a run that they replace have another default. */
  readonly options: OptionTable;
  readonly notes: HelpNotes;
  /** The scenario that is measured where none is given; null if one must be given. */
  readonly usualScenario?: string;
  /** Options of a run that it refuses, with a reason, and that help leaves out. */
  readonly refused?: readonly string[];
}

/** Adds a command that measures a scenario: its own options, then those of every run. */
export function addScenarioCommand(
  program: Command,
  { name, description, options, notes, usualScenario, refused = [] }: ScenarioCommand,
): Command {
  const command = program.command(name).description(description);
  const names = either([...scenarios.map((scenario) => scenario.name), 'a file']);
  if (usualScenario === undefined) command.argument('<scenario>', names);
  else command.addArgument(new Argument('[scenario]', names).default(usualScenario, usualScenario));
  addOptions(command, { ...options, ...SOURCE_OPTIONS });
  addRunOptions(command);
  for (const flag of command.options) if (refused.includes(flag.attributeName())) flag.hideHelp();
  return addNotes(command, notes);
}

/** Adds the flags of a run: those of every plan, then those of each scenario, which help shows where it is named. */
export function addRunOptions(command: Command): void {
  addOptions(command, PLAN_OPTIONS);
  for (const { options } of scenarios) {
    for (const flag of addOptions(command, options)) flag.hideHelp();
  }
}

/** Whether a command measures a scenario. */
export function takesScenario(command: Command): boolean {
  return command.registeredArguments[0]?.name() === 'scenario';
}

/** The flags of a command that a user may give with a scenario; with any scenario for null. */
export function flagsOf(command: Command, scenario: Scenario | null): string[] {
  const allowed = scenario === null ? scenarios : [scenario];
  const ofScenarios = allowed.flatMap(({ options }) => Object.keys(options).map(flagOf));
  const shown = command.options.filter((option) => !option.hidden).map(({ long }) => long ?? '');
  return [...shown, ...(takesScenario(command) ? ofScenarios : []), '--help', '--help-all'];
}

/** The given options of a scenario and its plan. Throws FOREIGN_OPTION for an option of other scenarios only. */
export function givenOptions(scenario: Scenario, flags: Flags): GivenOptions {
  const own = [...PLAN_OPTION_NAMES, ...Object.keys(scenario.options)];
  for (const name of Object.keys(flags)) {
    const owners = scenarios.filter(({ options }) => Object.hasOwn(options, name));
    if (own.includes(name) || owners.length === 0) continue;
    fail(
      'FOREIGN_OPTION',
      `${flagOf(name)} is not an option of ${scenario.name}; it belongs to ${list(owners.map((owner) => owner.name))}`,
      `sockbench run ${scenario.name} --help lists its options.`,
    );
  }
  return textOf(Object.fromEntries(Object.entries(flags).filter(([name]) => own.includes(name))));
}

/** Reads `--option items=5`. Throws BAD_OPTION for an option that the scenario does not have. */
export function ownOptions({ name, options }: Scenario, pairs: readonly string[]): GivenOptions {
  const known = Object.keys(options);
  const entries = pairs.map((pair): [string, string] => {
    const [, option = '', value = ''] = /^([^=]*)=(.*)$/s.exec(pair) ?? [];
    if (known.includes(option)) return [option, value];
    const has = known.length === 0 ? 'has no options' : `has the options ${known.join(', ')}`;
    return fail('BAD_OPTION', `--option ${pair}: ${name} ${has}`, 'Write --option NAME=VALUE.');
  });
  return Object.fromEntries(entries);
}

/** The options that a config sets for a scenario. Throws BAD_CONFIG for an option that the scenario does not have. */
export function configuredOptions({ name, options }: Scenario, config: LoadedConfig): GivenOptions {
  const configured = config.scenarios[name] ?? {};
  const own = Object.keys(options);
  const known = [...own, ...PLAN_OPTION_NAMES];
  const foreign = Object.keys(configured).find((option) => !known.includes(option));
  if (foreign === undefined) return configured;
  return fail(
    'BAD_CONFIG',
    `${config.file}: scenarios.${name}.${foreign} is not an option; ${name} has ${own.length === 0 ? 'no options of its own' : own.join(', ')}`,
    didYouMean(
      foreign,
      known,
      `sockbench run ${shellWord(name)} --help-all lists the options; a config writes them in camelCase.`,
    ),
  );
}
