import { closest, distance } from 'fastest-levenshtein';
import { formatCount } from './units.ts';

// Each is made when it is first used: the rules of a language take 10 ms to load, and most processes list nothing.
let conjunction: Intl.ListFormat | null = null;
let disjunction: Intl.ListFormat | null = null;

/** Joins words with commas and "and": `a, b and c`. */
export function list(words: Iterable<string>): string {
  conjunction ??= new Intl.ListFormat('en-GB', { type: 'conjunction' });
  return conjunction.format(words);
}

/** Joins words with commas and "or": `a, b or c`. */
export function either(words: Iterable<string>): string {
  disjunction ??= new Intl.ListFormat('en-GB', { type: 'disjunction' });
  return disjunction.format(words);
}

/** Returns the plural of a noun: `push` becomes `pushes`. */
export function pluralOf(noun: string): string {
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`;
  return /(?:s[hs]|ch|x|cho)$/.test(noun) ? `${noun}es` : `${noun}s`;
}

/** Counts a noun: `1 client`, `2,000 clients`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${count === 1 ? noun : pluralOf(noun)}`;
}

/** Says what was done to a number of things: `1 was dropped`, `2,000 were dropped`. */
export function passive(count: number, participle: string): string {
  return `${formatCount(count)} ${count === 1 ? 'was' : 'were'} ${participle}`;
}

interface Counted {
  readonly reason: string;
  readonly count: number;
}

/** Stands for all reasons that are not named. */
export const OTHER_REASONS = 'other reasons';

/** A sentence names this many reasons; the stored result has the others. */
const MAX_NAMED = 5;

/** The first reasons, which are the most frequent, and one entry for the others. */
export function leadingReasons(reasons: readonly Counted[]): readonly Counted[] {
  const others = reasons.slice(MAX_NAMED);
  if (others.length < 2) return reasons;
  const count = others.reduce((sum, each) => sum + each.count, 0);
  return [...reasons.slice(0, MAX_NAMED), { reason: OTHER_REASONS, count }];
}

/** Lists the most frequent reasons with their counts: `no answer (1,200), refused (3)`. */
export function listCounted(reasons: readonly Counted[]): string {
  return leadingReasons(reasons)
    .map(({ reason, count }) => `${reason} (${formatCount(count)})`)
    .join(', ');
}

/** A shorter part of a word is in too many words by chance. */
const MIN_PART_CHARACTERS = 4;

/** Quotes a text as one word of a POSIX shell, unless it is safe without quotes. Commands in advice are pasted. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A command line as it is pasted into a shell; null for none. */
export function pastedCommand(commandLine: readonly string[]): string | null {
  return commandLine.length === 0 ? null : ['sockbench', ...commandLine.map(shellWord)].join(' ');
}

/**
 * Returns the known word closest to a misspelt one, or the only one that begins with it or has it as a part: `broadcast`
 * gives `broadcast-latency`. Null when none is close.
 */
export function nearest(given: string, known: readonly string[]): string | null {
  if (known.length === 0) return null;
  const word = closest(given.toLowerCase(), known);
  const edits = distance(given.toLowerCase(), word);
  // Two edits turn any two letters into any others, so at least one letter must be right.
  if (edits <= Math.max(2, given.length / 3) && edits < word.length) return word;
  return onlyWithPart(given.toLowerCase(), known);
}

/** A word of several parts has a dash between them; a letter more or less, as of a plural, is allowed. */
function onlyWithPart(given: string, known: readonly string[]): string | null {
  const bare = given.replace(/^--/, '');
  if (bare.length < MIN_PART_CHARACTERS) return null;
  const found = known.filter((word) => {
    const whole = word.replace(/^--/, '');
    return whole.startsWith(bare) || whole.split('-').some((part) => distance(part, bare) <= 1);
  });
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** A hint for a misspelt word: `Did you mean rooms?`; `otherwise` when no known word is close. */
export function didYouMean(given: string, known: readonly string[], otherwise = ''): string {
  const word = nearest(given, known);
  return word === null ? otherwise : `Did you mean ${word}?`;
}
