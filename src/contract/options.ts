import { fail, withContext } from '../errors.ts';
import { either } from '../text.ts';

/** One option: a flag of the command line, a key of a config file and a field of the plan. */
export interface Option<T> {
  /** A short name of the value in help, such as `TIME` or `on|off`; null for a switch, which takes no value. */
  readonly value: string | null;
  /** The default as it would be written on the command line; null when there is none. */
  readonly default: string | null;
  /** One line: the meaning, and what is allowed. Help appends the words of `choice`. */
  readonly summary: string;
  /** Reads a value. Throws a SockbenchError for a value that is not allowed; never called without a value. */
  readonly parse: (text: string) => T;
  /** Whether the flag may be given several times; {@link joinRepeated} makes one value of them. */
  readonly isRepeated?: true;
}

/** The values of a flag that was given several times as one text, which its option reads. */
export function joinRepeated(values: readonly unknown[]): string {
  return values.join('; ');
}

type Described<Default, T> = Option<T> & { readonly default: Default };

/** Describes an option: how help shows its value, its default, its summary and its parser; any text by default. */
export function option<const Default extends string | null>(
  value: string | null,
  fallback: Default,
  summary: string,
): Described<Default, string>;
export function option<const Default extends string | null, T>(
  value: string | null,
  fallback: Default,
  summary: string,
  parse: (text: string) => T,
): Described<Default, T>;
export function option(
  value: string | null,
  fallback: string | null,
  summary: string,
  parse: (text: string) => unknown = String,
): Option<unknown> {
  return { value, default: fallback, summary, parse };
}

/** Options by name in camelCase; the flag is the same name in kebab-case. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The parsed values of a table; null for an option without a default that was not given. */
export type OptionValues<T extends OptionTable> = {
  readonly [K in keyof T]: ReturnType<T[K]['parse']> | (T[K]['default'] extends string ? never : null);
};

/** Given values by option name, as text; a missing one takes its default. */
export type GivenOptions = Readonly<Record<string, string | undefined>>;

/** The flag of an option: `excludeSender` becomes `--exclude-sender`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Parses every option of the table and ignores other names. An error names the flag and the value. */
export function parseOptions<T extends OptionTable>(table: T, given: GivenOptions): OptionValues<T> {
  const entries = Object.entries(table).map(([name, option]) => {
    const text = given[name] ?? option.default;
    return [name, text === null ? null : withContext(flagOf(name), () => option.parse(text))];
  });
  return Object.fromEntries(entries);
}

/** Returns a parser of whole numbers from `min` to `max`. */
export function integer(min: number, max = 1_000_000): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text.trim()) && value >= min && value <= max) return value;
    return fail(
      'BAD_OPTION',
      `"${text}" is not a whole number from ${min} to ${max}`,
      'Give a number without a unit.',
    );
  };
}

/** Marks a parser with all values that it accepts, which help and completion list. */
export interface Listed<Word extends string> {
  readonly allowed: readonly Word[];
}

/**
 * Returns a parser of one of a list of words. The intersection makes the compiler look at the words before it infers the
 * table of options around the call; without it, it infers `string`.
 */
export function choice<const Word extends string>(
  allowed: readonly Word[],
): ((text: string) => Word) & Listed<Word> {
  const parse = (text: string) =>
    allowed.find((word) => word === text) ??
    fail('BAD_OPTION', `"${text}" is not one of ${allowed.join(', ')}`, `Choose ${either(allowed)}.`);
  return Object.assign(parse, { allowed });
}

/** Lists all values that an option accepts; empty where they are not a list of words. */
export function allowedValues({ parse }: Option<unknown>): readonly string[] {
  return 'allowed' in parse && Array.isArray(parse.allowed) ? parse.allowed : [];
}

/** Describes an option in one line: its summary, and its allowed values unless the name of the value is these. The summary of a list names them. */
export function meaningOf(option: Option<unknown>): string {
  const allowed = allowedValues(option);
  if (allowed.length === 0 || option.value === 'LIST' || option.value === allowed.join('|'))
    return option.summary;
  return `${option.summary}: ${either(allowed)}`;
}

/** Parses a switch, which is on when its flag is given. */
export function onOff(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return fail(
    'BAD_OPTION',
    `"${text}" is neither true nor false`,
    'Give the flag without a value to turn it on.',
  );
}

/** Limits a parser to values up to `max`, which messages write as `shown`. */
export function atMost(
  parse: (text: string) => number,
  max: number,
  shown: string,
): (text: string) => number {
  return (text) => {
    const value = parse(text);
    return value <= max
      ? value
      : fail('BAD_OPTION', `"${text}" is above ${shown}`, `The maximum is ${shown}.`);
  };
}

/** Limits a parser to values above 0. */
export function positive(parse: (text: string) => number): (text: string) => number {
  return (text) => {
    const value = parse(text);
    return value > 0 ? value : fail('BAD_OPTION', `"${text}" is not above 0`, 'Give a larger value.');
  };
}
