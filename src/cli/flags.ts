import { type Command, Option } from 'commander';
import { scenarios } from '../../scenarios/index.ts';
import { flagOf, type GivenOptions, type OptionTable } from '../contract/options.ts';
import type { Scenario } from '../contract/scenario.ts';
import { SockbenchError } from '../errors.ts';
import { PLAN_OPTIONS } from '../plan/options.ts';
import type { LoadedConfig } from '../user-files/config-file.ts';

const LIST = new Intl.ListFormat('en-GB', { type: 'conjunction' });

function flagText(name: string, value: string | null): string {
  return value === null ? flagOf(name) : `${flagOf(name)} <${value}>`;
}

/** For a flag that may be repeated. */
export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

/** Adds a flag for every option of the table that the command does not have yet. */
export function addTable(command: Command, table: OptionTable, inHelp: boolean): void {
  for (const [name, { value, default: fallback, summary }] of Object.entries(table)) {
    if (command.options.some((option) => option.attributeName() === name)) continue;
    const shown = fallback === null || value === null ? summary : `${summary} (default: ${fallback})`;
    command.addOption(new Option(flagText(name, value), shown).hideHelp(!inHelp));
  }
}

/** Where results go, in which formats, and what every command that measures takes beside the options of its plan. */
export function addCommonFlags(
  command: Command,
  { out, formats, usual }: { readonly out: string; readonly formats: string; readonly usual: string },
): void {
  command
    .option('--out <DIR>', out)
    .option(
      '--format <LIST>',
      `of ${formats}; text goes to stdout, a single format too, json is always kept (default: ${usual})`,
    )
    .option('--config <FILE>', 'config with values of flags (default: sockbench.config.ts where it is)')
    .option(
      '--option <NAME=VALUE>',
      "option of a scenario of your own, by the option's name; may be repeated",
      collect,
    )
    .option('--quiet', 'tell no progress, only warnings and errors');
}

/** The flags of a run: those of every plan, then each scenario's own, which help lists by scenario. */
export function addRunFlags(command: Command): void {
  addTable(command, PLAN_OPTIONS, true);
  for (const scenario of scenarios) addTable(command, scenario.options, false);
  const withOptions = scenarios.filter(({ options }) => Object.keys(options).length > 0);
  command.addHelpText('after', () => `\n${withOptions.map(scenarioHelp).join('\n\n')}`);
}

function scenarioHelp({ name, options }: Scenario): string {
  const rows = Object.entries(options).map(([option, { value, default: fallback, summary }]) => {
    const shown = fallback === null || value === null ? summary : `${summary} (default: ${fallback})`;
    return `  ${flagText(option, value).padEnd(38)}  ${shown}`;
  });
  return [`Options of ${name}:`, ...rows].join('\n');
}

/**
 * Flags as commander read them, as text for the plan. Throws FOREIGN_OPTION for one that belongs to another
 * scenario only.
 */
export function givenOptions(scenario: Scenario, flags: Readonly<Record<string, unknown>>): GivenOptions {
  const own = { ...PLAN_OPTIONS, ...scenario.options };
  const given = Object.entries(flags).filter(([name]) => name in own);
  const foreign = Object.keys(flags).find((name) => !(name in own) && ownersOf(name).length > 0);
  if (foreign !== undefined) {
    throw new SockbenchError({
      code: 'FOREIGN_OPTION',
      message: `${flagOf(foreign)} is not an option of ${scenario.name}; it belongs to ${LIST.format(ownersOf(foreign))}`,
      hint: `sockbench run --help lists the options of each scenario.`,
    });
  }
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}

/**
 * `--option items=5` for scenarios whose options have no flag of their own. Throws BAD_OPTION for one that the
 * scenario does not have.
 */
export function ownOptions({ name, options }: Scenario, pairs: readonly string[]): GivenOptions {
  const entries = pairs.map((pair): [string, string] => {
    const [, option = '', value = ''] = /^([^=]*)=(.*)$/s.exec(pair) ?? [];
    if (Object.hasOwn(options, option)) return [option, value];
    const known = Object.keys(options).join(', ');
    throw new SockbenchError({
      code: 'BAD_OPTION',
      message: `--option ${pair}: ${name} has ${known === '' ? 'no options' : `the options ${known}`}`,
      hint: 'Write --option NAME=VALUE.',
    });
  });
  return Object.fromEntries(entries);
}

/** A config's options for this scenario. Throws BAD_CONFIG for one that is neither its own nor of every run. */
export function configuredOptions(
  { name, options }: Scenario,
  { file, scenarios: given }: LoadedConfig,
): GivenOptions {
  const configured = given[name] ?? {};
  const known = Object.keys({ ...options, ...PLAN_OPTIONS });
  const foreign = Object.keys(configured).find((option) => !known.includes(option));
  if (foreign === undefined) return configured;
  const own = Object.keys(options).join(', ');
  throw new SockbenchError({
    code: 'BAD_CONFIG',
    message: `${file}: scenarios.${name}.${foreign}: there is no such option; ${name} has ${own === '' ? 'none of its own' : own}, beside those of every run`,
    hint: 'sockbench run --help lists them; in a config they are written in camelCase.',
  });
}

function ownersOf(option: string): string[] {
  return scenarios.filter(({ options }) => option in options).map(({ name }) => name);
}
