/** Parts of TypeScript that are laid out on one line where they fit, and broken as a formatter would otherwise. */
export type Code = string | Group | Call | Arrow;

/** An object or a list. */
interface Group {
  readonly kind: 'object' | 'list';
  readonly items: ReadonlyArray<readonly [prefix: string, item: Code]>;
}

interface Call {
  readonly kind: 'call';
  readonly callee: string;
  readonly args: readonly Code[];
}

/** A function of one expression. */
interface Arrow {
  readonly kind: 'arrow';
  readonly params: string;
  readonly body: Code;
}

export const CODE_WIDTH = 110;

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const UNSAFE_IN_CODE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

function escapeUnsafe(text: string): string {
  return text.replace(UNSAFE_IN_CODE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return (
      ESCAPES[character] ??
      (code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`)
    );
  });
}

/** Writes text as a string literal. Every text stays data: nothing in it can end the literal. */
export function literal(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`);
  return quote + escapeUnsafe(escaped) + quote;
}

/** Writes text as a part of a template literal, with the guarantee of {@link literal}. */
export function templatePart(text: string): string {
  return escapeUnsafe(text.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${'));
}

/** Writes a name as a key of an object literal. */
export function keyCode(name: string): string {
  // As a plain key it would set the prototype.
  if (name === '__proto__') return "['__proto__']";
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name);
}

export function objectCode(entries: ReadonlyArray<readonly [key: string, value: Code]>): Code {
  return {
    kind: 'object',
    items: entries.map(([key, value]) => [key.startsWith('...') ? key : `${key}: `, value]),
  };
}

export function listCode(items: readonly Code[]): Code {
  return { kind: 'list', items: items.map((item) => ['', item]) };
}

export function callCode(callee: string, ...args: readonly Code[]): Code {
  return { kind: 'call', callee, args };
}

export function arrowCode(params: string, body: Code): Code {
  return { kind: 'arrow', params, body };
}

/** Writes code on one line. */
export function flat(code: Code): string {
  if (typeof code === 'string') return code;
  if (code.kind === 'call') return `${code.callee}(${code.args.map(flat).join(', ')})`;
  if (code.kind === 'arrow') return `(${code.params}) => ${flat(code.body)}`;
  const items = code.items.map(([prefix, item]) => prefix + flat(item)).join(', ');
  if (code.kind === 'list') return `[${items}]`;
  return items === '' ? '{}' : `{ ${items} }`;
}

/** Writes `before` + code + `after` at an indentation, broken over lines where it does not fit in one. */
export function layOut(before: string, code: Code, after: string, indent: number): string {
  const line = ' '.repeat(indent) + before + flat(code) + after;
  if (line.length <= CODE_WIDTH || typeof code === 'string') return line;
  if (code.kind === 'call') return layOutCall(before, code, after, indent);
  if (code.kind === 'arrow') return layOut(`${before}(${code.params}) => `, code.body, after, indent);
  if (code.items.length === 0) return line;
  const [open, close] = code.kind === 'list' ? '[]' : '{}';
  const items = code.items.map(([prefix, item]) => layOut(prefix, item, ',', indent + 2));
  return [' '.repeat(indent) + before + open, ...items, ' '.repeat(indent) + close + after].join('\n');
}

function layOutCall(before: string, { callee, args }: Call, after: string, indent: number): string {
  const last = args.at(-1);
  const first = args.slice(0, -1);
  const start = `${before}${callee}(`;
  if (last !== undefined && typeof last !== 'string' && last.kind !== 'call' && first.every(isText)) {
    const opening = start + first.map((arg) => `${arg}, `).join('');
    if (last.kind !== 'arrow') return layOut(opening, last, `)${after}`, indent);
    const space = ' '.repeat(indent);
    const body = layOut('', last.body, ',', indent + 2);
    return [`${space}${opening}(${last.params}) =>`, body, `${space})${after}`].join('\n');
  }
  const lines = args.map((arg) => layOut('', arg, ',', indent + 2));
  return [' '.repeat(indent) + start, ...lines, `${' '.repeat(indent)})${after}`].join('\n');
}

function isText(code: Code): code is string {
  return typeof code === 'string';
}

/** Writes a comment of whole lines. Line breaks and invisible characters of the text are escaped. */
export function commentCode(text: string, indent: number, prefix = '// '): string[] {
  const width = CODE_WIDTH - indent - prefix.length;
  const lines: string[] = [];
  // A comment that ends another one, or begins one, is harmless in a line comment, and broken up in a block.
  for (const word of escapeUnsafe(text).replaceAll('*/', '* /').split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => ' '.repeat(indent) + prefix + line);
}
