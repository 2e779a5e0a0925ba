import { plain } from '../plain.ts';

/** Most characters of a message where others stand beside it. */
const BRIEF_CHARACTERS = 300;

/** Of the lines after the first, how many are told where none names an error. */
const LAST_LINES = 2;

/** Every line of a message that is not blank, each safe for one line. */
export function messageLines(message: string): string[] {
  return message
    .split(/\r?\n/)
    .map((line) => plain(line.trimEnd()))
    .filter((line) => line.trim() !== '');
}

/** As many characters as there may be, the last one an ellipsis where some are left out. */
export function cut(text: string, characters: number): string {
  const all = [...text];
  return all.length <= characters ? text : `${all.slice(0, characters - 1).join('')}\u2026`;
}

/** What a program says of its own end stands somewhere above the stack. */
const NAMES_ERROR = /\b(\w*Error|error|fatal)\b.*:/;

/** A message on one short line: its first line, and the one that names an error or its last two. */
export function briefly(message: string): string {
  const [first = '', ...others] = messageLines(message);
  const error = others.find((line) => NAMES_ERROR.test(line));
  const last = (error === undefined ? others.slice(-LAST_LINES) : [error]).map((line) => line.trim());
  const told = last.length === 0 ? '' : `${first.endsWith(':') ? ' ' : ' / '}${last.join(' / ')}`;
  return cut(`${first.trim()}${told}`, BRIEF_CHARACTERS);
}

/** Whether {@link briefly} leaves something out. */
export function isCut(message: string): boolean {
  const lines = messageLines(message).map((line) => line.trim());
  const told = briefly(message);
  return told.endsWith('\u2026') || lines.some((line) => !told.includes(line));
}

/** As many of the messages as a sentence has room for, the first in any case: `a; b; and 2 more`. */
export function brieflyAll(messages: readonly string[]): string {
  const told: string[] = [];
  for (const message of messages.map(briefly)) {
    if (told.length > 0 && [...told, message].join('; ').length > BRIEF_CHARACTERS) break;
    told.push(message);
  }
  const left = messages.length - told.length;
  return [...told, ...(left === 0 ? [] : [`and ${left} more`])].join('; ');
}
