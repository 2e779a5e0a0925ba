import { foreign } from '../foreign.ts';

/** Longer than any sentence of our own. A stored document may hold longer texts. */
const TEXT_CHARACTERS = 4000;

/**
 * Makes text of a document, such as the name of a target or an error of a server, safe for one line. Every renderer
 * passes every text through it, since a document may come from anywhere.
 */
export function plain(text: string): string {
  return foreign(text, TEXT_CHARACTERS);
}

// It takes 20 ms to make, and most texts have no other characters than those of ASCII.
let segmenter: Intl.Segmenter | null = null;

/** Splits a text into what a reader sees as characters. */
export function graphemesOf(text: string): Iterable<Intl.SegmentData> {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(text);
}

const PRINTABLE_ASCII = /^[ -~]*$/;
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u;

/** Counts the columns of a terminal that a text takes: two for East Asian wide characters and emoji. */
export function displayWidth(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemesOf(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** The maximum length of messages that share a line with others. */
const BRIEF_CHARACTERS = 300;

/** Splits a message into its lines without blank ones. Each is safe for one line. */
export function messageLines(message: string): string[] {
  return message
    .split(/\r?\n/)
    .map((line) => plain(line.trimEnd().replaceAll('\t', '  ')))
    .filter((line) => line.trim() !== '');
}

/** Cuts a text to at most `characters`; the last one is then an ellipsis. */
export function cut(text: string, characters: number): string {
  const all = [...text];
  if (all.length <= characters) return text;
  return characters < 1 ? '' : `${all.slice(0, characters - 1).join('')}\u2026`;
}

/** The line with the error of a program that ended stands somewhere above the stack. */
const NAMES_ERROR = /\b(\w*Error|error|fatal)\b.*:/;

/** Shortens each message to its first line and the one that names an error, or its last; all share one line. */
export function briefly(...messages: readonly string[]): string {
  const short = messages.map((message) => {
    const [first = '', ...others] = messageLines(message).map((line) => line.trim());
    const error = others.find((line) => NAMES_ERROR.test(line)) ?? others.at(-1);
    return error === undefined || first.includes(error)
      ? first
      : `${first}${first.endsWith(':') ? ' ' : ' / '}${error}`;
  });
  return cut(short.join('; '), BRIEF_CHARACTERS);
}

/** Whether {@link briefly} leaves something out. */
export function isCut(...messages: readonly string[]): boolean {
  return (
    briefly(...messages).endsWith('\u2026') || messages.some((message) => messageLines(message).length > 2)
  );
}
