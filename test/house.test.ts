import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const MAX_LINES = 250;

/** The paths of all files below a folder or of a file, from the top of the repository. */
function filesIn(path: string, ending = ''): string[] {
  const full = join(ROOT, path);
  const entries = readdirSync(full, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending) && !entry.name.startsWith('zz-'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .filter((file) => !file.includes('/node_modules/'))
    .sort();
}

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const sources = ['src', 'servers', 'scenarios', 'scripts', 'bench'].flatMap((folder) =>
  filesIn(folder, '.ts'),
);

describe('a file of src/', () => {
  it(`has at most ${MAX_LINES} lines`, () => {
    const long = filesIn('src').filter((path) => read(path).split('\n').length - 1 > MAX_LINES);
    expect(long).toEqual([]);
  });
});

/** Names that several files define intentionally. */
const SHARED_NAMES: Readonly<Record<string, string>> = {
  server: 'every reference server exports its definition under this name',
  render: 'every report format exports its renderer under this name',
};

/** Code that a file writes into another one stands in a template literal. */
const TEMPLATE_LITERAL = /`(?:\\.|[^`\\])*`/g;

describe('a top-level name', () => {
  it('is defined once in the sources', () => {
    const definition =
      /^(?:export )?(?:default )?(?:declare )?(?:async )?(?:function\*?|const|let|(?:abstract )?class|interface|type|enum) (\w+)/gm;
    const places = new Map<string, string[]>();
    for (const path of sources) {
      const source = read(path).replaceAll(TEMPLATE_LITERAL, '');
      for (const name of new Set([...source.matchAll(definition)].map(([, name = '']) => name))) {
        places.set(name, [...(places.get(name) ?? []), path]);
      }
    }
    const twice = [...places].filter(
      ([name, paths]) => paths.length > 1 && !Object.hasOwn(SHARED_NAMES, name),
    );
    expect(Object.fromEntries(twice)).toEqual({});
  });
});

/** The room of a source file: its folder below src/, or its top folder. Files directly in src/ belong to no room. */
function roomOf(path: string): string | null {
  const [top = '', room = '', ...rest] = path.split('/');
  if (top !== 'src') return top;
  return rest.length === 0 ? null : room;
}

describe('the rooms', () => {
  it('import one another in one direction only', () => {
    const imports = new Map<string, Set<string>>();
    // Child entries and the command line import the registries; they are imported by no room.
    for (const path of filesIn('src', '.ts').filter((each) => each !== 'src/generator/process.ts')) {
      const from = roomOf(path);
      for (const [, target = ''] of read(path).matchAll(/(?:from|import\() ?'(\.[^']*)'/g)) {
        const to = roomOf(join(dirname(path), target).replaceAll(sep, '/'));
        if (from !== null && to !== null && from !== to) {
          imports.set(from, (imports.get(from) ?? new Set()).add(to));
        }
      }
    }
    expect(cyclesOf(imports)).toEqual([]);
  });
});

/** The cycles of a graph, each as `a -> b -> a`. */
function cyclesOf(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const cycles = new Set<string>();
  const visit = (room: string, path: readonly string[]) => {
    const start = path.indexOf(room);
    if (start >= 0) {
      cycles.add([...path.slice(start), room].join(' -> '));
      return;
    }
    for (const next of graph.get(room) ?? []) visit(next, [...path, room]);
  };
  for (const room of graph.keys()) visit(room, []);
  return [...cycles];
}

/** Words that a reader has to decode, with the words to use. */
const FORBIDDEN: Readonly<Record<string, string>> = {
  dearer: 'uses more CPU',
  spoilt: 'invalid, excluded',
  'in vain': 'empty',
  owed: 'expected',
  told: 'reported',
  untold: 'unavailable',
  gravest: 'most severe',
  'for sure': 'significantly',
  nobody: 'no client, no one by name',
};

describe('a text that a person reads', () => {
  const words = Object.keys(FORBIDDEN).join('|');
  const forbidden = new RegExp(`\\b(?:${words})\\b`, 'i');
  const texts = [
    ...['src', 'servers', 'scenarios', 'templates'].flatMap((folder) => filesIn(folder)),
    ...filesIn('docs', '.md').filter((path) => !path.startsWith('docs/decisions/')),
    'README.md',
  ];

  it('has none of the forbidden words', () => {
    const found = texts.flatMap((path) =>
      read(path)
        .split('\n')
        .flatMap((line, index) => (forbidden.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
    );
    expect(found).toEqual([]);
  });
});
