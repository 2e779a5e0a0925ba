import { type Code, flat, keyCode, listCode, literal, objectCode, templatePart } from './code.ts';
import type { Helper } from './helpers.ts';

/** Reference to a variable: a name, and the path inside its value. */
type Reference = readonly [name: string, ...path: string[]];

/** One part of a text of Artillery: itself, `{{ name.path }}`, or `{{ $randomNumber(1, 5) }}`. */
type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'variable'; readonly reference: Reference }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly number[] };

/** The forms that engine_util.template of Artillery 2.0.34 replaces. */
const PART =
  /\{\{\s*(\$[A-Za-z0-9_]+)\s*\(\s*([A-Za-z0-9_,\s]*?)\s*\)\s*\}\}|\{\{\{?([\s$\w.[\]'"-]+)\}\}\}?/g;

function partsOf(text: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let used = 0;
  for (const match of text.matchAll(PART)) {
    if (match.index > used) parts.push({ kind: 'text', text: text.slice(used, match.index) });
    used = match.index + match[0].length;
    const [, name, args = '', variable = ''] = match;
    if (name === undefined) parts.push({ kind: 'variable', reference: referenceOf(variable.trim()) });
    else
      parts.push({
        kind: 'call',
        name,
        args: args
          .split(',')
          .filter((arg) => arg.trim() !== '')
          .map(Number),
      });
  }
  if (used < text.length) parts.push({ kind: 'text', text: text.slice(used) });
  return parts;
}

/** `user.names[0]` is `user`, `names`, `0`. */
export function referenceOf(path: string): Reference {
  const [name = '', ...rest] = path
    .split(/[.[\]]+/)
    .map((key) => key.replace(/^(['"])(.*)\1$/, '$2'))
    .filter((key) => key !== '');
  return [name, ...rest];
}

/** The names of the variables of users that a value refers to; those of the process are not among them. */
export function variablesIn(value: unknown): string[] {
  if (typeof value === 'string') {
    return partsOf(value).flatMap((part) =>
      part.kind === 'variable' && !isOfProcess(part.reference) ? [part.reference[0]] : [],
    );
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [...variablesIn(key), ...variablesIn(inner)]);
}

export function isTemplate(value: unknown): boolean {
  return typeof value === 'string' && partsOf(value).some(({ kind }) => kind !== 'text');
}

const PROCESS_VARIABLES = ['$env', '$processEnvironment'];

function isOfProcess([name, key]: Reference): boolean {
  return (
    (PROCESS_VARIABLES.includes(name) && key !== undefined) || name === 'target' || name === '$environment'
  );
}

/** Writes values of a script as code, in which `{{ name }}` reads a variable. */
export class ValueWriter {
  /** Helpers that the code calls. */
  readonly helpers = new Set<Helper>();
  /** What else the code imports. */
  readonly imports = new Set<'isDeepStrictEqual' | 'Arguments'>();
  /** Whether the code reads `vars`. */
  readsVars = false;
  /** Variables that the code reads, besides those of the process. */
  readonly read = new Set<string>();
  readonly #constants: ReadonlyMap<string, string>;
  readonly #objects: ReadonlySet<string>;

  /** `constants`: the variables `target` and `$environment`. `objects`: variables whose values may be no text. */
  constructor(constants: ReadonlyMap<string, string>, objects: ReadonlySet<string>) {
    this.#constants = constants;
    this.#objects = objects;
  }

  /** Code of a value: of a list or an object with all that is in it. */
  value(value: unknown): Code {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return listCode(value.map((item) => this.value(item)));
    if (typeof value === 'object' && value !== null) {
      const entries = Object.entries(value).map(([key, inner]) => {
        const name = isTemplate(key) ? `[${this.string(key)}]` : keyCode(key);
        return [name, this.value(inner)] as const;
      });
      return objectCode(entries);
    }
    return typeof value === 'number' && Number.isFinite(value)
      ? String(value)
      : JSON.stringify(value ?? null);
  }

  /** Code of a text; `{{ name }}` alone keeps the type of the variable. */
  text(text: string): string {
    const parts = partsOf(text);
    const [only] = parts;
    if (parts.length === 1 && only?.kind === 'variable') return this.#variable(only.reference);
    return this.string(text);
  }

  /** Code of a text whose value is a string. */
  string(text: string): string {
    const parts = partsOf(text).map((part) => this.#fixed(part));
    if (parts.every(({ kind }) => kind === 'text')) {
      return literal(parts.map((part) => (part.kind === 'text' ? part.text : '')).join(''));
    }
    const written = parts.map((part) => {
      if (part.kind === 'text') return templatePart(part.text);
      return `\${${part.kind === 'call' ? this.#call(part.name, part.args) : this.#shown(part.reference)}}`;
    });
    return `\`${written.join('')}\``;
  }

  #fixed(part: TemplatePart): TemplatePart {
    if (part.kind !== 'variable' || part.reference.length > 1) return part;
    const constant = this.#constants.get(part.reference[0]);
    return constant === undefined ? part : { kind: 'text', text: constant };
  }

  #variable(reference: Reference): string {
    const [name, ...path] = reference;
    const constant = this.#constants.get(name);
    if (constant !== undefined && path.length === 0) return literal(constant);
    if (isOfProcess(reference)) return `process.env[${literal(path.join('.'))}]`;
    this.readsVars = true;
    this.read.add(name);
    if (path.length === 0) return `vars[${literal(name)}]`;
    this.helpers.add('at');
    return `at(vars, ${[name, ...path].map((key) => literal(key)).join(', ')})`;
  }

  #shown(reference: Reference): string {
    const code = this.#variable(reference);
    if (isOfProcess(reference) || (reference.length === 1 && !this.#objects.has(reference[0]))) return code;
    this.helpers.add('text');
    return `text(${code})`;
  }

  #call(name: string, args: readonly number[]): string {
    const [first, second] = args.filter(Number.isSafeInteger);
    if (name === '$randomNumber' && first !== undefined && second !== undefined) {
      this.helpers.add('randomNumber');
      return `randomNumber(${first}, ${second})`;
    }
    if (name === '$randomString') {
      this.helpers.add('randomString');
      return `randomString(${first ?? 10})`;
    }
    // Artillery renders a function that it does not know as undefined.
    return 'undefined';
  }
}

/** Writes `at(value, 'a', 'b')`, or the value itself for an empty path. */
export function atCode(writer: ValueWriter, value: string, path: readonly string[]): string {
  if (path.length === 0) return value;
  writer.helpers.add('at');
  return flat({ kind: 'call', callee: 'at', args: [value, ...path.map(literal)] });
}
