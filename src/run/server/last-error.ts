/**
 * Finds the error in the last output of a program that ended. Runtimes print it above a stack, below the line of code
 * that failed, or in a log line, so that the last lines of the output seldom say what happened.
 */

/** Reads an error that begins at line `index`: one line with the place where the output says it; null when none begins. */
type ErrorReader = (lines: readonly string[], index: number) => string | null;

/** The name of an error: `TypeError:`, `java.net.BindException:`, `AssertionError [ERR_ASSERTION]:`, `KeyError`. */
const NAMED =
  /^(?:(?:Uncaught|Unhandled|PHP|error:)\s+(?:\([\w ]+\)\s+|exception\.\s+|rejection:?\s+)?)?(?:[\w$]+(?:\.|::))*\w*(?:[Ee]rror|Exception|Rejection)(?: \[\w+\])?(?::|$)/;
const FRAME = /^\s+at\s/;
/** A file and its line in a frame, the heading of Node.js, or the list of Python. */
const PLACE = /(?:^|[\s(])((?:file:\/\/)?[^\s()":]+(?::[\\/][^\s()":]+)?):(\d+)(?::\d+)?\)?$/;
const PYTHON_PLACE = /^\s*File "([^"]+)", line (\d+)/;
/** Files of a runtime or of dependencies: they do not say where the user's program failed. */
const OTHERS_FILE = /^node:|^\/rustc\/|node_modules|\/(?:src\/runtime|lib\/python[\d.]*)\//;
/** The longest message, in lines: with a stack below it, and without one. How far from it its place may stand. */
const MESSAGE_LINES = 12;
const LOOSE_MESSAGE_LINES = 3;
const HEADING_LINES = 5;

function placeIn(line: string | undefined): string | null {
  const found =
    PYTHON_PLACE.exec((line ?? '').replace(/ \{$/, '')) ?? PLACE.exec((line ?? '').replace(/ \{$/, ''));
  if (found === null || OTHERS_FILE.test(found[1] ?? '')) return null;
  return `${found[1]?.replace(/^file:\/\//, '')}:${found[2]}`;
}

function withPlace(message: string, place: string | null | undefined): string {
  return place === null || place === undefined ? message : `${message} (${place})`;
}

/**
 * The message that begins at `index`. All lines above its stack belong to it; without a stack, further lines do where
 * the first one ends like the beginning of a list.
 */
function messageAt(lines: readonly string[], index: number): string {
  const block = lines.slice(index, index + MESSAGE_LINES);
  // Node.js lists who required a missing module.
  const stack = block.findIndex(
    (line, place) => place > 0 && (FRAME.test(line) || line === 'Require stack:'),
  );
  // A log line may stand between an error and the stack of another one.
  if (stack > 0 && !block.slice(1, stack).some((line) => NAMED.test(line)))
    return joinedLines(block.slice(0, stack));
  const message: string[] = [];
  for (const line of lines.slice(index, index + LOOSE_MESSAGE_LINES)) {
    if (line.trim() === '' || FRAME.test(line)) break;
    message.push(line);
    if (!/[:[{(]$/.test(line.trimEnd())) break;
  }
  return joinedLines(message);
}

function joinedLines(lines: readonly string[]): string {
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ');
}

/** The errors inside of an AggregateError; empty for any other. */
function errorsInside(lines: readonly string[], index: number): string {
  const start = lines.findIndex((line, at) => at > index && /^\s*\[errors\]: \[/.test(line));
  if (start < 0) return '';
  const inner = lines.slice(start + 1).filter((line) => NAMED.test(line.trim()) && !FRAME.test(line));
  return inner.length === 0
    ? ''
    : ` (${inner
        .slice(0, LOOSE_MESSAGE_LINES)
        .map((line) => line.trim())
        .join('; ')})`;
}

/** The place of the error at `index`: the first own frame of its stack, or the heading above it. */
function placeOf(lines: readonly string[], index: number): string | null {
  for (const line of lines.slice(index + 1)) {
    const place = FRAME.test(line) ? placeIn(line) : null;
    if (place !== null) return place;
    // The stack of a cause, or of where an event was emitted, is another one.
    if (/^\S.*\bat:$|\[cause\]|^Caused by|^$/.test(line)) break;
  }
  const heading = lines.slice(Math.max(0, index - HEADING_LINES), index);
  return heading.map(placeIn).findLast((place) => place !== null) ?? null;
}

const CAUSE = /^\s*(?:Caused by|\[cause\]): /;

/** The innermost cause that follows an error, to be joined to it; empty when there is none. */
function causeAfter(lines: readonly string[], index: number): string {
  const at = lines.findLastIndex((line, place) => place > index && CAUSE.test(line));
  const cause = at < 0 ? undefined : messageAt(lines, at).replace(CAUSE, '');
  return cause === undefined ? '' : `, caused by ${cause.replace(/\s*\{$/, '')}`;
}

const namedError: ErrorReader = (lines, index) => {
  if (!NAMED.test(lines[index] ?? '')) return null;
  const message = messageAt(lines, index) + errorsInside(lines, index) + causeAfter(lines, index);
  return withPlace(message, placeOf(lines, index));
};

/** Whether an error may begin in a line, below the lines of code that some runtimes print. */
export function mayBeginError(line: string): boolean {
  return (
    NAMED.test(line) ||
    /^\s*\^+\s*$|^Traceback \(most recent|^(?:panic|fatal error): |^Exception in thread |^thread '.*panicked at/.test(
      line,
    )
  );
}

/** All that Node.js and Bun print below the code that threw it and its `^`: also a text, or an error of any name. */
const belowCode: ErrorReader = (lines, index) => {
  if (!/^\s*\^+\s*$/.test(lines[index] ?? '')) return null;
  const below = lines.findIndex((line, at) => at > index && line.trim() !== '');
  if (below === -1 || /^\(Use |^Node\.js v|^\w*SyntaxError/.test(lines[below] ?? '')) return null;
  const isValue = lines.some((line, at) => at > below && line.startsWith('(Use `node --trace-uncaught'));
  const message = `${isValue ? 'threw ' : ''}${messageAt(lines, below)}`;
  return withPlace(message + causeAfter(lines, below), placeOf(lines, below));
};

const python: ErrorReader = (lines, index) => {
  if (!/^Traceback \(most recent call last\):/.test(lines[index] ?? '')) return null;
  const end = lines.findIndex((line, at) => at > index && /^\S/.test(line));
  if (end === -1) return null;
  const places = lines.slice(index, end).flatMap((line) => placeIn(line) ?? []);
  return withPlace(messageAt(lines, end), places.at(-1));
};

const rust: ErrorReader = (lines, index) => {
  const [, quoted, place] =
    /^thread '.*' (?:\(\d+\) )?panicked at (?:'(.*)', )?(\S+:\d+):\d+:?$/.exec(lines[index] ?? '') ?? [];
  return place === undefined ? null : withPlace(`panic: ${quoted ?? lines[index + 1] ?? ''}`, place);
};

const go: ErrorReader = (lines, index) => {
  if (!/^(?:panic|fatal error): /.test(lines[index] ?? '')) return null;
  const frames = lines.slice(index).filter((line) => /^\s.*\.go:\d+/.test(line));
  const places = frames.flatMap((line) => placeIn(line.trim().split(' ', 1)[0]) ?? []);
  return withPlace(lines[index] ?? '', places[0]);
};

const java: ErrorReader = (lines, index) => {
  const [, message] = /^Exception in thread "[^"]*" (.*)/.exec(lines[index] ?? '') ?? [];
  return message === undefined ? null : withPlace(message + causeAfter(lines, index), placeOf(lines, index));
};

const ruby: ErrorReader = (lines, index) => {
  const [, place, message, name] =
    /^(\S+\.rb:\d+):in .*?: (.*) \(([A-Z][\w:]*)\)$/.exec(lines[index] ?? '') ?? [];
  return place === undefined ? null : withPlace(`${name}: ${message}`, place);
};

/** Errors that stand on one line: of runtimes in C and C++, shells, PHP, Perl and Elixir. */
const single: ErrorReader = (lines, index) => {
  const line = lines[index]?.trim() ?? '';
  const next = lines[index + 1]?.trim() ?? '';
  if (/^terminate called /.test(line)) return next.startsWith('what():') ? `${line}: ${next}` : line;
  const isKnown =
    /^(?:FATAL ERROR: |PHP Fatal error: |Fatal error: |\*\* \(\w|\S+: Assertion )|Segmentation fault|\bOut of memory\b|\bdumped core\b| at \S+ line \d+\.$|: (?:command )?not found$/i;
  return isKnown.test(line) ? line : null;
};

/** A log line of level error or fatal. */
const logged: ErrorReader = (lines, index) => {
  const line = lines[index] ?? '';
  const [, message] =
    /^\{.*"level":(?:[56]0|"(?:error|fatal)").*"(?:msg|message)":"((?:[^"\\]|\\.)*)"/i.exec(line) ?? [];
  if (message !== undefined) return message;
  return /\b(?:ERROR|FATAL|CRITICAL)\b/.test(line) ||
    /^npm (?:ERR!|error) (?!code|path|A complete|Lifecycle)/.test(line)
    ? line.trim()
    : null;
};

/** Those that end a program come before log lines, which may be of errors that it survived. */
const READERS: ReadonlyArray<readonly ErrorReader[]> = [
  [namedError, belowCode, python, rust, go, java, ruby, single],
  [logged],
];

/** Lines that say nothing about an error. */
const NOISE =
  /^[\s{}\][()^~|]*$|^Node\.js v\d|^Bun v\d|^\(Use `node|^note: |^npm (?:ERR!|error) A complete log/;

/** The last error in the output of a program, in one line with its place; null when the output names none. */
export function lastError(lines: readonly string[]): string | null {
  for (const readers of READERS) {
    for (let index = lines.length - 1; index >= 0; index -= 1) {
      for (const read of readers) {
        const found = read(lines, index);
        if (found !== null && found !== '') return found;
      }
    }
  }
  return null;
}

/** The last lines that say something, at most `count`. */
export function lastWords(lines: readonly string[], count: number): string[] {
  return lines
    .map((line) => line.trim())
    .filter((line) => !NOISE.test(line))
    .slice(-count);
}
