import { messageOf } from './errors.ts';
import { formatCount } from './units.ts';

/** The default bound of {@link foreign}, in UTF-16 code units of what is shown. */
export const FOREIGN_CHARACTERS = 200;

/**
 * A character that is escaped:
 *
 * - Control characters, line breaks, format characters (bidirectional controls, zero-width and tag characters), lone
 *   surrogates, noncharacters (illegal in XML 1.0) and everything else that has no visible form.
 * - The second `#` of `##`: `##[group]` and `##vso[` are commands of GitHub and Azure Pipelines, `##teamcity[` of TeamCity,
 *   anywhere in a line.
 * - The second colon of `::name`, a command of GitHub. An IPv6 address (`::1`, `:::3000`) stays: names of commands have
 *   letters beyond f. Source: ActionCommand.cs of actions/runner.
 * - The underscore of `section_start:` and `section_end:`, markers of GitLab.
 */
const UNSAFE =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]|(?<=#)#|(?<=:):(?!:?[\da-f]*(?![\w-]))|(?<=section)_(?=(?:start|end):)/iu;

const EVERY_UNSAFE = new RegExp(UNSAFE, 'giu');

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Writes a character as JavaScript does in a string: `\n`, `\x1b`, `\u202e`, `\u{e0041}`. */
function escapeSequence(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code > 0xffff) return `\\u{${hex}}`;
  if (code > 0xff) return `\\u${hex.padStart(4, '0')}`;
  return SHORT_ESCAPES[character] ?? `\\x${hex.padStart(2, '0')}`;
}

/**
 * Makes text that others wrote (a server, a command of the user, a stored file) safe to print and to store: one line
 * without control characters, invisible characters and workflow commands, which are escaped visibly. Of an Error, the
 * text is its message.
 *
 * At most `maxLength` characters are shown; `… (1,234 more characters)` follows when some are left out. The time depends
 * on `maxLength` only, not on the length of the text. Applying it again changes nothing that is shorter than `maxLength`.
 */
export function foreign(text: unknown, maxLength = FOREIGN_CHARACTERS): string {
  const whole = typeof text === 'string' ? text : messageOf(text);
  if (whole.length <= maxLength && !UNSAFE.test(whole)) return whole;
  const head = whole.slice(0, maxLength + 1);
  const parts: string[] = [];
  let room = maxLength;
  let used = 0;
  let end = head.length;
  for (const { 0: unsafe, index } of head.matchAll(EVERY_UNSAFE)) {
    const escaped = escapeSequence(unsafe);
    const length = index - used + escaped.length;
    if (length > room) {
      end = index;
      break;
    }
    parts.push(head.slice(used, index), escaped);
    room -= length;
    used = index + unsafe.length;
  }
  const tail = head.slice(used, Math.min(end, used + room)).replace(/[\ud800-\udbff]$/, '');
  const left = whole.length - used - tail.length;
  const note =
    left === 0 ? '' : `\u2026 (${formatCount(left)} more ${left === 1 ? 'character' : 'characters'})`;
  // Joining copies: a slice would keep the whole text in memory.
  return [...parts, tail, note].join('');
}

/** Bounds of {@link foreignLines}: the longest line of our own, and the longest help or stack. */
const LINE_CHARACTERS = 4000;
const MAX_LINES = 300;

/**
 * Makes each line of a text safe, as {@link foreign} does; the line breaks stay. For messages that are put together from
 * our own sentences and text that others wrote, where they are printed.
 */
export function foreignLines(text: string): string {
  const lines = text.split('\n', MAX_LINES);
  const safe = lines.map((line) => foreign(line, LINE_CHARACTERS)).join('\n');
  const length = lines.reduce((sum, line) => sum + line.length + 1, -1);
  return length === text.length
    ? safe
    : `${safe}\n\u2026 (${formatCount(text.length - length)} more characters)\n`;
}
