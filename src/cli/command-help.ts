import { type Command, Option as CommanderOption, Help } from 'commander';
import type { Paint } from '../colour.ts';
import type { OptionTable } from '../contract/options.ts';
import type { Scenario } from '../contract/scenario.ts';
import { PLAN_OPTIONS } from '../plan/options.ts';
import { describeOption, takesScenario, usageOf } from './flags.ts';
import { byPlace, groupOf, isRare, SCENARIO_PLACE } from './help-groups.ts';
import { notesOf } from './help-notes.ts';

/** A longer term has its description on the next line. Rare options have longer names. */
const MAX_TERM_COLUMNS = { short: 20, full: 25 } as const;
/** A narrower description stands below its term. */
const MIN_DESCRIPTION_COLUMNS = 30;
/** What stands before the usage. */
const USAGE = 'Usage: ';
const INDENT = 2;
const TERM_GAP = 2;
const INDENT_BELOW = 6;
/** Help of a command with fewer options shows all of them. */
const MANY_OPTIONS = 20;
/** The option that stands for all options of a scenario of the user. */
const SCENARIO_OPTION = 'option';
const PLAN_DEFAULTS: OptionTable = PLAN_OPTIONS;

/** The scenario that stands on the command line. */
export interface NamedScenario {
  /** As it was given: a name or a path. */
  readonly given: string;
  readonly scenario: Scenario;
  readonly isFile: boolean;
}

/** What help is asked for. */
export interface HelpView {
  readonly columns: number;
  readonly paint: Paint;
  /** Whether rare options are shown too. */
  readonly isFull: boolean;
  readonly named: NamedScenario | null;
}

/** The help of one command: its options in groups, with those of the scenario that was named, in lines that fit. */
export class CommandHelp extends Help {
  readonly #view: HelpView;

  constructor(view: HelpView) {
    super();
    this.#view = view;
    this.minWidthToWrap = 1;
  }

  override prepareContext(): void {
    this.helpWidth = this.#view.columns;
  }

  override styleTitle(title: string): string {
    return this.#view.paint('strong', title);
  }

  override commandUsage(command: Command): string {
    if (command.parent === null) return 'sockbench <command> [options]';
    const { columns, named } = this.#view;
    const operands = command.registeredArguments.map((each) => {
      const name = `${each.name()}${each.variadic ? '...' : ''}`;
      return each.required ? `<${name}>` : `[${name}]`;
    });
    const usage = ['sockbench', command.name(), ...(named === null ? operands : [named.given]), '[options]'];
    return this.boxWrap(usage.join(' '), columns - USAGE.length).replaceAll(
      '\n',
      `\n${' '.repeat(USAGE.length)}`,
    );
  }

  override commandDescription(command: Command): string {
    const { named } = this.#view;
    if (named !== null) return `${named.scenario.name}: ${named.scenario.summary}`;
    return command.parent === null ? command.description() : sentence(command.description());
  }

  override visibleArguments(command: Command) {
    return this.#view.named === null ? super.visibleArguments(command) : [];
  }

  override visibleOptions(command: Command): CommanderOption[] {
    const shown = this.#options(command).filter(({ name }) => !this.#hides(command, name));
    return shown.toSorted((a, b) => byPlace(a.name, b.name)).map(({ option }) => option);
  }

  override optionDescription(option: CommanderOption): string {
    return option.description;
  }

  override groupItems<Item extends Command | CommanderOption>(
    _: Item[],
    shown: Item[],
    titleOf: (item: Item) => string,
  ): Map<string, Item[]> {
    // Node.js 20 has no Map.groupBy, and can show help.
    const groups = new Map<string, Item[]>();
    for (const item of shown) {
      const title = titleOf(item);
      groups.set(title, [...(groups.get(title) ?? []), item]);
    }
    return groups;
  }

  override subcommandTerm(command: Command): string {
    return command.name();
  }

  override padWidth(command: Command): number {
    return Math.min(super.padWidth(command, this), MAX_TERM_COLUMNS[this.#view.isFull ? 'full' : 'short']);
  }

  override formatItem(term: string, termColumns: number, description: string): string {
    const { columns } = this.#view;
    const start = INDENT + termColumns + TERM_GAP;
    const isNarrow = columns - start < MIN_DESCRIPTION_COLUMNS;
    if (description === '' || (!isNarrow && term.length <= termColumns)) {
      return super.formatItem(term, termColumns, description, this);
    }
    const indent = isNarrow ? INDENT_BELOW : start;
    const lines = this.boxWrap(description, columns - indent).split('\n');
    return [' '.repeat(INDENT) + term, ...lines.map((line) => ' '.repeat(indent) + line)].join('\n');
  }

  override formatHelp(command: Command): string {
    const { columns, named } = this.#view;
    const wrap = (text: string) => this.boxWrap(text, columns);
    const notes = notesOf(command, named?.given ?? null, columns, wrap);
    return [super.formatHelp(command, this), `${wrap(this.#more(command))}\n`, ...notes].join('\n');
  }

  /** Says where the rest of the help is. */
  #more(command: Command): string {
    if (command.parent === null) {
      return 'sockbench <command> --help shows the options of a command, sockbench --version the version.';
    }
    const hidden = this.#options(command).filter(({ name }) => this.#hides(command, name)).length;
    const rest = hidden === 0 ? '-h, --help shows this help' : `--help-all shows ${hidden} more options`;
    const isUnnamed = takesScenario(command) && this.#view.named === null;
    return isUnnamed ? `${rest}; --help after a scenario shows its own.` : `${rest}.`;
  }

  #options(command: Command): PlacedOption[] {
    const { named } = this.#view;
    if (command.parent === null) return [];
    const options = command.options.filter((option) => !option.hidden).map(placed);
    return named === null ? options : withScenario(options, named);
  }

  #hides(command: Command, name: string): boolean {
    return !this.#view.isFull && command.options.length >= MANY_OPTIONS && isRare(name);
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** An option, and the name by which its place in help is found. */
interface PlacedOption {
  readonly name: string;
  readonly option: CommanderOption;
}

function placed(option: CommanderOption): PlacedOption {
  const name = option.attributeName();
  option.helpGroup(`${groupOf(name)}:`);
  return { name, option };
}

/** Adds the options of a scenario, which replace --option, and shows its defaults. */
function withScenario(options: readonly PlacedOption[], { scenario, isFile }: NamedScenario): PlacedOption[] {
  const own = Object.entries(scenario.options).map(([name, definition]) => {
    const usage = isFile ? `--option ${name}=<${definition.value ?? 'true'}>` : usageOf(name, definition);
    const shown = { ...definition, default: scenario.defaults?.[name] ?? definition.default };
    const option = new CommanderOption(usage, describeOption(shown));
    return { name: SCENARIO_PLACE, option: option.helpGroup(`Options of ${scenario.name}:`) };
  });
  const others = options.filter(({ name }) => name !== SCENARIO_OPTION);
  for (const { name, option } of others) {
    const [usual, ofScenario] = [PLAN_DEFAULTS[name]?.default, scenario.defaults?.[name]];
    if (ofScenario !== undefined)
      option.description = option.description.replace(`(default: ${usual})`, `(default: ${ofScenario})`);
  }
  return [...others, ...own];
}
