import { SockbenchError } from '../errors.ts';

/** One option: a flag of the command line, a key of a config file and a field of the plan. */
export interface Option<T> {
  /** How help shows the value, such as `10s`; null for a switch, which takes none and is off unless given. */
  readonly value: string | null;
  /** As it would be written on the command line; null when there is none, then `parse` is not called. */
  readonly default: string | null;
  /** One line: meaning, and what is allowed. */
  readonly summary: string;
  /** Throws a SockbenchError for a value that is not allowed. */
  readonly parse: (text: string) => T;
}

/** Options by name in camelCase; the flag is the same name in kebab-case. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The parsed values of a table. */
export type OptionValues<T extends OptionTable> = {
  readonly [K in keyof T]: ReturnType<T[K]['parse']> | (T[K]['default'] extends string ? never : null);
};

/** Given values by name, as text; a missing one takes its default. */
export type GivenOptions = Readonly<Record<string, string | undefined>>;

/** `excludeSender` -> `--exclude-sender`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Parses every option of the table; errors name the flag and the value. Ignores what is not in the table. */
export function parseOptions<T extends OptionTable>(table: T, given: GivenOptions): OptionValues<T> {
  const entries = Object.entries(table).map(([name, option]) => {
    const text = given[name] ?? option.default;
    return [name, text === null ? null : parseOption(name, option, text)];
  });
  return Object.fromEntries(entries);
}

function parseOption<T>(name: string, option: Option<T>, text: string): T {
  try {
    return option.parse(text);
  } catch (error) {
    if (!(error instanceof SockbenchError)) throw error;
    throw new SockbenchError({ ...error, message: `${flagOf(name)}: ${error.message}` });
  }
}

function refuse(message: string, hint: string): never {
  throw new SockbenchError({ code: 'BAD_OPTION', message, hint });
}

/** A whole number of at least `min` and at most `max`. */
export function integer(min: number, max = 1_000_000): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text.trim()) && value >= min && value <= max) return value;
    return refuse(`"${text}" is not a whole number from ${min} to ${max}`, 'Give a plain number.');
  };
}

/**
 * One of a list of words. `& object` changes nothing but that the compiler looks at the words before it infers a
 * table of options around them: it puts off calls of generic functions that return plain functions.
 */
export function choice<const Word extends string>(
  allowed: readonly Word[],
): ((text: string) => Word) & object {
  return (text) => {
    const found = allowed.find((word) => word === text);
    return (
      found ?? refuse(`"${text}" is not one of ${allowed.join(', ')}`, `Choose ${allowed.join(' or ')}.`)
    );
  };
}

/** A switch: on when given. */
export function onOff(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return refuse(`"${text}" is neither true nor false`, 'Give the flag without a value to turn it on.');
}

/** A quantity that must not be above `max`, which is written as `shown`. */
export function atMost(
  parse: (text: string) => number,
  max: number,
  shown: string,
): (text: string) => number {
  return (text) => {
    const value = parse(text);
    return value <= max ? value : refuse(`"${text}" is above ${shown}`, `Give at most ${shown}.`);
  };
}

/** A quantity that must be above 0, read by one of the parsers of units.ts. */
export function positive(parse: (text: string) => number): (text: string) => number {
  return (text) => {
    const value = parse(text);
    return value > 0 ? value : refuse(`"${text}" is not above 0`, 'Give a larger value.');
  };
}
