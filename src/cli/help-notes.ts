import type { Command } from 'commander';

/** What stands below the options in the help of a command. */
export interface HelpNotes {
  /** Paragraphs, each one line. */
  readonly paragraphs?: readonly string[];
  /** Complete commands, which a user can paste. */
  readonly examples: readonly string[];
}

const NOTES = new WeakMap<Command, HelpNotes>();

/** Sets the notes in the help of a command. */
export function addNotes(command: Command, notes: HelpNotes): Command {
  NOTES.set(command, notes);
  return command;
}

/**
 * Returns the sections below the options, each ending with a line break; `wrap` breaks prose into lines. Where a scenario
 * was named, only the examples with it are shown.
 */
export function notesOf(
  command: Command,
  named: string | null,
  columns: number,
  wrap: (text: string) => string,
): string[] {
  const { paragraphs = [], examples } = NOTES.get(command) ?? { examples: [] };
  const shown = examples.filter((line) => named === null || line.split(' ').includes(named));
  const title = shown.length === 1 ? 'Example:' : 'Examples:';
  const prose = paragraphs.length === 0 ? [] : [`${paragraphs.map(wrap).join('\n')}\n`];
  if (shown.length === 0) return prose;
  return [...prose, `${[title, ...shown.map((line) => wrapCommand(line, columns))].join('\n')}\n`];
}

/** Breaks a command between its words, with a backslash at the end of each line but the last, so that it can be pasted. */
export function wrapCommand(text: string, columns: number): string {
  const words = text.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  const lines: string[] = [];
  let line = ' ';
  for (const [index, word] of words.entries()) {
    const needed = line.length + 1 + word.length + (index === words.length - 1 ? 0 : 2);
    if (line.trim() !== '' && needed > columns) {
      lines.push(`${line} \\`);
      line = '     ';
    }
    line = `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}
