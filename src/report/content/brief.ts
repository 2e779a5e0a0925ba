import { plain } from '../plain.ts';

/** The maximum length of a message that shares a line with others. */
const BRIEF_CHARACTERS = 300;

/** The number of last lines that are kept when no line names an error. */
const LAST_LINES = 2;

/** Splits a message into its lines without blank ones. Each is safe for one line. */
export function messageLines(message: string): string[] {
  return message
    .split(/\r?\n/)
    .map((line) => plain(line.trimEnd()))
    .filter((line) => line.trim() !== '');
}

/** Cuts a text to at most `characters`; the last one is then an ellipsis. */
export function cut(text: string, characters: number): string {
  const all = [...text];
  return all.length <= characters ? text : `${all.slice(0, characters - 1).join('')}\u2026`;
}

/** The line with the error of a program that ended stands somewhere above the stack. */
const NAMES_ERROR = /\b(\w*Error|error|fatal)\b.*:/;

/** Shortens a message to one line: its first line, and the one that names an error or its last two. */
export function briefly(message: string): string {
  const [first = '', ...others] = messageLines(message);
  const error = others.find((line) => NAMES_ERROR.test(line));
  const last = (error === undefined ? others.slice(-LAST_LINES) : [error]).map((line) => line.trim());
  const end = last.length === 0 ? '' : `${first.endsWith(':') ? ' ' : ' / '}${last.join(' / ')}`;
  return cut(`${first.trim()}${end}`, BRIEF_CHARACTERS);
}

/** Whether {@link briefly} leaves something out. */
export function isCut(message: string): boolean {
  const lines = messageLines(message).map((line) => line.trim());
  const short = briefly(message);
  return short.endsWith('\u2026') || lines.some((line) => !short.includes(line));
}

/** Joins as many messages as one line has room for, the first in any case: `a; b; and 2 more`. */
export function brieflyAll(messages: readonly string[]): string {
  const kept: string[] = [];
  for (const message of messages.map(briefly)) {
    if (kept.length > 0 && [...kept, message].join('; ').length > BRIEF_CHARACTERS) break;
    kept.push(message);
  }
  const left = messages.length - kept.length;
  return [...kept, ...(left === 0 ? [] : [`and ${left} more`])].join('; ');
}
