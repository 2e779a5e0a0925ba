import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { fail, messageOf } from '../errors.ts';
import { foreign } from '../foreign.ts';
import { formatCount } from '../units.ts';

/** A node of a script with the line on which it, or its key, stands. */
export type ScriptNode =
  | { readonly kind: 'scalar'; readonly line: number; readonly value: string | number | boolean | null }
  | { readonly kind: 'list'; readonly line: number; readonly items: readonly ScriptNode[] }
  | { readonly kind: 'map'; readonly line: number; readonly entries: ReadonlyMap<string, ScriptNode> };

export type ScriptMap = Extract<ScriptNode, { kind: 'map' }>;

/** Limits of what a script may hold. Anchors are counted each time that they are used. */
const MAX_YAML_VALUES = 20_000;
const MAX_LEVELS = 50;

const HINT = 'Give the YAML or JSON file that artillery run takes.';

/**
 * Parses a script, with its anchors, aliases and merge keys resolved. Throws BAD_SCRIPT for what is not YAML, and for more
 * nodes or levels than any script has.
 */
export function parseScript(text: string, name: string): ScriptMap {
  const lines = new LineCounter();
  let document: ReturnType<typeof parseDocument>;
  try {
    // Its check for unique keys takes quadratic time.
    document = parseDocument(text, { lineCounter: lines, logLevel: 'silent', uniqueKeys: false });
  } catch (error) {
    return refuseYaml(name, 1, messageOf(error));
  }
  const [error] = document.errors;
  if (error !== undefined) refuseYaml(name, error.linePos?.[0].line ?? 1, error.message);
  const root = new Resolver(name, lines).resolve(document.contents, 1, 0);
  if (root.kind === 'map') return root;
  return fail('BAD_SCRIPT', `${name} is no Artillery script: it is a ${root.kind}, not a map`, HINT);
}

function refuseYaml(name: string, line: number, message: string): never {
  // The parser recurses, and has no limit of its own.
  const isDeep = message.includes('call stack');
  const [problem = ''] = isDeep ? ['it is nested too deeply'] : message.split(/ at line \d|\n/);
  return fail('BAD_SCRIPT', `${name}, line ${line}: not YAML: ${foreign(problem)}`, HINT);
}

class Resolver {
  readonly #name: string;
  readonly #lines: LineCounter;
  /** The nodes that aliases stand for, as far as the script was read. */
  readonly #anchors = new Map<string, unknown>();
  #nodes = 0;

  constructor(name: string, lines: LineCounter) {
    this.#name = name;
    this.#lines = lines;
  }

  /** `keyLine`: where the key of the node stands, or where its parent does. */
  resolve(node: unknown, keyLine: number, depth: number): ScriptNode {
    this.#nodes += 1;
    if (this.#nodes > MAX_YAML_VALUES)
      this.#tooLarge(`more than ${formatCount(MAX_YAML_VALUES)} values`, keyLine);
    if (depth > MAX_LEVELS) this.#tooLarge(`more than ${MAX_LEVELS} levels`, keyLine);
    if (isAlias(node)) {
      if (!this.#anchors.has(node.source)) refuseYaml(this.#name, keyLine, `no anchor ${node.source} above`);
      return this.resolve(this.#anchors.get(node.source), keyLine, depth + 1);
    }
    if (isNode(node) && node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.resolve(item, this.#lineOf(item, keyLine), depth + 1));
      return { kind: 'list', line: keyLine, items };
    }
    if (isMap(node)) return { kind: 'map', line: keyLine, entries: this.#entries(node, keyLine, depth) };
    const value: unknown = isScalar(node) ? node.value : null;
    const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    return { kind: 'scalar', line: keyLine, value: isPlain ? value : null };
  }

  #entries(node: { items: ReadonlyArray<{ key: unknown; value: unknown }> }, line: number, depth: number) {
    const own = new Map<string, ScriptNode>();
    const merged = new Map<string, ScriptNode>();
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : String(key);
      const resolved = this.resolve(value, this.#lineOf(key, line), depth + 1);
      if (own.has(name))
        refuseYaml(this.#name, this.#lineOf(key, line), `the key ${name} stands there twice`);
      if (name !== '<<') {
        own.set(name, resolved);
        continue;
      }
      for (const source of resolved.kind === 'list' ? resolved.items : [resolved]) {
        if (source.kind !== 'map') continue;
        for (const [inner, each] of source.entries) if (!merged.has(inner)) merged.set(inner, each);
      }
    }
    for (const [name, each] of merged) if (!own.has(name)) own.set(name, each);
    return own;
  }

  #lineOf(node: unknown, otherwise: number): number {
    const range = (node as { range?: readonly number[] | null } | null)?.range;
    const [start] = range ?? [];
    return start === undefined ? otherwise : this.#lines.linePos(start).line;
  }

  #tooLarge(what: string, line: number): never {
    return fail(
      'BAD_SCRIPT',
      `${this.#name}, line ${line}: the script has ${what}, with anchors counted at each use`,
      `The maximum is ${formatCount(MAX_YAML_VALUES)} values on ${MAX_LEVELS} levels. Import a smaller script.`,
    );
  }
}

/** The entry of a map; undefined where the node is no map or has no such key. */
export function entryOfNode(
  node: ScriptNode | undefined,
  ...path: readonly string[]
): ScriptNode | undefined {
  return path.reduce<ScriptNode | undefined>(
    (inner, key) => (inner?.kind === 'map' ? inner.entries.get(key) : undefined),
    node,
  );
}

/** The items of a list, or the node itself where one is enough; empty for none. */
export function itemsOf(node: ScriptNode | undefined): readonly ScriptNode[] {
  if (node === undefined) return [];
  return node.kind === 'list' ? node.items : [node];
}

/** The entries of a map; empty for anything else. */
export function entriesOf(node: ScriptNode | undefined): ReadonlyMap<string, ScriptNode> {
  return node?.kind === 'map' ? node.entries : new Map();
}

/** The text of a scalar; undefined for anything else. */
export function textOfNode(node: ScriptNode | undefined): string | undefined {
  return node?.kind === 'scalar' && node.value !== null ? String(node.value) : undefined;
}

/** Lays one node over another: maps are joined, anything else is replaced. */
export function overlay(under: ScriptNode | undefined, over: ScriptNode): ScriptNode {
  if (under?.kind !== 'map' || over.kind !== 'map') return over;
  const entries = new Map(under.entries);
  for (const [key, each] of over.entries) entries.set(key, overlay(entries.get(key), each));
  return { kind: 'map', line: over.line, entries };
}

/** The value of a node without its lines. */
export function plainOf(node: ScriptNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plainOf);
  const plain: Record<string, unknown> = Object.create(null);
  for (const [key, inner] of node.entries) plain[key] = plainOf(inner);
  return plain;
}
